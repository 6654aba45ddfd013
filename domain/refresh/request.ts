import { tenantStatement, type Statement } from '../../db/scope';
import type { Database } from '../../db/database';
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
  // FOR UPDATE: what `was` says is what the update finds, however many ask at once.
  text: `
    with was as materialized (
      select widget_id, claimed_at, again, lane, due_at <= now() as waiting,
             (select count(*) from widget_schedules
               where business_id = $2 and lane = 'interactive' and claimed_at is not null) < $4 as room
        from widget_schedules where widget_id = $1 for update
    )
    update widget_schedules s set
      claimed_at = case when was.claimed_at is null and was.room then now() else s.claimed_at end,
      claim_no = s.claim_no + (was.claimed_at is null and was.room)::int,
      lease_until = case when was.claimed_at is null and was.room
                    then now() + $5 * interval '1 ms' else s.lease_until end,
      again = was.claimed_at is not null,
      lane = case when was.claimed_at is null then 'interactive' else s.lane end,
      due_at = case when was.claimed_at is null and not was.room then least(s.due_at, now()) else s.due_at end,
      request_id = $3
    from was where s.widget_id = was.widget_id
    returning s.claim_no as "claimNo", was.claimed_at is null and was.room as claimed,
              case when was.claimed_at is null
                   then not (was.lane = 'interactive' and coalesce(was.waiting, false)) or was.room
                   else not was.again end as queued`,
};

export interface RefreshRequest {
  /** Set where this request made the claim: its job must be enqueued now. */
  claim: Claim | undefined;
  /** false when a refresh was already waiting, which will serve this request too. */
  queued: boolean;
}

/**
 * Someone asks for a refresh now. However many ask while one is under way, at most one more follows it.
 * A business above its share of on-demand slots waits in Postgres, and the sweep takes it in turn.
 * @returns undefined when the widget is gone
 */
export async function requestRefresh(
  db: Database,
  businessId: string,
  widgetId: string,
  requestId: string,
): Promise<RefreshRequest | undefined> {
  const [row] = await tenantStatement<{ claimNo: number; claimed: boolean; queued: boolean }>(
    db,
    businessId,
    REQUEST,
    [widgetId, businessId, requestId, INTERACTIVE_LIMIT, LEASE_MS],
  );
  if (!row) return undefined;
  return {
    claim: row.claimed ? { widgetId, businessId, claimNo: row.claimNo, requestId } : undefined,
    queued: row.queued,
  };
}
