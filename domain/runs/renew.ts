import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { DELIVERY_COLUMNS, HAND_OVER, type Delivery } from './delivery';
import { LEASE_MS, RENEW_BELOW_MS } from './limits';
import type { ClaimedRun } from './types';

const RENEW: Statement = {
  name: 'run-renew',
  // No client sees a lease: without updated_at the row keeps its version (db/migrations/0007-agents).
  text: `
    with renewed as (
      update runs set lease_until = now() + $3 * interval '1 ms'
       where id = $1 and epoch = $2 and status = 'running' and lease_until < now() + $4 * interval '1 ms' returning id
    )
    select r.stop_requested_at is not null or c.deleted_at is not null as "stopRequested",
           exists (select from renewed) as renewed
      from runs r join conversations c on c.id = r.conversation_id
     where r.id = $1 and r.epoch = $2 and r.status = 'running'`,
};

export interface Renewal {
  /** The lease lasts LEASE_MS from now. Not renewed, it lasts for RENEW_BELOW_MS at least. */
  renewed: boolean;
  /** The person wants it stopped, or deleted its conversation. */
  stopRequested: boolean;
}

/**
 * A heartbeat, every HEARTBEAT_MS: renews a lease that has less than RENEW_BELOW_MS left, and says whether the run is
 * to be stopped.
 * @returns undefined where another worker has the run: stop writing and spending
 */
export async function renewRun(
  db: Database,
  { businessId, id, epoch }: ClaimedRun,
): Promise<Renewal | undefined> {
  const values = [id, epoch, LEASE_MS, RENEW_BELOW_MS];
  // A lease that a crash of Postgres forgets only ends earlier.
  const [row] = await tenantStatement<Renewal & object>(db, businessId, RENEW, values, { durable: false });
  return row;
}

const HAND_BACK: Statement = {
  name: 'run-hand-back',
  text: `update runs r set status = 'queued', lease_until = null, updated_at = now(), ${HAND_OVER}
          where r.id = $1 and r.epoch = $2 and r.status = 'running' returning ${DELIVERY_COLUMNS}`,
};

/**
 * Gives a run back that this process can't finish, because it stops: no crash, and the next worker goes on behind
 * the last finished turn.
 * @returns to be enqueued; undefined where another worker has it
 */
export async function handBackRun(
  db: Database,
  { businessId, id, epoch }: ClaimedRun,
): Promise<Delivery | undefined> {
  const [row] = await tenantStatement<Delivery & object>(db, businessId, HAND_BACK, [id, epoch]);
  return row;
}
