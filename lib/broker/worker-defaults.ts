/** How long a killed worker's job stays locked, ms, and how often that is looked for (3 to 7 s to recover). */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 2_000;
/** A job that took its worker down this often is given up by BullMQ (BullMQ's own default is never). */
const MAX_STARTED_ATTEMPTS = 3;

/** Of every worker, on either broker. */
export const workerDefaults = {
  lockDuration: LOCK_MS,
  stalledInterval: STALLED_CHECK_MS,
  maxStartedAttempts: MAX_STARTED_ATTEMPTS,
  // Our own retries are in Postgres; a stalled job may be handed over as often as it may be started.
  maxStalledCount: MAX_STARTED_ATTEMPTS,
};
