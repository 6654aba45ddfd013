import type { z } from 'zod';

/** The queues there are; each is made for what it carries (README, "Adding a job"). */
export const QUEUES = ['widget-refresh', 'agent-run', 'mail', 'maintenance'] as const;
export type QueueName = (typeof QUEUES)[number];

/** What can be asked of the workers. Payloads are ids: the rows in Postgres hold the truth and the data. */
export interface JobContract<Name extends string = string, Payload extends z.ZodType = z.ZodType> {
  name: Name;
  queue: QueueName;
  /** Parsed when the job is made and again when it is worked on: jobs outlive deploys. */
  payload: Payload;
  /**
   * BullMQ's job id (no `:`). A job whose id is already known to the queue is not added again, so that asking
   * twice is harmless.
   */
  jobId: (payload: z.infer<Payload>) => string;
}

export const defineJob = <Name extends string, Payload extends z.ZodType>(
  contract: JobContract<Name, Payload>,
): JobContract<Name, Payload> => contract;
