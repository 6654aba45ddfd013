/**
 * SQL: when the server last came back from a crash (a crash empties the statistics, and so moves their reset time), or
 * its statistics were reset. What did not wait for the disk in the moments before (`ScopeOptions.durable`) may be lost.
 */
export const CRASHED_AT = 'pg_stat_get_bgwriter_stat_reset_time()';
