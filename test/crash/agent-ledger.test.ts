import { freePort } from '../../db/embedded/port';
import { requestStop } from '../../domain/runs/stop';
import { newId } from '../../lib/ids';
import type { Fault } from '../../sandbox/control/behaviour';
import { openPlatform, type Platform } from '../stand/platform';
import { eventually } from '../support/eventually';
import { scripted } from '../support/sandbox';
import { problemsOf } from './accounts';

jest.setTimeout(120_000);

/** Before the first word, where a call is made again; and behind it, where it is not. */
const EARLY: Fault[] = [
  'rate_limit',
  'overloaded',
  'server_error',
  'cut',
  'reset',
  'bad_json',
  'error_event',
  'html',
];
const LATE: Fault[] = ['cut', 'reset', 'bad_json', 'error_event', 'failed'];
/** Runs of each kind. */
const EACH = 5;
const STOPS = 12;

let platform: Platform;
let runIds: string[];
beforeAll(async () => {
  platform = await openPlatform();
  const awayPort = await freePort();
  const hosts = [new URL(platform.sandbox.url).host, `127.0.0.1:${awayPort}`];
  await platform.startWorker({ ALLOW_PRIVATE_HOSTS: hosts.join(',') });
  const fallback = '{sandbox/sandbox-reasoner}';
  const agentId = await platform.addAgent({ tools: '{search}', fallback_models: fallback });
  // A server that is not there: nothing reaches it.
  await platform.sql(
    `insert into providers (id, business_id, slug, name, protocol, base_url)
     values ($1, $2, 'away', 'Away', 'openai-chat', $3)`,
    [newId(), platform.businessId, `http://127.0.0.1:${awayPort}/v1`],
  );
  const awayId = await platform.addAgent({ model: 'away/m', fallback_models: '{sandbox/sandbox-echo}' });

  // Before the faults: these open the circuit breaker, and a run that is refused is not there to be stopped.
  const endless = scripted({ outputTokens: 900, tokensPerSecond: 30 });
  const stopped = await platform.chat(
    ...Array.from({ length: STOPS }, () => ({ agentId, content: endless })),
  );
  // At any point of their way: held, sent, or with words in them.
  await eventually('the first of them speaks', async () => {
    const [row] = await platform.sql(
      `select from messages m join runs r on r.reply_id = m.id where r.id = any($1::uuid[]) and m.content <> ''`,
      [stopped],
    );
    return row;
  });
  await Promise.all(stopped.map((runId) => requestStop(platform.db, platform.ann, runId)));
  await platform.ended(stopped);

  const questions = Array.from({ length: EACH }, (_, round) => [
    // Each fault hits the question's first request, the second one's first two, and so on.
    ...EARLY.map((fault) => ({ said: `early ${fault} ${round}`, fault, times: round + 1, afterChunks: 0 })),
    ...LATE.map((fault) => ({ said: `late ${fault} ${round}`, fault, times: 1, afterChunks: 4 })),
  ]).flat();
  for (const { said, fault, times, afterChunks } of questions) {
    const behaviour = { fault, afterChunks, retryAfterSeconds: 0, text: 'one two three four five six seven' };
    await platform.sandbox.rules({ match: { contains: `${said}.` }, times, behaviour });
  }
  const search = { name: 'search', arguments: { query: 'sales' } };
  const steps = scripted({ steps: [{ text: 'Look.', toolCalls: [search] }, { text: 'Nothing.' }] });
  runIds = await platform.chat(
    ...questions.map(({ said }) => ({ agentId, content: `${said}. ` + scripted({ text: 'Well.' }) })),
    ...Array.from({ length: EACH }, () => ({ agentId, content: steps })),
    ...Array.from({ length: EACH }, () => ({ agentId: awayId, content: 'Anyone there?' })),
  );
  await platform.ended(runIds);
  runIds.push(...stopped);
});
afterAll(() => platform.close());

it('under retries, fallbacks, faults and stops each request has its row, and the books are right', async () => {
  expect(await problemsOf(platform)).toBe('');
});

it('every way in which a call can end was seen', async () => {
  const rows = await platform.sql('select distinct outcome from ledger order by 1');
  expect(rows.map(({ outcome }) => outcome)).toEqual(
    expect.arrayContaining(['completed', 'failed', 'refused', 'stopped', 'unsent']),
  );
  const models = await platform.sql(
    'select model_requested as model, max(attempt) as attempts from ledger group by 1 order by 1',
  );
  expect(models.map(({ model }) => model)).toEqual([
    'm',
    'sandbox-echo',
    'sandbox-reasoner',
    'sandbox-script',
  ]);
  // How many more there are is the circuit breaker's to say, by the order in which so many faults come.
  expect(Math.max(...models.map(({ attempts }) => Number(attempts)))).toBeGreaterThan(1);
});

it('what the provider told of a completed call is what it billed', async () => {
  const requests = new Map(
    (await platform.sandbox.requests()).map((request) => [request.clientRequestId, request]),
  );
  const rows = await platform.sql(
    `select id, run_id, input::int, cache_read::int, output_text::int, output_reasoning::int
       from ledger where outcome = 'completed' and not estimated`,
  );
  expect(rows.length).toBeGreaterThan(EACH);
  const wrong = rows.filter(({ id, input, cache_read, output_text, output_reasoning }) => {
    const billed = requests.get(String(id))?.billed;
    return (
      billed?.input !== input ||
      billed?.cached !== (cache_read ?? 0) ||
      billed?.output !== output_text ||
      billed?.reasoning !== (output_reasoning ?? 0)
    );
  });
  expect(wrong.map((row) => ({ ...row, wire: requests.get(String(row['id']))?.billed }))).toEqual([]);
});
