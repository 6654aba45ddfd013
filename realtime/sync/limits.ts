/** Most changes one answer holds (product.md, Sync); a client further behind reloads, which pages. */
export const SYNC_LIMIT = 2_000;
/**
 * Most widget data, messages and agents' prompts that one answer holds together, bytes of JSON. Half of what a reader may fall behind before its socket is
 * closed (server/sockets/limits), so that an answer alone never closes one.
 */
export const SYNC_DATA_BYTES = 524_288;
/**
 * Oldest cursor that is taken, days. Tombstones are kept for 30 (product.md): a client that was away longer would
 * keep what was deleted meanwhile. One day of margin for the trimming's own schedule.
 */
export const CURSOR_MAX_AGE_DAYS = 29;
/**
 * Postgres may lose what it had not yet flushed when it crashed, at most 3 × wal_writer_delay (0.6 s), and gives
 * those transaction ids out again. A cursor made this shortly before a crash, ms, may stand above them.
 */
export const CRASH_DOUBT_MS = 5_000;
