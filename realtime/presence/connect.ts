import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import type { PresentConnection } from './connection';
import { MAX_CONNECTIONS } from './limits';

const LOCK_PERSON: Statement = {
  name: 'presence-lock-person',
  // Counting and adding is one step: without it, twenty sockets that come at once would all count the same.
  text: `select pg_advisory_xact_lock(hashtextextended($1 || $2, 0))`,
};

const CONNECT: Statement = {
  name: 'presence-connect',
  text: `
    with others as materialized (
      select count(*) < $6 as fewer from presence_connections
       where business_id = $3 and user_id = $4 and id <> $1
    ), added as (
      insert into presence_connections (id, node_id, business_id, user_id, session_id)
      select $1, $2, $3, $4, $5 from others where fewer
      on conflict (id) do nothing
    )
    select fewer as allowed from others`,
};

/**
 * Adds a connection to a person's, over all nodes, in one round trip.
 * @returns false where they have {@link MAX_CONNECTIONS} already
 * @throws DatabaseError with `constraint` {@link NODE_GONE} where this node's row is gone
 */
export function addConnection(db: Database, nodeId: string, connection: PresentConnection): Promise<boolean> {
  const { id, businessId, userId, sessionId } = connection;
  return withTenant(
    db,
    businessId,
    async (tx) => {
      const [, [answer]] = await Promise.all([
        tx.query(LOCK_PERSON, [businessId, userId]),
        tx.last<{ allowed: boolean }>(CONNECT, [id, nodeId, businessId, userId, sessionId, MAX_CONNECTIONS]),
      ]);
      return answer?.allowed ?? false;
    },
    { durable: false },
  );
}

/** The foreign key that fails when others took this node for dead and removed it. */
export const NODE_GONE = 'presence_connections_node_id_fkey';
