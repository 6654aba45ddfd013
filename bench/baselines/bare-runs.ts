import { createPostgresBackend, Queue, Worker } from 'bullmq';
import { Pool } from 'pg';
import { serveCommands } from '../parts/helper';

/** As many as the product's default. */
const POOL_SIZE = 10;
const BACKEND_POOL = 4;
/** Finished jobs kept, as in the product. */
const KEPT_COMPLETED = 200;
/** What one write stores, bytes: about a message or a ledger row. */
const ROW_BYTES = 400;

interface Setting {
  databaseUrl: string;
  redisUrl: string | undefined;
  concurrency: number;
}

const WRITE = { name: 'bare-write', text: 'insert into bench_writes (body) values ($1)' };

/** BullMQ alone: a job for each run, which does as many writes one after the other as a run does. */
serveCommands(async ({ databaseUrl, redisUrl, concurrency }: Setting) => {
  const pool = new Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  await pool.query(
    'create table if not exists bench_writes (id uuid primary key default uuidv7(), body text)',
  );
  const connection = redisUrl
    ? { url: redisUrl, maxRetriesPerRequest: null }
    : { connectionString: databaseUrl, max: BACKEND_POOL };
  const backend = redisUrl ? undefined : (createPostgresBackend as never);
  const body = 'x'.repeat(ROW_BYTES);
  let onEnd: () => void = () => undefined;
  const work = async ({ data }: { data: { writes: number } }) => {
    for (let n = 0; n < data.writes; n += 1) await pool.query({ ...WRITE, values: [body] });
    onEnd();
  };
  const queue = new Queue('bench-runs', { connection }, backend);
  const worker = new Worker('bench-runs', work, { connection, concurrency }, backend);
  await worker.waitUntilReady();
  let rounds = 0;

  return {
    /** @returns jobs a second, from the first one's end to the last's */
    async run({ count, writes }: { count: number; writes: number }) {
      rounds += 1;
      const ends: number[] = [];
      const allEnded = new Promise<void>((resolve) => {
        onEnd = () => {
          ends.push(performance.now());
          if (ends.length === count) resolve();
        };
      });
      await queue.addBulk(
        Array.from({ length: count }, (_, n) => ({
          name: 'run',
          data: { writes },
          opts: { jobId: `${rounds}-${n}`, removeOnComplete: { count: KEPT_COMPLETED } },
        })),
      );
      await allEnded;
      return ((count - 1) / ((ends.at(-1) ?? 0) - (ends[0] ?? 0))) * 1_000;
    },
  };
});
