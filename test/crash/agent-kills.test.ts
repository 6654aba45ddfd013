import { setTimeout as sleep } from 'node:timers/promises';
import { requestStop } from '../../domain/runs/stop';
import { openPlatform, type Platform } from '../stand/platform';
import { scripted } from '../support/sandbox';
import { problemsOf } from './accounts';
import { seeded } from '../domain/refresh/random';

jest.setTimeout(900_000);

const KILLS = 100;
/**
 * Pairs of workers. Of each pair one is killed and started again while the other works: what a killed one leaves behind
 * is found by those that live.
 */
const PAIRS = 2;
/** Longest pause before a kill, ms: about as long as it takes to answer. */
const LONGEST_PAUSE_MS = 800;
/** Runs open at any time, more than all workers take at once: none is ever idle. */
const OPEN = 16;
const ENV = { AGENT_SLOTS: '3' };

const SEED = Math.floor(Math.random() * 2 ** 31);
const random = seeded(SEED);

let platform: Platform;
/** What each run says where it completes. */
const expected = new Map<string, string>();
let lastKillAt: number;

const WORDS = 'one two three four five six seven eight nine ten';
const SEARCH = { name: 'search', arguments: { query: 'sales' } };
const calm = { text: WORDS, tokensPerSecond: 6 };

/** One of each kind of work, asked again and again. */
const KINDS: ((agents: Agents) => Promise<void>)[] = [
  ({ plain }) => ask(plain, WORDS, calm),
  ({ plain }) => ask(plain, 'At once.', { text: 'At once.' }),
  ({ searching }) =>
    ask(searching, `Let me look.\n\n${WORDS}`, {
      steps: [{ text: 'Let me look.', toolCalls: [SEARCH] }, { ...calm }],
    }),
  // Its own model refuses; the fallback answers.
  ({ fickle }) => ask(fickle, 'By the other one.', { text: 'By the other one.' }),
  async ({ plain }) => {
    const first = await platform.ask({ agentId: plain, content: scripted({ text: 'First.' }) });
    const { id: conversationId } = first.conversation;
    const second = await platform.ask({
      agentId: plain,
      conversationId,
      content: scripted({ text: 'Second.' }),
    });
    expected.set(first.run.id, 'First.').set(second.run.id, 'Second.');
    await platform.deliver([first, second]);
  },
  async ({ plain }) => {
    const endless = scripted({ outputTokens: 400, tokensPerSecond: 40 });
    const [runId] = (await platform.chat({ agentId: plain, content: endless })) as [string];
    await sleep(random() * 200);
    await requestStop(platform.db, platform.ann, runId);
  },
];

interface Agents {
  plain: string;
  searching: string;
  fickle: string;
}

async function ask(agentId: string, reply: string, script: Parameters<typeof scripted>[0]): Promise<void> {
  const [runId] = await platform.chat({ agentId, content: scripted(script) });
  expected.set(runId as string, reply);
}

const openRuns = async (): Promise<number> =>
  Number(
    (
      await platform.sql(`select count(*) as n from runs where status in ('queued', 'running', 'waiting')`)
    )[0]?.['n'],
  );

/** Keeps the workers busy until told to stop. */
async function keepAsking(agents: Agents, isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver(); round += 1) {
    if ((await openRuns()) < OPEN) await KINDS[round % KINDS.length]?.(agents);
    else await sleep(50);
  }
}

/** Kills one of two workers at random instants and starts it again, until all kills are done. */
async function killAgain(kills: { left: number }): Promise<void> {
  const pair = await Promise.all([platform.startWorker(ENV), platform.startWorker(ENV)]);
  while (kills.left > 0) {
    kills.left -= 1;
    await sleep(random() * LONGEST_PAUSE_MS);
    const doomed = random() < 0.5 ? 0 : 1;
    await pair[doomed].kill('SIGKILL');
    pair[doomed] = await platform.startWorker(ENV);
  }
}

beforeAll(async () => {
  platform = await openPlatform();
  await platform.sandbox.rules({ match: { model: 'sandbox-small' }, behaviour: { fault: 'overloaded' } });
  const agents = {
    plain: await platform.addAgent(),
    searching: await platform.addAgent({ tools: '{search}' }),
    fickle: await platform.addAgent({
      model: 'sandbox/sandbox-small',
      fallback_models: '{sandbox/sandbox-script}',
    }),
  };
  const kills = { left: KILLS };
  let isOver = false;
  const asking = keepAsking(agents, () => isOver);
  try {
    await Promise.all(Array.from({ length: PAIRS }, () => killAgain(kills)));
  } finally {
    isOver = true;
  }
  await asking;
  const [row] = await platform.sql('select extract(epoch from clock_timestamp()) * 1000 as ms');
  lastKillAt = Number(row?.['ms']);
  const runs = (await platform.sql('select id from runs')) as { id: string }[];
  await platform.ended(runs.map(({ id }) => id));
});
afterAll(() => platform.close());

it('killed at 100 random instants, workers leave each question with one final reply, and the books right', async () => {
  expect([SEED, await problemsOf(platform)]).toEqual([SEED, '']);
  const [late] = await platform.sql('select max(extract(epoch from finished_at)) * 1000 as ms from runs');
  expect(Number(late?.['ms']) - lastKillAt).toBeLessThan(60_000);
});

it('each reply is whole: what a killed worker said is not in it', async () => {
  const rows = await platform.standings([...expected.keys()]);
  const wrong = rows.filter(
    ({ id, status, reply, reasonCode }) =>
      !(status === 'completed' ? reply === expected.get(id) : reasonCode === 'crashed'),
  );
  expect([SEED, wrong]).toEqual([SEED, []]);
});

it('the kills hit work', async () => {
  const [row] = await platform.sql(
    `select sum(crashes)::int as crashes, count(*) filter (where status = 'completed')::int as completed,
            count(*) filter (where status = 'stopped')::int as stopped from runs`,
  );
  expect(row?.['crashes']).toBeGreaterThan(KILLS);
  expect(row?.['completed']).toBeGreaterThan(KILLS);
  expect(row?.['stopped']).toBeGreaterThan(0);
});
