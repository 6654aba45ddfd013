import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { createBatcher } from '../../lib/batcher';
import { LEASE_MS } from './limits';
import type { Claim } from './request';
import type { RunningRefresh } from './start';

/** What became of a refresh, for the one event it may cause. */
export interface RefreshOutcome {
  /** Set where the row that clients see was written: its new version. Otherwise nothing is announced. */
  written: { version: number; status: 'ok' | 'failing' | 'paused' } | undefined;
  refreshedAt: Date | null;
  /** Someone asked again meanwhile: the next claim, to be enqueued. */
  next: Claim | undefined;
  /** Set where this failure paused the widget: the owner's notification. */
  notificationId: string | undefined;
}

/** A row released from its claim; claimed anew at once where someone asked meanwhile. */
const RELEASE = `
        started_at = null,
        claimed_at = case when s.again then now() end,
        lease_until = case when s.again then now() + $1 * interval '1 ms' end,
        claim_no = s.claim_no + s.again::int,
        lane = case when s.again or s.watched then 'interactive' else 'scheduled' end,
        request_id = case when s.again then s.request_id end,
        again = false`;

const FINISH: Statement = {
  name: 'refresh-finish',
  // The definition is locked, so that an edit that commits right now is seen or comes after; before the schedule, as
  // edits and deletions take the two: no deadlock.
  text: `
    with ended as (
      select * from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                           $8::timestamptz[])
        as ended (widget_id, claim_no, fence, definition_version, data, data_hash, next_due)
    ), definition as materialized (
      select w.id as widget_id, w.version, w.refresh_when from widgets w join ended on ended.widget_id = w.id
       order by w.id for share of w
    ), held as materialized (
      select s.widget_id, definition.refresh_when, definition.version = ended.definition_version as current
        from definition join ended using (widget_id) join widget_schedules s using (widget_id, claim_no, fence)
       where s.started_at is not null order by s.widget_id for update of s
    ), released as (
      update widget_schedules s set ${RELEASE},
        failures = 0, crashes = 0, paused_at = null,
        refreshed_at = case when held.current then now() else s.refreshed_at end,
        due_at = case when not held.current then now()
                      when held.refresh_when = 'always' or s.watched then ended.next_due end
      from held join ended using (widget_id)
      where s.widget_id = held.widget_id
      returning s.widget_id, s.business_id, s.claim_no, s.claimed_at is not null as again, s.request_id,
                s.refreshed_at, held.current
    ), written as (
      update widget_data d set data = ended.data::json, data_hash = ended.data_hash, status = 'ok', error = null
      from released r join ended using (widget_id) join widget_data old using (widget_id)
      where d.widget_id = r.widget_id and r.current
        and (d.status <> 'ok' or d.data is null
             or (d.data_hash is distinct from ended.data_hash and d.data::jsonb <> ended.data::jsonb))
      returning d.widget_id, d.business_id, d.version, ended.data,
                old.data_hash is distinct from ended.data_hash as changed
    ), kept as (
      insert into widget_data_history (widget_id, business_id, version, data)
      select widget_id, business_id, version, data::json from written where changed
    )
    select r.widget_id as "widgetId", r.claim_no as "claimNo", r.again, r.request_id as "requestId",
           r.refreshed_at as "refreshedAt", written.version, 'ok' as status, null as "notificationId"
      from released r left join written using (widget_id)`,
};

const FAIL: Statement = {
  name: 'refresh-fail',
  text: `
    with definition as materialized (
      select id, name, owner_id, schedule, refresh_when, version from widgets where id = $2 for share
    ), released as (
      update widget_schedules s set ${RELEASE},
        failures = case when w.version = $5 then s.failures + 1 else 0 end,
        paused_at = case when $8 and w.version = $5 then now() else s.paused_at end,
        due_at = case when w.version <> $5 then now()
                      when $8 then null
                      when w.schedule is not null and (w.refresh_when = 'always' or s.watched)
                      then now() + $9 * interval '1 ms' end
      from definition w
      where s.widget_id = $2 and s.claim_no = $3 and s.fence = $4 and s.started_at is not null
        and w.id = s.widget_id
      returning s.widget_id, s.business_id, s.claim_no, s.claimed_at is not null as again, s.request_id,
                s.refreshed_at, w.name, w.owner_id, w.version = $5 as current
    ), written as (
      update widget_data d set status = $6, error = $7::jsonb
      from released r, widget_data old
      where d.widget_id = r.widget_id and old.widget_id = r.widget_id and r.current
        and (d.status <> $6 or d.error is distinct from $7::jsonb)
      returning d.version, d.status, old.status as was
    ), told as (
      insert into notifications (id, business_id, user_id, type, title, body, subject)
      select $10, r.business_id, m.user_id, 'widget.paused', 'Widget "' || r.name || '" is paused',
             $7::jsonb ->> 'message', jsonb_build_object('widgetId', r.widget_id)
        from released r join written on written.status = 'paused' and written.was <> 'paused'
        join memberships m on m.business_id = r.business_id and m.user_id = r.owner_id
      returning id
    )
    select r.widget_id as "widgetId", r.claim_no as "claimNo", r.again, r.request_id as "requestId", r.refreshed_at as "refreshedAt",
           written.version, $6 as status, told.id as "notificationId"
      from released r left join written on true left join told on true`,
};

interface EndRow {
  widgetId: string;
  claimNo: number;
  again: boolean;
  requestId: string | null;
  refreshedAt: Date | null;
  version: number | null;
  status: 'ok' | 'failing' | 'paused';
  notificationId: string | null;
}

const outcomeOf = (running: RunningRefresh, row: EndRow): RefreshOutcome => ({
  written: row.version === null ? undefined : { version: row.version, status: row.status },
  refreshedAt: row.refreshedAt,
  next: row.again
    ? {
        widgetId: running.widgetId,
        businessId: running.businessId,
        claimNo: row.claimNo,
        requestId: row.requestId ?? running.requestId,
      }
    : undefined,
  notificationId: row.notificationId ?? undefined,
});

const HAND_BACK: Statement = {
  name: 'refresh-hand-back',
  text: `update widget_schedules set claimed_at = null, started_at = null, lease_until = null, due_at = now()
          where widget_id = $1 and claim_no = $2 and fence = $3 and started_at is not null returning widget_id`,
};

/**
 * Gives a refresh back that this process can't finish (it stops, or lost its job): due at once, and no failure.
 * @returns false where a newer start has the widget
 */
export async function handBackRefresh(db: Database, running: RunningRefresh): Promise<boolean> {
  const { businessId, widgetId, claimNo, fence } = running;
  return (await tenantStatement(db, businessId, HAND_BACK, [widgetId, claimNo, fence])).length > 0;
}

export interface Finish {
  running: RunningRefresh;
  /** The data as JSON text, and its SHA-256. */
  json: string;
  hash: string;
  /** null where nothing is scheduled. */
  nextDue: Date | null;
}

/**
 * Ends a refresh with its data, in one statement: the claim released, the data and its history written where they
 * changed, the next due time set. Resolves to undefined when the fence refused it: a newer start has the widget,
 * and nothing was written.
 */
export type FinishRefresh = (finish: Finish) => Promise<RefreshOutcome | undefined>;

export function createFinishRefresh(db: Database): FinishRefresh {
  const finish = createBatcher<Finish, RefreshOutcome | undefined>({
    idOf: ({ running }) => running.widgetId,
    async run(businessId, ends) {
      const rows = await tenantStatement<EndRow>(db, businessId, FINISH, [
        LEASE_MS,
        ends.map(({ running }) => running.widgetId),
        ends.map(({ running }) => running.claimNo),
        ends.map(({ running }) => running.fence),
        ends.map(({ running }) => running.definitionVersion),
        ends.map(({ json }) => json),
        ends.map(({ hash }) => hash),
        ends.map(({ nextDue }) => nextDue),
      ]);
      const ended = new Map(rows.map((row) => [row.widgetId, row]));
      return ends.map(({ running }) => {
        const row = ended.get(running.widgetId);
        return row && outcomeOf(running, row);
      });
    },
  });
  return (item) => finish(item.running.businessId, item);
}

/**
 * Ends a refresh with a reason; the last good data stays. `pause` also writes the owner's notification. What an
 * edited widget's old definition failed with counts for nothing: the new one runs at once.
 * @param retryMs until the next try
 * @returns undefined when the fence refused it
 */
export async function failRefresh(
  db: Database,
  running: RunningRefresh,
  failure: { code: string; message: string; pause: boolean; retryMs: number; notificationId: string },
): Promise<RefreshOutcome | undefined> {
  const [row] = await tenantStatement<EndRow>(db, running.businessId, FAIL, [
    LEASE_MS,
    running.widgetId,
    running.claimNo,
    running.fence,
    running.definitionVersion,
    failure.pause ? 'paused' : 'failing',
    JSON.stringify({ code: failure.code, message: failure.message }),
    failure.pause,
    failure.retryMs,
    failure.notificationId,
  ]);
  return row && outcomeOf(running, row);
}
