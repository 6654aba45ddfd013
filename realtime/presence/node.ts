import { CRASHED_AT } from '../../db/crash-time';
import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement } from '../../db/scope';
import type { PresentConnection } from './connection';
import { LEASE_MS } from './limits';

/** Moves when Postgres came back from a crash: presence does not wait for the disk. */
const CRASH = `coalesce(extract(epoch from ${CRASHED_AT}), 0)::float8`;

const RENEW: Statement = {
  name: 'presence-renew',
  text: `update presence_nodes set lease_until = clock_timestamp() + $2 * interval '1 ms' where node_id = $1
         returning ${CRASH} as crash`,
};

/**
 * Says that this node is alive. Across tenants: a node serves all of them.
 * @returns a number that changes when Postgres crashed; undefined where others took this node for dead
 */
export async function renewLease(db: Database, nodeId: string): Promise<number | undefined> {
  const [row] = await systemStatement<{ crash: number }>(db, RENEW, [nodeId, LEASE_MS], { durable: false });
  return row?.crash;
}

const ADD_NODE: Statement = {
  name: 'presence-add-node',
  text: `insert into presence_nodes (node_id, lease_until) values ($1, clock_timestamp() + $2 * interval '1 ms')
         on conflict (node_id) do update set lease_until = excluded.lease_until
         returning ${CRASH} as crash`,
};
const ADD_CONNECTIONS: Statement = {
  name: 'presence-add-connections',
  text: `
    insert into presence_connections (id, node_id, business_id, user_id, session_id)
    select live.id, $1, live.business_id, live.user_id, live.session_id
      from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[]) as live (id, business_id, user_id, session_id)
      join memberships m on m.business_id = live.business_id and m.user_id = live.user_id
    on conflict (id) do nothing`,
};
const ADD_DASHBOARDS: Statement = {
  name: 'presence-add-dashboards',
  text: `
    insert into presence_dashboards (connection_id, dashboard_id, business_id, user_id)
    select c.id, d.id, d.business_id, c.user_id
      from unnest($1::uuid[], $2::uuid[]) as open (connection_id, dashboard_id)
      join presence_connections c on c.id = open.connection_id
      join dashboards d on d.id = open.dashboard_id and d.business_id = c.business_id
    on conflict do nothing`,
};
const DROP_CONNECTIONS: Statement = {
  name: 'presence-drop-connections',
  text: `delete from presence_connections where node_id = $1 and not (id = any($2::uuid[]))`,
};

/**
 * Writes down this node and everyone it serves, and nobody else under its name: at its start, after its lease ran
 * out while it was frozen, and after a crash of Postgres. Across tenants: a node serves all of them.
 */
export function registerNode(
  db: Database,
  nodeId: string,
  connections: readonly PresentConnection[],
): Promise<number> {
  const ids = connections.map((connection) => connection.id);
  const open = connections.flatMap(({ id, dashboards }) =>
    [...(dashboards ?? [])].map((dashboard) => [id, dashboard]),
  );
  return withSystem(
    db,
    async (tx) => {
      const [[node]] = await Promise.all([
        tx.query<{ crash: number }>(ADD_NODE, [nodeId, LEASE_MS]),
        tx.query(ADD_CONNECTIONS, [
          nodeId,
          ids,
          connections.map((connection) => connection.businessId),
          connections.map((connection) => connection.userId),
          connections.map((connection) => connection.sessionId),
        ]),
        tx.query(ADD_DASHBOARDS, [open.map(([id]) => id), open.map(([, dashboard]) => dashboard)]),
        tx.last(DROP_CONNECTIONS, [nodeId, ids]),
      ]);
      return node?.crash ?? 0;
    },
    { durable: false },
  );
}
