import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import { HANDOVER_MS, LEASE_MS } from './limits';
import type { Claim } from './request';

const UNSTARTED: Statement = {
  name: 'refresh-unstarted',
  text: `select widget_id as "widgetId", business_id as "businessId", claim_no as "claimNo",
                coalesce(request_id, 'recovered') as "requestId"
           from widget_schedules
          where claimed_at < now() - $1 * interval '1 ms' and started_at is null and lease_until > now()
          limit 1000`,
};

const EXPIRED: Statement = {
  name: 'refresh-expired',
  // A start whose lease ran out is a worker that died (or froze) at it, and counts as one.
  text: `
    with dead as materialized (
      select widget_id from widget_schedules where claimed_at is not null and lease_until <= now()
       limit 500 for update skip locked
    )
    update widget_schedules s set
      claim_no = s.claim_no + 1, claimed_at = now(), lease_until = now() + $1 * interval '1 ms',
      crashes = s.crashes + (s.started_at is not null)::int, started_at = null
    from dead where s.widget_id = dead.widget_id
    returning s.widget_id as "widgetId", s.business_id as "businessId", s.claim_no as "claimNo",
              coalesce(s.request_id, 'recovered') as "requestId"`,
};

/**
 * Claims whose job the broker may have lost: never started for {@link HANDOVER_MS}. Enqueue them again under
 * the same job id, which does nothing where the job is still there. Across tenants: a lost broker is everyone's.
 */
export const unstartedClaims = (db: Database): Promise<Claim[]> =>
  systemStatement<Claim & object>(db, UNSTARTED, [HANDOVER_MS]);

/** Claims whose lease ran out, claimed anew for another worker. Across tenants, as {@link unstartedClaims}. */
export const reclaimExpired = (db: Database): Promise<Claim[]> =>
  systemStatement<Claim & object>(db, EXPIRED, [LEASE_MS]);
