import { Redis } from 'ioredis';
import { createJobs, type Jobs } from '../../jobs/enqueue';
import { openBroker, type Broker } from '../../lib/broker';
import { logger } from '../../lib/logger';
import { createRunSweeper, type RunSweeper } from '../../workers/run-sweeper';
import { askConfirmation } from '../../domain/runs/ask';
import { createRunWorld, type RunWorld } from '../domain/runs/fixture';
import { startRedis, type TestRedis } from '../support/redis';

/** Real rows, a real Redis that forgets and goes away: what is left is handed over again. */
let world: RunWorld;
let redis: TestRedis;
let broker: Broker;
let jobs: Jobs;
let sweeper: RunSweeper;
beforeAll(async () => {
  [world, redis] = await Promise.all([createRunWorld(), startRedis()]);
  broker = openBroker({ databaseUrl: world.url, redisUrl: redis.url, cluster: false, logger });
  await broker.ready();
  jobs = createJobs(broker);
  sweeper = createRunSweeper({ db: world.db, jobs, logger });
});
afterAll(async () => {
  await broker.close();
  await redis.stop();
  await world.drop();
});

const waiting = async (): Promise<unknown[]> =>
  (await jobs.queues['agent-run'].getWaiting()).map(({ id }) => id);
const pass = (runId: string, seconds: number) =>
  world.sql(
    `update runs set enqueued_at = enqueued_at - $2 * interval '1 s', lease_until = lease_until - $2 * interval '1 s',
       confirm_until = confirm_until - $2 * interval '1 s' where id = $1`,
    [runId, seconds],
  );

async function flush(): Promise<void> {
  const client = new Redis(redis.url);
  await client.flushall();
  await client.quit();
}

describe('the run sweeper', () => {
  it('enqueues again what a flushed Redis forgot', async () => {
    const { run, deliveries } = await world.ask();
    await jobs.enqueueMany('agent-run', deliveries);
    expect(await waiting()).toContain(`${run.id}-0`);
    await flush();
    await sweeper.recover();
    expect(await waiting()).toEqual([]);
    await pass(run.id, 6);
    await sweeper.recover();
    expect(await waiting()).toEqual([`${run.id}-1`]);
  });

  it('enqueues the run of a dead worker, whose job the broker took for done', async () => {
    const dead = await world.begin();
    await pass(dead.id, 11);
    await sweeper.recover();
    expect(await waiting()).toContain(`${dead.id}-1`);
  });

  it('enqueues a run whose person said nothing', async () => {
    const held = await world.begin();
    const { id } = await world.callOnce(held);
    await askConfirmation(world.db, held, [{ id, summary: 'Refresh' }]);
    await sweeper.expireConfirmations();
    expect(await waiting()).not.toContain(`${held.id}-1`);
    await pass(held.id, 901);
    await sweeper.expireConfirmations();
    expect(await waiting()).toContain(`${held.id}-1`);
  });

  it('that can’t reach the broker leaves the run to the next sweep', async () => {
    const { run } = await world.ask();
    await pass(run.id, 6);
    await redis.kill('SIGKILL');
    await sweeper.recover();
    expect(await world.state(run.id)).toMatchObject({ status: 'queued', deliveries: 1 });
    await redis.restart();
    await broker.ready();
    await pass(run.id, 11);
    await sweeper.recover();
    expect(await waiting()).toContain(`${run.id}-2`);
  });
});
