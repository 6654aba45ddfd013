import { withSystem } from '../../db/scope';
import { revokeSessions, type EndedSessions, type SessionsOf } from '../../domain/accounts/revoke';
import type { AuditOrigin } from '../../domain/audit/record';
import { sessionRoom } from '../../realtime/rooms';
import type { ServerContext } from '../context';

type Announcing = Pick<ServerContext, 'authenticator' | 'publish' | 'broker'>;

/**
 * Tells what was revoked, after the commit: this process forgets what it remembered of the sessions, and their
 * sockets on every node are told and closed. Where the broker is away, the nodes see it in the database within 5 s.
 * @param reason what clients are told: `logout`, `password_changed`, ...
 */
export function announceEnded(
  { authenticator, publish, broker }: Announcing,
  sessionIds: EndedSessions,
  reason: string,
): void {
  if (sessionIds.length === 0) return;
  for (const sessionId of sessionIds) authenticator.forget(sessionId);
  const rooms = sessionIds.map(sessionRoom);
  publish(rooms, 'session.revoked', { reason });
  broker.rooms.disconnect(rooms);
}

/**
 * Ends a person's sessions and announces it; across tenants, as sessions are. For a change that has no transaction of its own to do it in (else
 * `revokeSessions` in that transaction, and `announceEnded` after it).
 */
export async function endSessions(
  context: Announcing & Pick<ServerContext, 'db'>,
  which: SessionsOf,
  reason: string,
  origin: AuditOrigin,
): Promise<EndedSessions> {
  const ended = await withSystem(context.db, (tx) => revokeSessions(tx, which, reason, origin));
  announceEnded(context, ended, reason);
  return ended;
}
