import type { Database } from '../../db/database';
import { withSystem, type Statement, type Transaction } from '../../db/scope';
import type { AuditOrigin } from '../audit/record';
import { queueMail } from '../mail/queue-mail';
import { revokeSessions } from './revoke';
import { LIVE } from './sessions';

/** Two tabs may present the same refresh token within this, ms, and get the same successor. */
const ROTATION_GRACE_MS = 10_000;

const LOCK: Statement = {
  name: 'sessions-lock',
  text: `select s.user_id as "userId", s.business_id as "businessId", s.generation, u.email,
                s.rotated_at > now() - $2 * interval '1 ms' as "inGrace"
           from sessions s join users u on u.id = s.user_id
          where s.id = $1 and ${LIVE}
            and exists (select from memberships m where m.user_id = s.user_id and m.business_id = s.business_id)
            for update of s`,
};
const ROTATE: Statement = {
  name: 'sessions-rotate',
  text: `update sessions set generation = generation + 1, rotated_at = now(), last_used_at = now() where id = $1`,
};

interface Locked {
  userId: string;
  businessId: string;
  generation: number;
  email: string;
  inGrace: boolean;
}

export type Rotation =
  | { kind: 'rotated'; userId: string; businessId: string; generation: number }
  /**
   * The session ended here: a token older than the parent came back, so one of its holders is a thief. The owner is
   * told by a mail.
   */
  | { kind: 'replayed'; mailId: string }
  | { kind: 'unknown' };

/**
 * Exchanges a refresh token's generation for the next. The immediate parent within {@link ROTATION_GRACE_MS} gets
 * the same successor; anything older ends the session (RFC 9700, 4.14.2). Across tenants, as logins are.
 */
export function rotateSession(
  db: Database,
  token: { sessionId: string; generation: number },
  origin: AuditOrigin,
): Promise<Rotation> {
  const { sessionId, generation } = token;
  return withSystem<Rotation>(db, async (tx) => {
    const [session] = await tx.query<Locked>(LOCK, [sessionId, ROTATION_GRACE_MS]);
    if (!session || generation > session.generation) return { kind: 'unknown' };
    const { userId, businessId } = session;
    if (generation === session.generation) {
      await tx.last(ROTATE, [sessionId]);
      return { kind: 'rotated', userId, businessId, generation: generation + 1 };
    }
    if (generation === session.generation - 1 && session.inGrace) {
      return { kind: 'rotated', userId, businessId, generation: session.generation };
    }
    return { kind: 'replayed', mailId: await endReplayed(tx, sessionId, session, origin) };
  });
}

async function endReplayed(
  tx: Transaction,
  sessionId: string,
  { userId, email }: Locked,
  origin: AuditOrigin,
): Promise<string> {
  await revokeSessions(tx, { userId, only: sessionId }, 'refresh_token_replayed', origin, 'session.replayed');
  const { mailId } = await queueMail(tx, {
    template: 'new_login_session_revoked',
    recipient: email,
    userId,
    businessId: null,
    subjectId: null,
  });
  return mailId;
}
