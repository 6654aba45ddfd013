import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { createBatcher } from '../../lib/batcher';
import { DELIVERY_COLUMNS, HAND_OVER, type Delivery } from './delivery';
import { LEASE_MS, RENEW_BELOW_MS } from './limits';
import type { ClaimedRun } from './types';

const RENEW: Statement = {
  name: 'run-renew',
  // No client sees a lease: the row keeps its version (db/migrations/0007-agents, the trigger). Why the ids stand there
  // again: domain/runs/reply.
  text: `
    with held as materialized (
      select r.id, c.deleted_at is not null or r.stop_requested_at is not null as "stopRequested",
             r.lease_until < now() + $4 * interval '1 ms' as ends
        from unnest($1::uuid[], $2::int[]) as given (id, epoch)
        join runs r on r.id = given.id and r.epoch = given.epoch and r.status = 'running'
        join conversations c on c.id = r.conversation_id
       where r.id = any($1::uuid[])
    ), locked as materialized (
      -- In their order, as all who lock several runs do; and asked again: a claim may have come first.
      select r.id from held join runs r on r.id = held.id
        join unnest($1::uuid[], $2::int[]) as given (id, epoch) on r.id = given.id and r.epoch = given.epoch
       where held.ends and r.status = 'running' and r.id = any($1::uuid[]) order by r.id for no key update of r
    ), renewed as (
      update runs r set lease_until = now() + $3 * interval '1 ms' from locked where r.id = locked.id returning r.id
    )
    select held.id, held."stopRequested", renewed.id is not null as renewed
      from held left join renewed on renewed.id = held.id`,
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
export type RenewRun = (run: ClaimedRun) => Promise<Renewal | undefined>;

/** Heartbeats of one business's runs that meet share a statement. */
export function createRenewRun(db: Database): RenewRun {
  const renew = createBatcher<ClaimedRun, Renewal | undefined>({
    idOf: ({ id }) => id,
    async run(businessId, runs) {
      const values = [runs.map(({ id }) => id), runs.map(({ epoch }) => epoch), LEASE_MS, RENEW_BELOW_MS];
      // A lease that a crash of Postgres forgets only ends earlier.
      const rows = await tenantStatement<Renewal & { id: string }>(db, businessId, RENEW, values, {
        durable: false,
      });
      const renewals = new Map(rows.map(({ id, ...renewal }) => [id, renewal]));
      return runs.map(({ id }) => renewals.get(id));
    },
  });
  return (run) => renew(run.businessId, run);
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
