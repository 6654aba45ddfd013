import { CRASHED_AT } from '../../db/crash-time';
import type { Statement } from '../../db/scope';
import type { DatabasePosition } from './cursor';

/**
 * Every statement of one answer sees the same snapshot, the one whose xmin becomes the cursor: what was in flight
 * then has an id of at least that xmin, and the next sync finds it.
 */
export const ONE_SNAPSHOT: Statement = {
  name: 'sync-one-snapshot',
  text: 'set transaction isolation level repeatable read, read only',
};

/**
 * The timeline comes from the name of the current WAL file, which changes with a promotion at once; the control
 * file's follows with the next checkpoint.
 */
export const POSITION: Statement = {
  name: 'sync-position',
  text: `select control.system_identifier || '.' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
                  || '.' || d.oid as identity,
                pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
                pg_snapshot_xmax(pg_current_snapshot())::text as xmax,
                extract(epoch from clock_timestamp())::float8 * 1000 as "nowMs",
                coalesce(extract(epoch from ${CRASHED_AT}), 0)::float8 * 1000 as "crashedMs"
           from pg_control_system() control, pg_database d where d.datname = current_database()`,
};

export type PositionRow = DatabasePosition;
