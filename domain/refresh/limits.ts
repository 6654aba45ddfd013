/** Every number of the refresh lifecycle, in one place (product.md, "Widget refresh"). */

/** Longest a source may take, ms; a hung one ends as a failure with a reason. */
export const SOURCE_TIMEOUT_MS = 15_000;
/**
 * How long a claim is its worker's alone, ms. Longer than a source may take plus the write behind it, so that it
 * ends only for a worker that is dead, frozen or cut off. A killed worker's job comes back sooner, through
 * BullMQ's lock; the lease is for when the broker forgot it.
 */
export const LEASE_MS = 25_000;
/** A claim that no worker started within this, ms, is handed to the broker again (a flushed Redis lost it). */
export const HANDOVER_MS = 3_000;
/** Failures in a row after which a widget is paused and its owner told. */
export const MAX_FAILURES = 10;
/** Workers a widget's refresh may take down before it is quarantined. */
export const MAX_CRASHES = 3;
/** The first backoff's ceiling and the longest, ms; between them it doubles with each failure. */
export const BACKOFF_BASE_MS = 5_000;
export const BACKOFF_MAX_MS = 3_600_000;
/** After an outage, missed ticks are spread over this much time, ms. */
export const CATCH_UP_SPREAD_MS = 60_000;
/** Nobody swept for this long, ms: an outage. Below it, lateness is a backlog and keeps its order. */
export const OUTAGE_MS = 30_000;
/** Scheduled claims there may be for each slot (product.md): no slot waits for the sweep, the order stays ours. */
export const SCHEDULED_PER_SLOT = 1.5;
/** Claims for people who wait or look on, for each slot, beside the scheduled ones. */
export const INTERACTIVE_PER_SLOT = 2;
/** On-demand refreshes one business may have under way; more wait in Postgres, in turn. */
export const INTERACTIVE_LIMIT = 64;
