import type { Queue } from 'bullmq';
import type { Database } from '../db/database';
import type { Broker } from '../lib/broker';
import type { Operations } from '../lib/health/answer';
import { createHealth } from '../lib/health/health';
import { observeBacklog, observePool } from '../lib/metrics/database';
import { createMetrics } from '../lib/metrics/metrics';
import { observeQueues } from '../lib/metrics/queues';
import { newId } from '../lib/ids';
import { VERSION } from '../lib/version';
import { readBacklog } from './refresh/backlog';

/** knex's pool (tarn), which its types leave open. */
interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

export interface OperatedParts {
  db: Database;
  broker: Broker;
  jobs: { queues: Readonly<Record<string, Queue>> };
  /** How this process calls itself elsewhere (presence); a new id where it has none. */
  nodeId?: string;
}

/** The health and metrics of one process, whether it serves, works or does both. Once per process. */
export function createOperations({ db, broker, jobs, nodeId = newId() }: OperatedParts): Operations {
  const metrics = createMetrics();
  observeQueues(metrics, jobs.queues);
  observeBacklog(metrics, () => readBacklog(db));
  observePool(metrics, () => {
    const pool = db.knex.client.pool as Pool;
    return { used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires() };
  });
  const health = createHealth({
    version: VERSION,
    nodeId,
    dependencies: { postgres: () => pingPostgres(db), broker: () => broker.ping() },
    sockets: metrics.sockets,
  });
  return { health, metrics };
}

/** Through the pool on purpose: a process whose pool gives out nothing can't serve either. */
async function pingPostgres(db: Database): Promise<void> {
  const client = await db.acquire();
  try {
    await client.query('select 1');
  } finally {
    await db.release(client);
  }
}
