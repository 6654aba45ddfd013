import { SECRET, createWorld, type World } from '../../realtime/fixture';
import { spawnApp, type App } from '../../support/app';
import { startRedis, type TestRedis } from '../../support/redis';
import { ask, connected, next, open, startNode, type TestNode } from './node';
import type { PresenceDiff } from '../../../realtime/events';

let world: World;
let redis: TestRedis;
let survivors: TestNode[];
let doomed: { app: App; port: number };
beforeAll(async () => {
  world = await createWorld();
  redis = await startRedis();
  const options = { databaseUrl: world.url, redisUrl: redis.url };
  survivors = [await startNode(options), await startNode(options)];
  const app = spawnApp('server', {
    DATABASE_URL: world.url,
    REDIS_URL: redis.url,
    JWT_SECRET: SECRET,
    ENCRYPTION_KEYS: SECRET,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'info',
  });
  const ready = await app.waitForLine(/server ready/);
  doomed = { app, port: (JSON.parse(ready) as { port: number }).port };
});
afterAll(async () => {
  await doomed.app.kill('SIGKILL');
  await Promise.all(survivors.map((node) => node.stop()));
  await redis.stop();
  await world.drop();
});

it('shows the people of a killed server as gone within 12 s, once, and nobody else', async () => {
  const businessId = await world.addBusiness();
  const [ann, bob, eve] = [
    await world.addPerson(businessId),
    await world.addPerson(businessId),
    await world.addPerson(businessId),
  ];
  const watcher = await (survivors[0] as TestNode).connect(bob.token);
  const diffs: PresenceDiff[] = [];
  watcher.on('presence.diff', (diff: PresenceDiff) => diffs.push(diff));
  const joined = next(watcher, 'presence.diff', (diff) =>
    diff.joins.some((person) => person.userId === ann.userId),
  );
  const victims = [ann, bob].map(({ token }) => open(doomed.port, { auth: { token } }));
  await Promise.all(victims.map(connected));
  await joined;

  const left = next(watcher, 'presence.diff', (diff) => diff.leaves.includes(ann.userId));
  await doomed.app.kill('SIGKILL');
  const begun = performance.now();
  await left;
  expect(performance.now() - begun).toBeLessThan(12_000);
  for (const victim of victims) victim.disconnect();

  const eveJoined = next(watcher, 'presence.diff', (diff) =>
    diff.joins.some((person) => person.userId === eve.userId),
  );
  await (survivors[1] as TestNode).connect(eve.token);
  const { rev } = await eveJoined;
  expect(diffs.flatMap((diff) => diff.leaves)).toEqual([ann.userId]);
  expect(await ask(watcher, 'presence.list')).toMatchObject({
    rev,
    people: [bob, eve].map(({ userId }) => ({ userId })).sort((a, b) => (a.userId < b.userId ? -1 : 1)),
  });
});
