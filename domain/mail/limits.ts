/** Every number of a mail's life, in one place. */

/** How long a try is its worker's alone, ms, counted from its last heartbeat: five missed ones. */
export const LEASE_MS = 10_000;
/** Between two heartbeats of a try in hand, ms. */
export const HEARTBEAT_MS = 2_000;
/** Longest that one try may take, ms: a server that answers each command just before it is too late, too. */
export const SEND_LIMIT_MS = 60_000;

/** Tries a mail gets, those that took their worker down included. With the pauses below they span three hours. */
export const MAX_ATTEMPTS = 10;
/** Pause after the first failure, ms. It triples with each: a reset link lives for ten minutes, so they begin short. */
export const RETRY_BASE_MS = 5_000;
const RETRY_FACTOR = 3;
/** Longest pause, ms. */
const RETRY_MAX_MS = 3_600_000;
/** A mail older than this, ms, is not sent any more: news of yesterday's, all at once, would only confuse. */
export const MAX_AGE_MS = 86_400_000;

/** A mail that no worker took within this, ms, is handed to the broker again; it doubles with each delivery. */
export const HANDOVER_MS = 5_000;
/** And at most, ms: where all workers are busy, jobs for mails that wait would otherwise pile up. */
export const HANDOVER_MAX_MS = 30_000;
/** Mails one sweep hands over: few enough that its row locks are short. */
export const LOST_BATCH = 200;

/** How long links live, ms (product.md): whoever finds a reset link in a mailbox owns the account. */
export const LINK_LIFE_MS = { verify_email: 86_400_000, reset_password: 600_000 } as const;

/** Pause after a try that failed, ms. No jitter: how long each mail's own server took spreads them enough. */
export const retryMs = (attempts: number): number =>
  Math.min(RETRY_MAX_MS, RETRY_BASE_MS * RETRY_FACTOR ** Math.min(attempts - 1, MAX_ATTEMPTS));
