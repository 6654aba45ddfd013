import { checkSessions } from '../../domain/accounts/sessions';
import { findConversationAccesses } from '../../domain/conversations/access';
import { findDashboardAccesses } from '../../domain/dashboards/access';
import { conversationPolicy } from '../../domain/policies/conversation';
import { dashboardPolicy } from '../../domain/policies/dashboard';
import { periodically, type Periodic } from '../../realtime/periodic';
import { conversationRoom, dashboardRoom } from '../../realtime/rooms';
import type { SocketContext } from './context';
import { NEWCOMER_CHECK_MS, REVOCATION_CHECK_MS } from './limits';
import type { ClientSocket, SocketServer } from './socket';

export interface Revocation extends Periodic {
  /** A socket that was let in on what the authenticator remembered: its session is asked soon. */
  admit(socket: ClientSocket): void;
}

/**
 * Ends the sockets whose session was revoked, ran out or lost its membership, and takes away what a person may no
 * longer see (promise 7: within 5 s). One statement for all sessions of this process, however many.
 */
export function endRevoked(io: SocketServer, context: SocketContext): Revocation {
  let newcomers: ClientSocket[] = [];
  let checkedAt = Date.now();
  const periodic = periodically(NEWCOMER_CHECK_MS, 'socket revocation', context.logger, async () => {
    const isFullCheck = Date.now() - checkedAt >= REVOCATION_CHECK_MS - NEWCOMER_CHECK_MS / 2;
    const sockets = isFullCheck ? [...io.sockets.sockets.values()] : newcomers;
    newcomers = [];
    if (isFullCheck) checkedAt = Date.now();
    if (sockets.length === 0) return;
    try {
      await checkSocketSessions(sockets, context);
    } catch (error) {
      if (!isFullCheck) newcomers.push(...sockets);
      throw error;
    }
    if (isFullCheck)
      await Promise.all([checkOpenDashboards(sockets, context), checkOpenConversations(sockets, context)]);
  });
  return { admit: (socket) => void newcomers.push(socket), stop: periodic.stop };
}

async function checkSocketSessions(sockets: readonly ClientSocket[], { db }: SocketContext): Promise<void> {
  const sessionIds = new Set(sockets.map((socket) => socket.data.actor.sessionId));
  const live = await checkSessions(db, [...sessionIds]);
  for (const socket of sockets) {
    const { actor } = socket.data;
    const state = live.get(actor.sessionId);
    if (state?.userId !== actor.userId || state.businessId !== actor.businessId) {
      socket.emit('session.revoked', { reason: 'session_ended' });
      socket.disconnect(true);
    } else if (state.role !== actor.role || state.operator !== actor.operator) {
      socket.data.actor = { ...actor, role: state.role, operator: state.operator };
    }
  }
}

/** A dashboard that became private, or a role that no longer reads it: its room and its viewers are left. */
async function checkOpenDashboards(
  sockets: readonly ClientSocket[],
  { db, presence }: SocketContext,
): Promise<void> {
  const viewing = sockets.filter((socket) => socket.connected && socket.data.connection.dashboards?.size);
  const open = new Set(viewing.flatMap((socket) => [...(socket.data.connection.dashboards ?? [])]));
  if (open.size === 0) return;
  const access = await findDashboardAccesses(db, [...open]);
  for (const socket of viewing) {
    for (const dashboardId of socket.data.connection.dashboards ?? []) {
      // Opened while the others were asked about: its rights were checked just then.
      if (!open.has(dashboardId)) continue;
      const dashboard = access.get(dashboardId);
      if (dashboard && dashboardPolicy.read(socket.data.actor, dashboard)) continue;
      await socket.leave(dashboardRoom(dashboardId));
      await presence.close(socket.data.connection, dashboardId);
    }
  }
}

/** A conversation that was deleted: its room is left, wherever it was deleted. */
async function checkOpenConversations(
  sockets: readonly ClientSocket[],
  { db }: SocketContext,
): Promise<void> {
  const talking = sockets.filter((socket) => socket.connected && socket.data.conversations?.size);
  const open = new Set(talking.flatMap((socket) => [...(socket.data.conversations ?? [])]));
  if (open.size === 0) return;
  const access = await findConversationAccesses(db, [...open]);
  for (const socket of talking) {
    for (const conversationId of socket.data.conversations ?? []) {
      if (!open.has(conversationId)) continue;
      const conversation = access.get(conversationId);
      if (conversation && conversationPolicy.read(socket.data.actor, conversation)) continue;
      socket.data.conversations?.delete(conversationId);
      await socket.leave(conversationRoom(conversationId));
    }
  }
}
