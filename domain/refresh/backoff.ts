import { BACKOFF_BASE_MS, BACKOFF_MAX_MS } from './limits';

/**
 * Pause before the next try after `failures` in a row, ms: exponential with full jitter ("Exponential Backoff
 * And Jitter", AWS Architecture Blog, 2015), at most an hour, and never before the other side's Retry-After.
 */
export function backoffMs(failures: number, retryAfterMs = 0, random: () => number = Math.random): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 30));
  return Math.round(Math.max(Math.min(retryAfterMs, BACKOFF_MAX_MS), 1_000 + random() * ceiling));
}
