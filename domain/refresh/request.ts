import type { Knex } from 'knex';
import { tenantStatement, type Statement } from '../../db/scope';
import type { Database } from '../../db/database';
import { trxStatement } from '../../db/trx-statement';
import { createBatcher } from '../../lib/batcher';
import { INTERACTIVE_LIMIT, LEASE_MS } from './limits';

/** A widget claimed for one refresh; the payload of its job. */
export interface Claim {
  widgetId: string;
  businessId: string;
  claimNo: number;
  requestId: string;
}

const REQUEST: Statement = {
  name: 'refresh-request',
  // Locked in the order of ids, as every statement that takes several of these rows does: no deadlock. What `was`
  // says is what the update finds, however many ask at once.
  text: `
    with asked as (
      select * from unnest($1::uuid[], $2::text[]) as asked (widget_id, request_id)
    ), room as (
      select $4 - count(*) as room from widget_schedules
       where business_id = $3 and lane = 'interactive' and claimed_at is not null
    ), locked as materialized (
      select s.widget_id, s.claimed_at, s.again, s.lane, s.due_at, asked.request_id
        from widget_schedules s join asked using (widget_id) order by s.widget_id for update of s
    ), was as (
      select locked.*, claimed_at is null
               and row_number() over (partition by claimed_at is null order by widget_id) <= room.room as claim
        from locked cross join room
    )
    update widget_schedules s set
      claimed_at = case when was.claim then now() else s.claimed_at end,
      claim_no = s.claim_no + was.claim::int,
      lease_until = case when was.claim then now() + $5 * interval '1 ms' else s.lease_until end,
      again = was.claimed_at is not null,
      lane = case when was.claimed_at is null then 'interactive' else s.lane end,
      due_at = case when was.claimed_at is null and not was.claim then least(s.due_at, now()) else s.due_at end,
      request_id = was.request_id
    from was where s.widget_id = was.widget_id
    returning s.widget_id as "widgetId", s.claim_no as "claimNo", was.claim as claimed,
              case when was.claimed_at is not null then not was.again
                   else was.claim or not (was.lane = 'interactive' and coalesce(was.due_at <= now(), false))
              end as queued`,
};

export interface RefreshRequest {
  /** Set where this request made the claim: its job must be enqueued now. */
  claim: Claim | undefined;
  /** false when a refresh was already waiting, which will serve this request too. */
  queued: boolean;
}

interface Asked {
  widgetId: string;
  requestId: string;
}

/** Asks for a refresh of a widget of the business. Resolves to undefined when the widget is gone. */
export type RequestRefresh = (businessId: string, asked: Asked) => Promise<RefreshRequest | undefined>;

/**
 * Someone asks for a refresh now. However many ask while one is under way, at most one more follows it.
 * A business above its share of on-demand slots waits in Postgres, and the sweep takes it in turn.
 */
export const createRequestRefresh = (db: Database): RequestRefresh =>
  createBatcher<Asked, RefreshRequest | undefined>({
    idOf: ({ widgetId }) => widgetId,
    run: async (businessId, asked) =>
      answersOf(
        businessId,
        asked,
        await tenantStatement<RequestRow>(db, businessId, REQUEST, valuesOf(businessId, asked)),
      ),
  });

/** The same for one widget, in the caller's transaction of the business: a claim's job is enqueued after the commit. */
export async function requestRefreshWithin(
  trx: Knex.Transaction,
  businessId: string,
  asked: Asked,
): Promise<RefreshRequest | undefined> {
  const rows = await trxStatement<RequestRow>(trx, REQUEST, valuesOf(businessId, [asked]));
  return answersOf(businessId, [asked], rows)[0];
}

interface RequestRow {
  widgetId: string;
  claimNo: number;
  claimed: boolean;
  queued: boolean;
}

const valuesOf = (businessId: string, asked: readonly Asked[]): unknown[] => [
  asked.map(({ widgetId }) => widgetId),
  asked.map(({ requestId }) => requestId),
  businessId,
  INTERACTIVE_LIMIT,
  LEASE_MS,
];

function answersOf(businessId: string, asked: readonly Asked[], rows: readonly RequestRow[]) {
  const found = new Map(rows.map((row) => [row.widgetId, row]));
  return asked.map(({ widgetId, requestId }): RefreshRequest | undefined => {
    const row = found.get(widgetId);
    return (
      row && {
        claim: row.claimed ? { widgetId, businessId, claimNo: row.claimNo, requestId } : undefined,
        queued: row.queued,
      }
    );
  });
}
