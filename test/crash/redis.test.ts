import { Redis } from 'ioredis';
import { eventually } from '../support/eventually';
import { connected, next, open } from '../server/sockets/node';
import { together, type ServerProcess, type Stage } from './stage';

jest.setTimeout(150_000);

const NAMES = Array.from({ length: 12 }, (_, index) => `w${index}`);

/** Widgets that are refreshed every second by two workers, each refresh taking a while. */
async function busy(stage: Stage): Promise<string[]> {
  const { source, addWidget, startWorker } = stage;
  const ids: string[] = [];
  for (const name of NAMES) {
    source.answerAll(name, () => source.count(name), 150);
    ids.push(await addWidget(name, { schedule: { everySeconds: 1 } }));
  }
  await Promise.all([startWorker(), startWorker()]);
  await goesOn(stage);
  return ids;
}

/** Every widget is asked for at least twice from now on: its first may have begun before. */
function goesOn({ source }: Stage): Promise<boolean> {
  const seen = NAMES.map((name) => source.count(name));
  return eventually('every widget is refreshed again', () =>
    NAMES.every((name, index) => source.count(name) > (seen[index] ?? 0) + 1),
  );
}

function expectNeverTwiceAtOnce({ source }: Stage): void {
  expect(NAMES.map((name) => source.mostAtOnce(name))).toEqual(NAMES.map(() => 1));
}

const askFor = async (server: ServerProcess, token: string, widgetId: string) => {
  const begun = performance.now();
  const response = await fetch(`${server.url}/widgets/${widgetId}/refresh`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  await response.text();
  return { status: response.status, ms: performance.now() - begun };
};

/** SIGKILL of Redis, and back with its data. */
async function killed(stage: Stage): Promise<void> {
  const { redis, owner, source, addWidget, startServer, world } = stage;
  const [server] = await Promise.all([startServer(), busy(stage)]);
  source.answerAll('asked', () => 'asked');
  const asked = await addWidget('asked', { dueInMs: null });
  const client = open(server.port, { auth: { token: owner.token } });
  await connected(client);
  const told = next(client, 'sync.required');

  await redis.kill('SIGKILL');
  const answers = [
    await askFor(server, owner.token, asked),
    ...(await Promise.all(NAMES.map(() => askFor(server, owner.token, asked)))),
  ];
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  // A producer that waits for Redis would hang until it is back.
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(5_000);
  await redis.restart();

  expect(await told).toEqual({ reason: 'broker_restored' });
  await eventually('what was asked for is done', async () => (await world.state(asked)).data === 'asked');
  await goesOn(stage);
  expectNeverTwiceAtOnce(stage);
  client.disconnect();
}

/** Redis loses everything while refreshes are claimed, queued and under way. */
async function flushed(stage: Stage): Promise<void> {
  const { redis, world, addWidget, source } = stage;
  const ids = await busy(stage);
  const held = await addWidget('held');
  await source.request('held', 1);
  const client = new Redis(redis.url);
  await client.flushall();
  await client.quit();
  await goesOn(stage);
  // Its worker can't know that nobody else was given the job, and lets go of it first.
  await source.request('held', 2);
  source.answerAll('held', () => 'done');
  await eventually('what was under way is done', async () => (await world.state(held)).data === 'done');
  expect(source.mostAtOnce('held')).toBe(1);
  expectNeverTwiceAtOnce(stage);
  const states = await Promise.all(ids.map((id) => world.state(id)));
  expect(states.filter(({ failures, crashes }) => failures + crashes > 0)).toEqual([]);
}

/** Redis is away for longer than its lock on a job whose worker is alive. */
async function outlasted({ world, redis, source, addWidget, startWorker, reaches }: Stage): Promise<void> {
  await startWorker();
  // Scheduled, so that it is tried again should a slow machine let the source's own time limit come first.
  const id = await addWidget('long', { schedule: { everySeconds: 3_600 } });
  await source.request('long', 1);
  await startWorker();
  const isOlderThan = (seconds: number) =>
    eventually(`the refresh is ${seconds} s old`, async () => {
      const [row] = await world.sql(
        `select from widget_schedules where widget_id = $1 and started_at < now() - $2 * interval '1 s'`,
        [id, seconds],
      );
      return row;
    });
  // By then a check for stalled jobs has marked it, and the first one after the restart hands it over.
  await isOlderThan(2.5);
  await redis.kill('SIGKILL');
  await isOlderThan(7.5);
  await redis.restart();
  (await source.request('long', 2)).answer('done');
  await reaches(id, 'the refresh is done', ({ data, claimed }) => data === 'done' && !claimed);
  expect(source.mostAtOnce('long')).toBe(1);
}

let scene: (broker: 'redis', name: 'killed' | 'flushed' | 'outlasted') => Promise<void>;
beforeAll(() => {
  scene = together(['redis'], { killed, flushed, outlasted });
});

describe('Redis', () => {
  it('killed and back: requests are answered meanwhile, and everything goes on, once', async () => {
    await expect(scene('redis', 'killed')).resolves.toBeUndefined();
  });
  it('emptied: everything that is due is refreshed, once', async () => {
    await expect(scene('redis', 'flushed')).resolves.toBeUndefined();
  });
  it('away for longer than a lock: no second worker joins one that is alive', async () => {
    await expect(scene('redis', 'outlasted')).resolves.toBeUndefined();
  });
});
