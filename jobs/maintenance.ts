import { z } from 'zod';
import { defineJob } from './contract';

export const MAINTENANCE_TASKS = [
  'trim-history',
  'trim-tombstones',
  'expire-sessions',
  'expire-mails',
  'expire-link-tokens',
  'expire-invitations',
  'expire-api-keys',
  'trim-audit-events',
  'expire-idempotency-keys',
  'expire-source-probes',
  'delete-untouched-conversations',
  'purge-conversations',
] as const;

/** Upkeep of the platform's own tables. `tick` is the minute it was due, so that many schedulers make one job. */
export const maintenance = defineJob({
  name: 'maintenance',
  queue: 'maintenance',
  payload: z.object({ task: z.enum(MAINTENANCE_TASKS), tick: z.string(), requestId: z.string() }),
  jobId: ({ task, tick }) => `${task}-${tick.replaceAll(':', '.')}`,
});
