import { PROVIDER_PROTOCOLS } from '../../domain/providers/config';
import { MAX_REQUESTS_PER_MODEL } from '../../workers/agents/limits';
import { BREAKER_LIMITS } from '../../workers/agents/providers/circuit-breaker';
import { apiOf } from '../server/http/api';
import { openPlatform, type Platform } from './platform';
import { addSandboxProviders, ownModel } from './sandbox-providers';

jest.setTimeout(180_000);

let platform: Platform;
let port: number;
beforeAll(async () => {
  platform = await openPlatform();
  await addSandboxProviders(platform);
  [port] = await Promise.all([platform.startServer(), platform.startWorker()]);
});
afterAll(() => platform.close());
beforeEach(() => platform.sandbox.reset());

const TEXT = 'one two three four five six seven eight nine ten eleven twelve';
/** Each on a model of its own: a circuit that one opens is not another's. */
const BREAKS = {
  cut: 'sandbox-script',
  reset: 'sandbox-echo',
  bad_json: 'sandbox-small',
  error_event: 'sandbox-reasoner',
} as const;

interface Booked {
  id: string;
  model: string;
  status: string;
  outcome: string;
  estimated: boolean;
}
const ledgerOf = async (runIds: readonly string[]) =>
  (await platform.sql(
    `select id, model_requested as model, status, outcome, estimated from ledger
      where run_id = any($1) order by created_at, id`,
    [runIds],
  )) as unknown as Booked[];

it.each(PROVIDER_PROTOCOLS)(
  '%s that breaks off behind its first words completes nothing',
  async (protocol) => {
    const questions = [];
    for (const [fault, model] of Object.entries(BREAKS) as [keyof typeof BREAKS, string][]) {
      // Slow enough that a reset finds the words read.
      const behaviour = { text: TEXT, fault, afterChunks: 5, tokensPerSecond: 20, reasoningTokens: 0 };
      await platform.sandbox.rules({ match: { contains: `please ${fault}` }, behaviour });
      const columns = { model: ownModel(protocol, model), fallback_models: '{sandbox/sandbox-echo}' };
      questions.push({ content: `please ${fault}`, agentId: await platform.addAgent(columns) });
    }
    const ids = await platform.chat(...questions);
    for (const run of await platform.ended(ids)) {
      expect(run).toMatchObject({
        status: 'failed',
        replyStatus: 'failed',
        reasonCode: 'provider_interrupted',
      });
      expect(run.reason).toMatch(/broke off in the middle/);
      expect(run.reply).not.toBe('');
      expect(TEXT.startsWith(run.reply)).toBe(true);
    }
    const requests = await platform.sandbox.requests();
    expect(requests.map(({ outcome }) => outcome).toSorted()).toEqual(
      Object.keys(BREAKS)
        .map((fault) => `fault:${fault}`)
        .toSorted(),
    );
    const booked = await ledgerOf(ids);
    expect(booked.map(({ id }) => id).toSorted()).toEqual(
      requests.map(({ clientRequestId }) => clientRequestId).toSorted(),
    );
    for (const call of booked) {
      expect(call).toMatchObject({ status: 'settled', outcome: 'failed', estimated: true });
    }
  },
);

const requestedModels = async () => (await platform.sandbox.requests()).map(({ model }) => model);

const MOST = MAX_REQUESTS_PER_MODEL;
it.each([
  ['500', 'server_error', 'sandbox', 'server_error', [MOST, MOST, MOST]],
  // Refused again after the wait that it asked for, its circuit opens: where there is another model, that one is next.
  ['429', 'rate_limit', 'own-openai-chat', 'rate_limited', [2, 2, MOST]],
] as const)(
  '%s for ever: as many requests as there may be to each model, and no more',
  async (_, fault, provider, code, requests) => {
    await platform.sandbox.rules({ behaviour: { fault, retryAfterSeconds: 0 } });
    const models = ['sandbox-analyst', 'sandbox-reasoner', 'sandbox-small'];
    const [model, ...fallbacks] = models.map((name) => `${provider}/${name}`);
    const agentId = await platform.addAgent({ model, fallback_models: `{${fallbacks.join(',')}}` });
    const ids = await platform.chat({ content: 'hello', agentId });
    const [run] = await platform.ended(ids);
    expect(run).toMatchObject({ status: 'failed', replyStatus: 'failed', reasonCode: code, reply: '' });
    const each = models.flatMap((name, index) => Array.from({ length: requests[index] ?? 0 }, () => name));
    expect(await requestedModels()).toEqual(each);
    const booked = await ledgerOf(ids);
    expect(booked.map(({ model: name, outcome }) => [name, outcome])).toEqual(
      each.map((name) => [name, 'refused']),
    );
  },
);

it('a circuit that opened keeps the next runs away from a model that fails for ever', async () => {
  const model = ownModel('openai-responses', 'sandbox-analyst');
  await platform.sandbox.rules({ match: { model: 'sandbox-analyst' }, behaviour: { fault: 'server_error' } });
  const agentId = await platform.addAgent({ model, fallback_models: '{sandbox/sandbox-echo}' });
  // The third one finds the circuit open.
  for (const content of ['one', 'two', 'three']) {
    const ended = await platform.ended(await platform.chat({ content, agentId }));
    expect(ended).toMatchObject([{ status: 'completed', reply: content }]);
  }
  const models = await requestedModels();
  expect(models.filter((name) => name === 'sandbox-analyst')).toHaveLength(BREAKER_LIMITS.failures);
  expect(models.filter((name) => name === 'sandbox-echo')).toHaveLength(3);
  expect(models.at(-2)).toBe('sandbox-echo');
});

it('makes one run, one reply and one request of fifty identical POSTs', async () => {
  const agentId = await platform.addAgent({ model: 'sandbox/sandbox-echo' });
  const person = await platform.addPerson(platform.businessId);
  const api = apiOf(port, person.token);
  const body = { message: 'Only once' };
  const headers = { 'Idempotency-Key': 'the-same' };
  const post = () => api.post(`/agents/${agentId}/chat`, body, headers);
  const answers = await Promise.all(Array.from({ length: 50 }, post));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  const runIds = [...new Set(answers.map((answer) => (answer.body.data as { run: { id: string } }).run.id))];
  expect(runIds).toHaveLength(1);
  expect(await platform.ended(runIds)).toMatchObject([{ status: 'completed', reply: 'Only once' }]);
  // Long over, it is still the same one.
  expect(((await post()).body.data as { run: { id: string } }).run.id).toBe(runIds[0]);
  const rows = await platform.sql(
    `select r.id, (select count(*)::int from messages m where m.conversation_id = r.conversation_id) as messages
       from runs r where r.user_id = $1`,
    [person.userId],
  );
  expect(rows).toEqual([{ id: runIds[0], messages: 2 }]);
  expect(await ledgerOf(runIds)).toHaveLength(1);
  expect(await platform.sandbox.requests()).toHaveLength(1);
});
