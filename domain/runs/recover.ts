import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import { DELIVERY_COLUMNS, HAND_OVER, IS_FIRST, QUEUE_AGAIN, type Delivery } from './delivery';
import { HANDOVER_MAX_MS, HANDOVER_MS, LOST_BATCH } from './limits';
import { DECLINED_BY_TIME } from './tool-results';

/** Nobody claimed it for as long as its last handover may take. The exponent is capped before it overflows. */
const IS_OVERDUE = `r.enqueued_at <= now() - least($1 * power(2, least(r.deliveries, 10)), $2) * interval '1 ms'`;

/** As the index of queued runs says it (db/migrations/0013-open-rows). */
const IS_QUEUED = 'r.finished_at is null and r.lease_until is null and r.confirm_until is null';

const LOST: Statement = {
  name: 'runs-lost',
  text: `
    with queued as materialized (
      select r.id from runs r where r.status = 'queued' and ${IS_QUEUED} and ${IS_OVERDUE} and ${IS_FIRST}
       order by r.enqueued_at limit $3 for no key update skip locked
    ), dead as materialized (
      select r.id from runs r where r.status = 'running' and r.lease_until <= now() and ${IS_OVERDUE}
       order by r.lease_until limit $3 for no key update skip locked
    )
    update runs r set ${HAND_OVER}
      where r.id in (select id from queued union all select id from dead) returning ${DELIVERY_COLUMNS}`,
};

/**
 * Runs that nobody works on: queued with no claim since their handover (a lost job, a flushed Redis, a producer that
 * died before it enqueued), or running with a lease that ran out (a dead worker). Each is handed out once, however
 * many processes look; at most LOST_BATCH of either kind. Across tenants: a lost broker is everyone's.
 * @returns to be enqueued
 */
export const lostRuns = (db: Database): Promise<Delivery[]> =>
  systemStatement<Delivery & object>(db, LOST, [HANDOVER_MS, HANDOVER_MAX_MS, LOST_BATCH]);

const EXPIRED: Statement = {
  name: 'runs-unconfirmed',
  text: `
    with late as materialized (
      select r.id from runs r where r.status = 'waiting' and r.confirm_until <= now()
       order by r.confirm_until limit $1 for no key update skip locked
    ), declined as (
      update tool_calls t set status = 'declined', result = $2, decided_at = now(), finished_at = now()
      from late where t.run_id = late.id and t.status = 'waiting'
    )
    update runs r set ${QUEUE_AGAIN} from late where r.id = late.id returning ${DELIVERY_COLUMNS}`,
};

/**
 * Runs whose person said nothing for CONFIRM_LIMIT_MS: what they were asked counts as declined, and the run goes on.
 * Across tenants, as {@link lostRuns}.
 * @returns to be enqueued
 */
export const expiredConfirmations = (db: Database): Promise<Delivery[]> =>
  systemStatement<Delivery & object>(db, EXPIRED, [LOST_BATCH, DECLINED_BY_TIME]);
