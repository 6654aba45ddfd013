/**
 * Presence in numbers (product.md, promise 6: a crashed server's people are shown as gone within 12 s). In the
 * worst case: the lease was just renewed (8 s), the next sweep is a second off, and its two statements and the
 * announcement follow at once, since people gone for a lease's time get no further grace: 9 to 10 s.
 */

/** How long a node counts as alive after it said so, ms. Two renewals may fail before it runs out. */
export const LEASE_MS = 8_000;
/** How often a node renews its lease, ms. */
export const RENEW_MS = 3_000;
/** How often each node looks for nodes whose lease ran out and for leaves whose grace is over, ms. */
export const SWEEP_MS = 1_000;
/** How long a person may be without a connection before a leave is announced, ms: a reload takes less. */
export const LEAVE_GRACE_MS = 2_000;
/** How long changes are collected before they are written and announced together, ms. */
export const BATCH_MS = 150;
/**
 * The same after a batch of this many changes: when everyone comes back at once, each diff goes to everyone who is
 * there already, and fewer, larger ones cost less.
 */
export const BUSY_PLACES = 50;
export const BUSY_BATCH_MS = 500;
/** Pause after a batch that failed, ms. */
export const BATCH_RETRY_MS = 1_000;
/** How often what a crash in the wrong moment left behind is looked for, ms. */
export const REPAIR_MS = 10_000;
/** Leaves that one sweep announces; the rest a second later. */
export const SWEEP_PEOPLE = 5_000;

/** Connections a person may have in a business, over all nodes (tabs and devices). */
export const MAX_CONNECTIONS = 20;
/** Dashboards one connection may have open. */
export const MAX_OPEN_DASHBOARDS = 20;
