import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement } from '../../db/scope';
import type { Place } from './connection';
import { LEAVE_GRACE_MS, SWEEP_PEOPLE } from './limits';
import { settle, type SettledDiff } from './settle';

/**
 * Who must be looked at again, whichever node they were on. All of it across tenants: a node that died served
 * all of them. Any node may do it, several at once too: the places' locks leave one diff for each change.
 */

const PLACE = 'business_id as "businessId", scope_id as "scopeId", user_id as "userId"';

const OVERDUE: Statement = {
  name: 'presence-overdue',
  text: `select ${PLACE} from presence_people where missing_since <= now() - $1 * interval '1 ms' limit $2`,
};

/** Announces the leaves whose grace is over. */
export async function settleOverdue(db: Database): Promise<SettledDiff[]> {
  const places = await systemStatement<Place & object>(db, OVERDUE, [LEAVE_GRACE_MS, SWEEP_PEOPLE]);
  if (places.length === 0) return [];
  return withSystem(db, (tx) => settle(tx, places, LEAVE_GRACE_MS), { durable: false });
}

const ON_NODES = `
    select business_id as "businessId", business_id as "scopeId", user_id as "userId"
      from presence_connections where node_id in (select node_id from nodes)
    union
    select d.business_id, d.dashboard_id, d.user_id
      from presence_dashboards d join presence_connections c on c.id = d.connection_id
     where c.node_id in (select node_id from nodes)`;

const ON_DEAD_NODES: Statement = {
  name: 'presence-on-dead-nodes',
  text: `with nodes as (select node_id from presence_nodes where lease_until < clock_timestamp() and node_id <> $1)
         ${ON_NODES}`,
};
const REMOVE_DEAD_NODES: Statement = {
  name: 'presence-remove-dead-nodes',
  // Asked again: one that renewed its lease in between lives on. Its connections go by cascade.
  text: `delete from presence_nodes where node_id in (
           select node_id from presence_nodes where lease_until < clock_timestamp() and node_id <> $1
            order by node_id for update)`,
};

/**
 * Removes the nodes whose lease ran out with everyone on them. Those who are nowhere else have been gone for as
 * long as the lease, and are announced at once.
 * @param nodeId this node: it knows that it is alive
 */
export async function settleDeadNodes(db: Database, nodeId: string): Promise<SettledDiff[]> {
  const places = await systemStatement<Place & object>(db, ON_DEAD_NODES, [nodeId]);
  if (places.length === 0) return [];
  return withSystem(
    db,
    async (tx) => {
      const [, diffs] = await Promise.all([tx.query(REMOVE_DEAD_NODES, [nodeId]), settle(tx, places, 0)]);
      return diffs;
    },
    { durable: false },
  );
}

const ON_NODE: Statement = {
  name: 'presence-on-node',
  text: `with nodes as (select $1::uuid as node_id) ${ON_NODES}`,
};
const REMOVE_NODE: Statement = {
  name: 'presence-remove-node',
  text: `delete from presence_nodes where node_id = $1`,
};

/** Takes a node that shuts down out, with everyone on it; they have the grace to come back on another. */
export async function settleLeavingNode(db: Database, nodeId: string): Promise<SettledDiff[]> {
  const places = await systemStatement<Place & object>(db, ON_NODE, [nodeId]);
  return withSystem(db, async (tx) => {
    const [, diffs] = await Promise.all([
      tx.query(REMOVE_NODE, [nodeId]),
      settle(tx, places, LEAVE_GRACE_MS),
    ]);
    return diffs;
  });
}

const GHOSTS: Statement = {
  name: 'presence-ghosts',
  text: `
    select ${PLACE} from presence_people p
     where missing_since is null and case when scope_id = business_id
       then not exists (select from presence_connections c
                         where c.business_id = p.business_id and c.user_id = p.user_id)
       else not exists (select from presence_dashboards d
                         where d.dashboard_id = p.scope_id and d.user_id = p.user_id) end
     limit $1`,
};

/** People whose last connection went without anyone noting it: a node died between the two. Their grace begins. */
export async function settleGhosts(db: Database): Promise<SettledDiff[]> {
  const places = await systemStatement<Place & object>(db, GHOSTS, [SWEEP_PEOPLE]);
  if (places.length === 0) return [];
  return withSystem(db, (tx) => settle(tx, places, LEAVE_GRACE_MS), { durable: false });
}
