import type { Database } from '../../db/database';
import { systemStatement, withTenant, type Statement, type Transaction } from '../../db/scope';
import { isStale } from '../presenters/widget-data';
import { nextDue, type Schedule } from './schedule';

/**
 * Which widgets someone is looking at: those of a dashboard with a viewer (presence_dashboards). They go ahead of
 * the others, and `refreshWhen: watched` is due only then. A claim under way is left alone; its end reads `watched`.
 *
 * Opening takes a business's lock shared, un-watching takes it alone: a viewer who comes while the last one's
 * widgets are let go is either seen by that, or finds them let go and takes them again.
 */
const OPENING: Statement = {
  name: 'watch-opening',
  text: `select pg_advisory_xact_lock_shared(hashtextextended('watch' || $1, 0))`,
};
const LETTING_GO: Statement = {
  name: 'watch-letting-go',
  text: `select pg_advisory_xact_lock(hashtextextended('watch' || $1, 0))`,
};

const WATCH: Statement = {
  name: 'watch-dashboard',
  // Locked in the order of ids, as every statement does that takes several of these rows.
  text: `
    with shown as materialized (
      select s.widget_id from dashboard_widgets dw join widget_schedules s using (widget_id)
       where dw.dashboard_id = $1 and not s.watched order by s.widget_id for update of s
    )
    update widget_schedules s set watched = true,
      lane = case when s.claimed_at is null then 'interactive' else s.lane end
    from shown join widgets w on w.id = shown.widget_id
    where s.widget_id = shown.widget_id
    returning s.widget_id as "widgetId", w.schedule, w.ttl_seconds as "ttlSeconds", s.refreshed_at as "refreshedAt",
      w.refresh_when = 'watched' and w.source ->> 'kind' <> 'push'
        and s.claimed_at is null and s.paused_at is null as waits`,
};

const SET_DUE: Statement = {
  name: 'watch-set-due',
  text: `
    update widget_schedules s set due_at = least(s.due_at, due.due_at)
    from unnest($1::uuid[], $2::timestamptz[]) as due (widget_id, due_at) where s.widget_id = due.widget_id`,
};

interface WatchedRow {
  widgetId: string;
  schedule: Schedule | null;
  ttlSeconds: number | null;
  refreshedAt: Date | null;
  /** Becomes due by being looked at. */
  waits: boolean;
}

/**
 * Someone looks at this dashboard. Call it in the transaction that adds the viewer. Costs nothing where its
 * widgets are watched already, and a second round trip where some become due.
 */
export async function watchDashboard(
  tx: Transaction,
  businessId: string,
  dashboardId: string,
): Promise<void> {
  const [, rows] = await Promise.all([
    tx.query(OPENING, [businessId]),
    tx.query<WatchedRow & object>(WATCH, [dashboardId]),
  ]);
  const now = new Date();
  const due = rows.filter((row) => row.waits).map((row) => ({ ...row, dueAt: dueWhenWatched(row, now) }));
  const set = due.filter((row) => row.dueAt !== null);
  if (set.length === 0) return;
  await tx.query(SET_DUE, [set.map((row) => row.widgetId), set.map((row) => row.dueAt)]);
}

/** At once where it was never refreshed, is stale, or missed a turn while nobody looked; else at its next turn. */
export function dueWhenWatched(row: Omit<WatchedRow, 'waits'>, now: Date): Date | null {
  if (!row.refreshedAt || isStale(row.refreshedAt, row.ttlSeconds, now.getTime())) return now;
  const next = nextDue(row.schedule, row.widgetId, row.refreshedAt);
  return next && next < now ? now : next;
}

const LET_GO: Statement = {
  name: 'watch-let-go',
  // A refresh that somebody asked for and that waits for its slot (it has a request_id) stays due.
  text: `
    with unseen as materialized (
      select s.widget_id from widget_schedules s
       where s.business_id = $1 and s.watched
         and ($2::uuid[] is null or s.widget_id in (
           select widget_id from dashboard_widgets where dashboard_id = any($2)))
         and not exists (
           select from dashboard_widgets dw join presence_dashboards p on p.dashboard_id = dw.dashboard_id
            where dw.widget_id = s.widget_id)
       order by s.widget_id for update of s
    )
    update widget_schedules s set watched = false,
      lane = case when s.claimed_at is null and s.request_id is null then 'scheduled' else s.lane end,
      due_at = case when w.refresh_when = 'watched' and s.claimed_at is null and s.request_id is null
                    then null else s.due_at end
    from unseen join widgets w on w.id = unseen.widget_id
    where s.widget_id = unseen.widget_id`,
};

/** Somebody left these dashboards: widgets on them that nobody looks at any more are let go. */
export function unwatchDashboards(
  db: Database,
  businessId: string,
  dashboardIds: readonly string[],
): Promise<void> {
  return letGo(db, businessId, dashboardIds);
}

/** @param dashboardIds null: the whole business */
function letGo(db: Database, businessId: string, dashboardIds: readonly string[] | null): Promise<void> {
  return withTenant(
    db,
    businessId,
    async (tx) => {
      await Promise.all([tx.query(LETTING_GO, [businessId]), tx.last(LET_GO, [businessId, dashboardIds])]);
    },
    { durable: false },
  );
}

const HAS_VIEWERS: Statement = {
  name: 'watch-has-viewers',
  text: `select from presence_dashboards where dashboard_id = $1 limit 1`,
};

/** A dashboard's layout changed: widgets that came onto it are watched if it is, those that went are let go. */
export async function rewatchDashboard(db: Database, businessId: string, dashboardId: string): Promise<void> {
  await letGo(db, businessId, null);
  await withTenant(db, businessId, async (tx) => {
    const viewers = await tx.query(HAS_VIEWERS, [dashboardId]);
    if (viewers.length > 0) await watchDashboard(tx, businessId, dashboardId);
  });
}

const ABANDONED: Statement = {
  name: 'watch-abandoned',
  text: `
    select distinct s.business_id as "businessId" from widget_schedules s
     where s.watched and not exists (
       select from dashboard_widgets dw join presence_dashboards p on p.dashboard_id = dw.dashboard_id
        where dw.widget_id = s.widget_id)`,
};
const OVERLOOKED: Statement = {
  name: 'watch-overlooked',
  text: `
    select distinct open.business_id as "businessId", open.dashboard_id as "dashboardId"
      from (select distinct business_id, dashboard_id from presence_dashboards) open
      join dashboard_widgets dw on dw.dashboard_id = open.dashboard_id
      join widget_schedules s on s.widget_id = dw.widget_id
     where not s.watched`,
};

/**
 * Brings `watched` in line with who is looking, where a crash came in between. Across tenants, as crashes are;
 * what is found is then mended business by business.
 */
export async function repairWatched(db: Database): Promise<void> {
  const [abandoned, overlooked] = await Promise.all([
    systemStatement<{ businessId: string }>(db, ABANDONED, []),
    systemStatement<{ businessId: string; dashboardId: string }>(db, OVERLOOKED, []),
  ]);
  for (const { businessId } of abandoned) await letGo(db, businessId, null);
  for (const { businessId, dashboardId } of overlooked) {
    await withTenant(db, businessId, (tx) => watchDashboard(tx, businessId, dashboardId), { durable: false });
  }
}
