import { RATE_LIMITS, type RateLimitTable } from '../../server/http/rate-limits';

/** Limits that nobody reaches: tests and measurements send as fast as they can, counted like anybody's requests. */
export const NO_LIMITS = Object.fromEntries(
  Object.entries(RATE_LIMITS).map(([name, { seconds }]) => [name, { points: 1_000_000_000, seconds }]),
) as RateLimitTable;
