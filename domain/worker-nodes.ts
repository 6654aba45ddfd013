import type { Database } from '../db/database';
import { systemStatement, type Statement } from '../db/scope';

/** A worker process that did not renew within this, ms, has no slots any more; it renews every 3 s. */
const WORKER_LEASE_MS = 10_000;

const RENEW: Statement = {
  name: 'worker-nodes-renew',
  text: `with gone as (delete from worker_nodes where lease_until < now() - interval '1 minute')
         insert into worker_nodes (node_id, slots, lease_until) values ($1, $2, now() + $3 * interval '1 ms')
         on conflict (node_id) do update set slots = excluded.slots, lease_until = excluded.lease_until`,
};
const LEAVE: Statement = { name: 'worker-nodes-leave', text: 'delete from worker_nodes where node_id = $1' };

/** Tells the sweep how many slots this process has. Across tenants: workers serve them all. */
export const renewWorkerNode = (db: Database, nodeId: string, slots: number): Promise<unknown> =>
  systemStatement(db, RENEW, [nodeId, slots, WORKER_LEASE_MS], { durable: false });

export const removeWorkerNode = (db: Database, nodeId: string): Promise<unknown> =>
  systemStatement(db, LEAVE, [nodeId]);
