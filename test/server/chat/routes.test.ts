import type { PresentedMessage, PresentedRun } from '../../../domain/presenters/conversation';
import { claimRun } from '../../../domain/runs/claim';
import { endRun } from '../../../domain/runs/end';
import { runEventsChannel } from '../../../domain/runs/signals';
import { createAgent, createChat } from '../../factories/chat';
import { createPerson, createTenant, type Person, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { eventually } from '../../support/eventually';
import { apiOf, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';

let served: Served;
let tenant: Tenant;
let agentId: string;
const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
beforeAll(async () => {
  served = await serve();
  tenant = await createTenant(making());
  agentId = await createAgent(served.db, tenant.admin);
});
afterAll(() => served.close());

const api = (person: Person) => apiOf(served.port, person.token);
/** Someone whose chats are not counted yet. */
const someone = () => createPerson(making(), tenant.businessId, 'member');
interface Chat {
  conversation: { id: string; title: string; messageCount: number };
  message: PresentedMessage;
  reply: PresentedMessage;
  run: PresentedRun;
}
const chatOf = ({ body }: ApiAnswer) => body.data as Chat;
const ask = (person: Person, message: string, headers: Record<string, string> = {}) =>
  api(person).post(`/agents/${agentId}/chat`, { message }, headers);

interface Allowance {
  name: string;
  window: string;
  remaining: number;
}
const chatsLeft = async (person: Person) =>
  ((await api(person).get('/rate-limit')).body.data as Allowance[]).filter(({ name }) => name === 'chat');

/** What a worker does to a run, without a model. */
async function answer({ businessId }: Person, runId: string, content: string): Promise<void> {
  const claimed = await claimRun(served.db, businessId, runId);
  if (!claimed) throw new Error('The run could not be claimed.');
  await endRun(served.db, claimed, { status: 'completed', content });
  served.context.broker.signals.publish(runEventsChannel(runId), {});
}

it('takes a message, and shows what became of it', async () => {
  const person = await someone();
  const asked = await ask(person, 'How were the sales?');
  expect(asked.status).toBe(202);
  const { conversation, message, reply, run } = chatOf(asked);
  expect([message.role, message.content, message.position]).toEqual(['user', 'How were the sales?', 1]);
  expect([reply.role, reply.status, reply.content, reply.position]).toEqual(['assistant', 'pending', '', 2]);
  expect([run.status, run.cost, asked.headers.location]).toEqual(['queued', '0', `/api/v1/runs/${run.id}`]);
  await answer(person, run.id, 'They were fine.');
  const shown = await api(person).get(`/runs/${run.id}`);
  expect((shown.body.data as PresentedRun).status).toBe('completed');
  const messages = await api(person).get(`/conversations/${conversation.id}/messages`);
  expect((messages.body.data as PresentedMessage[]).map(({ content }) => content)).toEqual([
    'How were the sales?',
    'They were fine.',
  ]);
  const more = await api(person).post(`/conversations/${conversation.id}/messages`, {
    content: 'And costs?',
  });
  expect([more.status, chatOf(more).message.position]).toEqual([202, 3]);
});

it('pages through messages by position', async () => {
  const person = await someone();
  const { conversation } = await createChat(served.db, person);
  const path = `/conversations/${conversation.id}/messages`;
  const newest = await api(person).get(`${path}?limit=1`);
  expect((newest.body.data as PresentedMessage[]).map(({ position }) => position)).toEqual([2]);
  expect(newest.body.meta).toEqual({ nextBefore: '2' });
  const older = await api(person).get(`${path}?limit=1&before=2`);
  expect((older.body.data as PresentedMessage[]).map(({ position }) => position)).toEqual([1]);
  expect(older.body.meta).toEqual({ nextBefore: null });
});

it('finds conversations by words of their titles and messages, one’s own only', async () => {
  const [person, other] = [await someone(), await someone()];
  const { run, conversation } = await createChat(served.db, person, 'Where do zebras graze?');
  await createChat(served.db, other, 'Where do zebras graze?');
  await answer(person, run.id, 'Near the waterhole, mostly.');
  const found = async (text: string) =>
    ((await api(person).get(`/conversations?search=${text}`)).body.data as { id: string }[]).map(
      ({ id }) => id,
    );
  expect(await found('zebras')).toEqual([conversation.id]);
  expect(await found('waterhole%20mostly')).toEqual([conversation.id]);
  expect(await found('giraffes')).toEqual([]);
  const behind = await api(person).get('/conversations?page=5');
  expect([behind.body.data, behind.body.meta]).toEqual([
    [],
    { pagination: { page: 5, pageSize: 20, total: 1, totalPages: 1 } },
  ]);
});

it('makes one run of fifty identical POSTs, and counts them as one', async () => {
  const person = await someone();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => ask(person, 'Once', { 'Idempotency-Key': 'the-same' })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(answers.map((each) => chatOf(each).run.id)).size).toBe(1);
  const [rows] = await query(
    served.databaseUrl,
    `select count(*)::int as runs from runs where user_id = '${person.userId}'`,
  );
  expect(rows).toEqual({ runs: 1 });
  expect((await chatsLeft(person)).map(({ remaining }) => remaining)).toEqual([9, 99, 499]);
});

it('refuses the eleventh message of a minute, and counts neither it nor what was wrong', async () => {
  const person = await someone();
  expectRefusal('blank', await ask(person, '  '), [400]);
  const unknown = await api(person).post('/chat', { message: 'Hi', agentId: tenant.businessId });
  expectRefusal('unknown agent', unknown, [404]);
  for (let nth = 1; nth <= 10; nth += 1) expect((await ask(person, `No. ${nth}`)).status).toBe(202);
  const refused = await ask(person, 'No. 11');
  expectRefusal('the eleventh', refused, [429]);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect([refused.headers['ratelimit-limit'], refused.headers['ratelimit-remaining']]).toEqual(['10', '0']);
  expect((await chatsLeft(person)).map(({ window, remaining }) => [window, remaining])).toEqual([
    ['minute', 0],
    ['hour', 90],
    ['day', 490],
  ]);
});

it('waits for the reply in POST /chat', async () => {
  const person = await someone();
  const asked = api(person).post('/chat', { message: 'Wait for me', agentId });
  const [run] = await eventually('the run', async () => {
    const rows = await query(
      served.databaseUrl,
      `select id from runs where user_id = '${person.userId}' and status = 'queued'`,
    );
    return rows.length > 0 ? rows : undefined;
  });
  await answer(person, (run as { id: string }).id, 'Here I am.');
  const done = await asked;
  expect([done.status, chatOf(done).reply.content, chatOf(done).run.status]).toEqual([
    200,
    'Here I am.',
    'completed',
  ]);
});

it('stops a run that no worker has at once, and once', async () => {
  const person = await someone();
  const { run } = await createChat(served.db, person);
  const stopped = await api(person).post(`/runs/${run.id}/cancel`, undefined);
  expect([stopped.status, (stopped.body.data as PresentedRun).status]).toEqual([200, 'stopped']);
  expect((stopped.body.data as PresentedRun).reason?.code).toBe('stopped');
  const again = await api(person).post(`/runs/${run.id}/cancel`, undefined);
  expect([again.status, again.body.data]).toEqual([200, stopped.body.data]);
});

it('deletes a conversation with its open run, for its person alone', async () => {
  const [person, other] = [await someone(), await someone()];
  const { run, conversation } = await createChat(served.db, person);
  expectRefusal('another’s', await api(other).delete(`/conversations/${conversation.id}`), [404]);
  expect((await api(person).delete(`/conversations/${conversation.id}`)).status).toBe(204);
  for (const path of [`/conversations/${conversation.id}`, `/runs/${run.id}`]) {
    expectRefusal(path, await api(person).get(path), [404]);
  }
  const [row] = await query(served.databaseUrl, `select status from runs where id = '${run.id}'`);
  expect(row).toEqual({ status: 'stopped' });
});

it('names a conversation as its person says, unless it changed meanwhile', async () => {
  const person = await someone();
  const { conversation } = await createChat(served.db, person);
  const path = `/conversations/${conversation.id}`;
  const named = await api(person).patch(path, { title: 'Mine' });
  expect([named.status, (named.body.data as { title: string }).title]).toEqual([200, 'Mine']);
  const late = await api(person).patch(path, { title: 'Late' }, { 'If-Match': '"1"' });
  expectRefusal('a late change', late, [412]);
});
