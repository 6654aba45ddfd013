import type { Database } from '../../db/database';
import { unwatchDashboards, repairWatched } from '../../domain/refresh/watch';
import { HttpError } from '../../lib/errors';
import { newId } from '../../lib/ids';
import type { Logger } from '../../lib/logger';
import { periodically } from '../periodic';
import type { Publish } from '../publish';
import { createBatch } from './batch';
import { addConnection, NODE_GONE } from './connect';
import { placesOf, type PresentConnection } from './connection';
import { announceDiffs } from './announce';
import { keepLease } from './lease';
import { MAX_CONNECTIONS, REPAIR_MS, SWEEP_MS } from './limits';
import { listPresence, type PresenceList } from './list';
import type { SettledDiff } from './settle';
import { settleDeadNodes, settleGhosts, settleLeavingNode, settleOverdue } from './sweep';
import { addViewer, removeViewer } from './viewers';

/** Who is online and who looks at which dashboard, over all server nodes (product.md, Presence). */
export interface Presence {
  readonly nodeId: string;
  /** @throws HttpError 429 `too_many_connections` */
  connect(connection: PresentConnection): Promise<void>;
  disconnect(connection: PresentConnection): void;
  /** The caller has asked the policy. @returns false where the dashboard is gone by now */
  open(connection: PresentConnection, dashboardId: string): Promise<boolean>;
  close(connection: PresentConnection, dashboardId: string): Promise<void>;
  list(businessId: string, dashboardId?: string): Promise<PresenceList>;
  /** @param disconnectAll closes this node's sockets; they are taken out together, not one by one */
  stop(disconnectAll: () => void): Promise<void>;
}

interface PresenceContext {
  db: Database;
  logger: Logger;
  publish: Publish;
}

/** @param onRestored Postgres crashed: what was announced before it may be lost */
export async function createPresence(
  { db, logger, publish }: PresenceContext,
  onRestored: () => void,
): Promise<Presence> {
  const nodeId = newId();
  const connections = new Map<string, PresentConnection>();
  const unwatching = new Set<Promise<void>>();
  let stopping = false;

  function announce(diffs: SettledDiff[]): void {
    announceDiffs(publish, diffs);
    for (const [businessId, dashboardIds] of leftDashboards(diffs)) {
      const unwatched = unwatchDashboards(db, businessId, dashboardIds)
        .catch((error: unknown) => logger.warn({ err: error }, 'widgets stay watched until the next repair'))
        .finally(() => unwatching.delete(unwatched));
      unwatching.add(unwatched);
    }
  }

  const batch = createBatch(db, logger, announce);
  const lease = await keepLease({
    db,
    logger,
    nodeId,
    connections: () => [...connections.values()],
    onRestored(crashed) {
      for (const connection of connections.values()) batch.touch(placesOf(connection));
      if (crashed) onRestored();
    },
  });
  const periodic = [
    lease,
    periodically(SWEEP_MS, 'presence sweep', logger, async () => {
      announce(await settleDeadNodes(db, nodeId));
      announce(await settleOverdue(db));
    }),
    periodically(REPAIR_MS, 'presence repair', logger, async () => {
      announce(await settleGhosts(db));
      await repairWatched(db);
    }),
  ];

  async function add(connection: PresentConnection): Promise<boolean> {
    try {
      return await addConnection(db, nodeId, connection);
    } catch (error) {
      if (stopping || (error as { constraint?: string }).constraint !== NODE_GONE) throw error;
      await lease.register();
      return addConnection(db, nodeId, connection);
    }
  }

  return {
    nodeId,
    async connect(connection) {
      if (stopping) throw new HttpError(503, 'stopping', 'This server is shutting down. Connect again.');
      // Before the row, so that a registration at the same time does not take it for a leftover.
      connections.set(connection.id, connection);
      const isAllowed = await add(connection).catch((error: unknown) => {
        connections.delete(connection.id);
        throw error;
      });
      if (!isAllowed) {
        connections.delete(connection.id);
        throw new HttpError(
          429,
          'too_many_connections',
          `At most ${MAX_CONNECTIONS} connections are allowed.`,
        );
      }
      batch.touch(placesOf(connection));
    },
    disconnect(connection) {
      if (!connections.delete(connection.id) || stopping) return;
      batch.remove(connection.id, placesOf(connection));
    },
    async open(connection, dashboardId) {
      if (connection.dashboards?.has(dashboardId)) return true;
      try {
        await addViewer(db, connection, dashboardId);
      } catch (error) {
        if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) return false;
        throw error;
      }
      (connection.dashboards ??= new Set()).add(dashboardId);
      batch.touch([{ ...placeOf(connection), scopeId: dashboardId }]);
      return true;
    },
    async close(connection, dashboardId) {
      if (!connection.dashboards?.has(dashboardId)) return;
      await removeViewer(db, connection, dashboardId);
      connection.dashboards.delete(dashboardId);
      batch.touch([{ ...placeOf(connection), scopeId: dashboardId }]);
    },
    list: (businessId, dashboardId) => listPresence(db, businessId, dashboardId),
    async stop(disconnectAll) {
      stopping = true;
      disconnectAll();
      await Promise.all([batch.stop(), ...periodic.map((task) => task.stop())]);
      announce(await settleLeavingNode(db, nodeId));
      await Promise.all(unwatching);
    },
  };
}

/** The dashboard, or the connection itself, was deleted meanwhile. */
const FOREIGN_KEY_VIOLATION = '23503';

const placeOf = ({ businessId, userId }: PresentConnection) => ({ businessId, userId });

/** Dashboards that somebody left, by business: each may have lost its last viewer. */
function leftDashboards(diffs: readonly SettledDiff[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { businessId, scopeId, leaves } of diffs) {
    if (leaves.length === 0 || scopeId === businessId) continue;
    groups.set(businessId, [...(groups.get(businessId) ?? []), scopeId]);
  }
  return groups;
}
