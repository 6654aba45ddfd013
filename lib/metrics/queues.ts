import type { Queue } from 'bullmq';
import { addGauges, gaugeOf } from './gauges';
import type { Metrics } from './metrics';

/** The states a job of ours can be in. Completed and failed ones are kept up to a number, so those level off. */
const STATES = ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed'] as const;

interface QueueReading {
  queue: string;
  counts: Record<string, number>;
  /** 0 where nothing waits. */
  oldestWaitingMs: number;
}

/**
 * How full the queues are, and how old the oldest waiting job. Every process that asks sees the same: sum over
 * queues, not over instances.
 */
export function observeQueues(metrics: Metrics, queues: Readonly<Record<string, Queue>>): void {
  const jobs = gaugeOf(metrics, 'liveboard_queue_jobs', 'Jobs in a queue, by state.', ['queue', 'state']);
  const oldest = gaugeOf(
    metrics,
    'liveboard_queue_oldest_waiting_seconds',
    'Age of the oldest waiting job; 0 where none waits.',
    ['queue'],
  );
  addGauges(
    metrics,
    'queues',
    [jobs, oldest],
    () => Promise.all(Object.values(queues).map(readQueue)),
    (readings) => {
      for (const { queue, counts, oldestWaitingMs } of readings) {
        for (const state of STATES) jobs.set({ queue, state }, counts[state] ?? 0);
        oldest.set({ queue }, oldestWaitingMs / 1000);
      }
    },
  );
}

/** Jobs that may be taken between counting and reading, and the oldest is still found. */
const TAKEN_MEANWHILE = 5;

async function readQueue(queue: Queue): Promise<QueueReading> {
  const counts = await queue.getJobCounts(...STATES);
  // Newest first is the one order that both backends agree on: asked for the other, the one on Postgres gives
  // the newest for [0, 0]. So the oldest is the last.
  const start = Math.max(0, (counts.waiting ?? 0) - 1 - TAKEN_MEANWHILE);
  const oldest = (await queue.getJobs(['waiting'], start, -1)).at(-1);
  return {
    queue: queue.name,
    counts,
    oldestWaitingMs: oldest ? Math.max(0, Date.now() - oldest.timestamp) : 0,
  };
}
