import type { JobsOptions, Queue } from 'bullmq';
import type { Broker } from '../lib/broker';
import { QUEUES, type JobContract, type QueueName } from './contract';
import { CATALOG, type JobName, type JobPayload } from './catalog';

/** Finished jobs kept per queue, for Bull Board. Beyond that they only cost memory. */
const KEPT_COMPLETED = 200;
const KEPT_FAILED = 1_000;

const DEFAULTS: JobsOptions = {
  attempts: 1,
  removeOnComplete: { count: KEPT_COMPLETED },
  removeOnFail: { count: KEPT_FAILED },
};

export interface Jobs {
  /** Rejects when the broker is away; a sweep then enqueues from the row in Postgres. */
  enqueue<Name extends JobName>(job: Name, payload: JobPayload<Name>, options?: JobsOptions): Promise<void>;
  enqueueMany<Name extends JobName>(job: Name, payloads: readonly JobPayload<Name>[]): Promise<void>;
  readonly queues: Record<QueueName, Queue>;
}

export function createJobs(broker: Broker): Jobs {
  const queues = Object.fromEntries(QUEUES.map((name) => [name, broker.queue(name)])) as Record<
    QueueName,
    Queue
  >;
  const contractOf = (job: JobName) => CATALOG[job] as unknown as JobContract;
  return {
    queues,
    async enqueue(job, payload, options) {
      const contract = contractOf(job);
      const data = contract.payload.parse(payload);
      await queues[contract.queue].add(contract.name, data, {
        ...DEFAULTS,
        jobId: contract.jobId(payload),
        ...options,
      });
    },
    async enqueueMany(job, payloads) {
      if (payloads.length === 0) return;
      const contract = contractOf(job);
      await queues[contract.queue].addBulk(
        payloads.map((payload) => ({
          name: contract.name,
          data: contract.payload.parse(payload),
          opts: { ...DEFAULTS, jobId: contract.jobId(payload) },
        })),
      );
    },
  };
}
