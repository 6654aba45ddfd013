import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { DELIVERY_COLUMNS, HAND_OVER, type Delivery } from './delivery';
import { LEASE_MS } from './limits';
import type { ClaimedRun } from './types';

const RENEW: Statement = {
  name: 'run-renew',
  text: `update runs set lease_until = now() + $3 * interval '1 ms'
          where id = $1 and epoch = $2 and status = 'running'
          returning stop_requested_at is not null as "stopRequested"`,
};

/**
 * A heartbeat, every HEARTBEAT_MS: renews the lease and says whether the person wants it stopped.
 * @returns undefined where another worker has the run: stop writing and spending
 */
export async function renewRun(
  db: Database,
  { businessId, id, epoch }: ClaimedRun,
): Promise<{ stopRequested: boolean } | undefined> {
  // A lease that a crash of Postgres forgets only ends earlier.
  const [row] = await tenantStatement<{ stopRequested: boolean }>(
    db,
    businessId,
    RENEW,
    [id, epoch, LEASE_MS],
    {
      durable: false,
    },
  );
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
