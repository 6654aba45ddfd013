import { createPostgresBackend, Queue, Worker, type Job } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { serveCommands } from '../parts/helper';
import { CHART } from '../parts/widgets';
import { finishBare } from './same-writes';

/** As many as the product's default. */
const POOL_SIZE = 10;
/** What BullMQ's Postgres backend holds per queue or worker in the product. */
const BACKEND_POOL = 4;
/** Jobs in one addBulk. */
const BULK = 500;
/** Finished jobs kept, as in the product: taking them away costs, too. */
const KEPT_COMPLETED = 200;

export interface BareQueueSetting {
  databaseUrl: string;
  redisUrl: string | undefined;
  concurrency: number;
}

export interface QueueRun {
  /** From the first job's end to the last's, s. */
  seconds: number;
  jobs: number;
  /** When all were added, ms after the first. */
  addedMs: number;
  /** When each ended, ms after the first job was added, in the order they ended. */
  endedMs: { widgetId: string; ms: number }[];
}

interface Run {
  businessId: string;
  widgetIds: string[];
  /** How long a job waits before it writes, as for somebody else's server. */
  jobMs?: number;
}

interface RefreshJob {
  businessId: string;
  widgetId: string;
  claimNo: number;
  requestId: string;
}

/** BullMQ alone: jobs added in bulk, a worker that does one write of a refresh for each. First in, first out. */
serveCommands(async ({ databaseUrl, redisUrl, concurrency }: BareQueueSetting) => {
  const pool = new Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  const connection = redisUrl
    ? { url: redisUrl, maxRetriesPerRequest: null }
    : { connectionString: databaseUrl, max: BACKEND_POOL };
  const backend = redisUrl ? undefined : (createPostgresBackend as never);
  const name = 'bench-refresh';
  let runs = 0;
  let pauseMs = 0;
  let onEnd: (widgetId: string) => void = () => undefined;
  const work = async ({ data }: Job<RefreshJob>) => {
    if (pauseMs > 0) await sleep(pauseMs);
    await finishBare(pool, data.widgetId, data.requestId, data.businessId, CHART);
    onEnd(data.widgetId);
  };
  const queue = new Queue<RefreshJob>(name, { connection }, backend);
  const worker = new Worker<RefreshJob>(name, work, { connection, concurrency }, backend);
  await worker.waitUntilReady();

  async function run({ businessId, widgetIds, jobMs = 0 }: Run): Promise<QueueRun> {
    runs += 1;
    pauseMs = jobMs;
    const begun = performance.now();
    const endedMs: QueueRun['endedMs'] = [];
    const allEnded = new Promise<void>((resolve) => {
      onEnd = (widgetId) => {
        endedMs.push({ widgetId, ms: performance.now() - begun });
        if (endedMs.length === widgetIds.length) resolve();
      };
    });
    for (let from = 0; from < widgetIds.length; from += BULK) {
      await queue.addBulk(
        widgetIds.slice(from, from + BULK).map((widgetId) => ({
          name: 'widget-refresh',
          data: { businessId, widgetId, claimNo: runs, requestId: `bench-${widgetId}` },
          opts: { jobId: `${widgetId}-${runs}`, removeOnComplete: { count: KEPT_COMPLETED } },
        })),
      );
    }
    const addedMs = performance.now() - begun;
    await allEnded;
    const seconds = ((endedMs.at(-1)?.ms ?? 0) - (endedMs[0]?.ms ?? 0)) / 1000;
    return { seconds, jobs: endedMs.length, addedMs, endedMs };
  }
  return { run };
});
