import type { JobsOptions, Queue } from 'bullmq';
import { createBatcher } from '../lib/batcher';
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
  enqueue<Name extends JobName>(job: Name, payload: JobPayload<Name>): Promise<void>;
  enqueueMany<Name extends JobName>(job: Name, payloads: readonly JobPayload<Name>[]): Promise<void>;
  readonly queues: Record<QueueName, Queue>;
}

export function createJobs(broker: Broker): Jobs {
  const queues = Object.fromEntries(QUEUES.map((name) => [name, broker.queue(name)])) as Record<
    QueueName,
    Queue
  >;
  const contractOf = (job: JobName) => CATALOG[job] as unknown as JobContract;
  const addMany = async (job: JobName, payloads: readonly unknown[]): Promise<void> => {
    const contract = contractOf(job);
    await queues[contract.queue].addBulk(
      payloads.map((payload) => ({
        name: contract.name,
        data: contract.payload.parse(payload),
        opts: { ...DEFAULTS, jobId: contract.jobId(payload) },
      })),
    );
  };
  // What is enqueued while one add is under way goes to the broker in one message.
  const add = createBatcher<unknown, undefined>({
    idOf: (payload) => JSON.stringify(payload),
    async run(job, payloads) {
      await addMany(job as JobName, payloads);
      return payloads.map(() => undefined);
    },
  });
  return {
    queues,
    enqueue: (job, payload) => add(job, payload),
    async enqueueMany(job, payloads) {
      if (payloads.length > 0) await addMany(job, payloads);
    },
  };
}
