import type { Database } from '../db/database';
import { withTenant, type Transaction } from '../db/scope';
import type { Actor } from '../domain/roles';
import { changedAgents } from './sync/agents';
import { rowId, type DeletedRow, type SyncAnswer, type SyncChange } from './sync/changes';
import { changedConversations, changedMessages, changedRuns } from './sync/conversations';
import { decodeCursor, encodeCursor, isUsable } from './sync/cursor';
import { changedDashboards } from './sync/dashboards';
import { SYNC_DATA_BYTES, SYNC_LIMIT } from './sync/limits';
import { changedBusiness, changedMembers, changedNotifications } from './sync/people';
import { changedPreferences, changedThemes } from './sync/personal';
import { ONE_SNAPSHOT, POSITION, type PositionRow } from './sync/position';
import type { Since } from './sync/since';
import { buriedRows } from './sync/tombstones';
import { changedWidgetData, changedWidgets } from './sync/widgets';

/**
 * Everything this person can see that was written since the cursor, latest state only, with deletions, and the
 * cursor to continue from (product.md, "the database is the log"). All statements travel together: one round trip.
 *
 * Without a cursor, or with one that can't be continued, the answer is a reset: the client loads everything over
 * REST and then syncs from the cursor it was given here, which lies before whatever it loads.
 */
export function sync(db: Database, actor: Actor, cursorText: string | undefined): Promise<SyncAnswer> {
  const cursor = cursorText === undefined ? undefined : decodeCursor(cursorText);
  return withTenant(db, actor.businessId, async (tx) => {
    const [, [position], changes] = await Promise.all([
      tx.query(ONE_SNAPSHOT, []),
      tx.query<PositionRow & object>(POSITION, []),
      cursor && changesSince(tx, { actor, xmin: cursor.xmin, limit: SYNC_LIMIT + 1 }),
    ]);
    if (!position) throw new Error('The database did not say where it stands.');
    const next = encodeCursor(actor, position);
    if (!cursor || !changes || !isUsable(cursor, actor, position)) {
      return { cursor: next, reset: true, changes: [] };
    }
    return { cursor: next, changes };
  });
}

/** @returns undefined where it is more than an answer may hold */
async function changesSince(tx: Transaction, since: Since): Promise<SyncChange[] | undefined> {
  const [sized, buried, ...others] = await Promise.all([
    Promise.all([
      changedWidgetData(tx, since),
      changedMessages(tx, since),
      changedAgents(tx, since),
      changedThemes(tx, since),
    ]),
    buriedRows(tx, since),
    changedWidgets(tx, since),
    changedDashboards(tx, since),
    changedBusiness(tx, since),
    changedMembers(tx, since),
    changedNotifications(tx, since),
    changedConversations(tx, since),
    changedRuns(tx, since),
    changedPreferences(tx, since),
  ]);
  const large = sized.filter((rows) => rows !== undefined);
  const bytes = large.reduce((sum, rows) => sum + rows.bytes, 0);
  if (large.length < sized.length || bytes > SYNC_DATA_BYTES) return undefined;
  // Widgets stand before their data: a replica takes no data of a widget that it holds as gone.
  const rows = [...others.flat(), ...large.flatMap(({ changes }) => changes)];
  if (rows.length + buried.length > SYNC_LIMIT) return undefined;
  return [...rows, ...latestOf(buried, new Set(rows.map((change) => `${change.kind} ${rowId(change)}`)))];
}

/** The last deletion of each row that is not visible again: one that is has a newer version than its tombstone. */
function latestOf(buried: readonly DeletedRow[], visible: ReadonlySet<string>): DeletedRow[] {
  const latest = new Map<string, DeletedRow>();
  for (const tombstone of buried) {
    const key = `${tombstone.kind} ${tombstone.id}`;
    const other = latest.get(key);
    if (!visible.has(key) && (!other || other.version < tombstone.version)) latest.set(key, tombstone);
  }
  return [...latest.values()];
}
