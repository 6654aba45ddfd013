import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { WidgetSource } from '../widgets/source-schemas';
import type { Schedule } from './schedule';
import { LEASE_MS } from './limits';
import type { Claim } from './request';

/** A claimed refresh in a worker's hands: the widget as it was when it began. */
export interface RunningRefresh extends Claim {
  /** Only the holder of the newest fence may write; a frozen twin that wakes up is refused. */
  fence: number;
  crashes: number;
  failures: number;
  name: string;
  type: string;
  ownerId: string | null;
  scope: 'business' | 'user';
  ttlSeconds: number | null;
  source: WidgetSource;
  schedule: Schedule | null;
  /** widgets.version: an edit while the source runs makes its result worthless. */
  definitionVersion: number;
  connection: {
    id: string;
    kind: 'postgres' | 'http';
    config: Record<string, unknown>;
    secret: string | null;
  } | null;
}

const START: Statement = {
  name: 'refresh-start',
  // $3: the broker says that an earlier start of this very job never ended, so its worker is dead to us.
  text: `
    update widget_schedules s set
      started_at = now(), fence = s.fence + 1, lease_until = now() + $4 * interval '1 ms',
      crashes = s.crashes + (s.started_at is not null)::int
    from widgets w left join connections c on c.business_id = w.business_id and c.id = w.connection_id
    where s.widget_id = $1 and s.claim_no = $2 and s.claimed_at is not null
      and (s.started_at is null or $3) and w.id = s.widget_id
    returning s.fence, s.crashes, s.failures, w.name, w.type, w.owner_id as "ownerId", w.scope,
      w.ttl_seconds as "ttlSeconds", w.source, w.schedule, w.version as "definitionVersion",
      case when c.id is not null then json_build_object(
        'id', c.id, 'kind', c.kind, 'config', c.config, 'secret', c.secret) end as connection`,
};

/**
 * Takes a claimed refresh in hand and gives it a new fence.
 * @param redelivered the broker started this job before (BullMQ's attemptsStarted above 1)
 * @returns undefined when the claim is over, or another worker has it: then there is nothing to do
 */
export async function startRefresh(
  db: Database,
  claim: Claim,
  redelivered: boolean,
): Promise<RunningRefresh | undefined> {
  const [row] = await tenantStatement<Omit<RunningRefresh, keyof Claim>>(
    db,
    claim.businessId,
    START,
    [claim.widgetId, claim.claimNo, redelivered, LEASE_MS],
    // Redone by the next worker if lost; the write that matters is the one that ends it.
    { durable: false },
  );
  return row && { ...claim, ...row };
}

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
      lease_until = case when s.again then now() + $4 * interval '1 ms' end,
      claim_no = s.claim_no + s.again::int,
      lane = case when s.again or s.watched then 'interactive' else 'scheduled' end,
      request_id = case when s.again then s.request_id end,
      again = false`;

const HELD = `s.widget_id = $1 and s.claim_no = $2 and s.fence = $3 and s.started_at is not null
      and w.id = s.widget_id`;

const FINISH: Statement = {
  name: 'refresh-finish',
  text: `
    with released as (
      update widget_schedules s set ${RELEASE},
        failures = 0, crashes = 0, paused_at = null,
        refreshed_at = case when w.version = $5 then now() else s.refreshed_at end,
        due_at = case when w.version <> $5 then now()
                      when w.refresh_when = 'always' or s.watched then $8::timestamptz end
      from widgets w where ${HELD}
      returning s.widget_id, s.business_id, s.claim_no, s.claimed_at is not null as again, s.request_id,
                s.refreshed_at, w.version = $5 as current
    ), written as (
      update widget_data d set data = $6::json, data_hash = $7, status = 'ok', error = null
      from released r, widget_data old
      where d.widget_id = r.widget_id and old.widget_id = r.widget_id and r.current
        and (d.status <> 'ok'
             or (d.data_hash is distinct from $7 and d.data::jsonb is distinct from $6::jsonb))
      returning d.widget_id, d.business_id, d.version, old.data_hash is distinct from $7 as changed
    ), kept as (
      insert into widget_data_history (widget_id, business_id, version, data)
      select widget_id, business_id, version, $6::json from written where changed
    )
    select r.claim_no as "claimNo", r.again, r.request_id as "requestId", r.refreshed_at as "refreshedAt",
           written.version, 'ok' as status, null as "notificationId"
      from released r left join written on true`,
};

const FAIL: Statement = {
  name: 'refresh-fail',
  text: `
    with released as (
      update widget_schedules s set ${RELEASE},
        failures = s.failures + 1,
        paused_at = case when $8 then now() else s.paused_at end,
        due_at = case when $8 then null
                      when w.version <> $5 then now()
                      when w.schedule is not null and (w.refresh_when = 'always' or s.watched)
                      then now() + $9 * interval '1 ms' end
      from widgets w where ${HELD}
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
    select r.claim_no as "claimNo", r.again, r.request_id as "requestId", r.refreshed_at as "refreshedAt",
           written.version, $6 as status, told.id as "notificationId"
      from released r left join written on true left join told on true`,
};

interface EndRow {
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

/**
 * Ends a refresh with its data, in one statement: the claim released, the data and its history written where
 * they changed, the next due time set.
 * @param json the data as JSON text; `hash` its SHA-256
 * @param nextDue null where nothing is scheduled
 * @returns undefined when the fence refused it: a newer start has the widget, and nothing was written
 */
export async function finishRefresh(
  db: Database,
  running: RunningRefresh,
  result: { json: string; hash: string; nextDue: Date | null },
): Promise<RefreshOutcome | undefined> {
  const [row] = await tenantStatement<EndRow>(db, running.businessId, FINISH, [
    running.widgetId,
    running.claimNo,
    running.fence,
    LEASE_MS,
    running.definitionVersion,
    result.json,
    result.hash,
    result.nextDue,
  ]);
  return row && outcomeOf(running, row);
}

/**
 * Ends a refresh with a reason; the last good data stays. `pause` also writes the owner's notification.
 * @param retryMs until the next try
 * @returns undefined when the fence refused it
 */
export async function failRefresh(
  db: Database,
  running: RunningRefresh,
  failure: { code: string; message: string; pause: boolean; retryMs: number; notificationId: string },
): Promise<RefreshOutcome | undefined> {
  const [row] = await tenantStatement<EndRow>(db, running.businessId, FAIL, [
    running.widgetId,
    running.claimNo,
    running.fence,
    LEASE_MS,
    running.definitionVersion,
    failure.pause ? 'paused' : 'failing',
    JSON.stringify({ code: failure.code, message: failure.message }),
    failure.pause,
    failure.retryMs,
    failure.notificationId,
  ]);
  return row && outcomeOf(running, row);
}
