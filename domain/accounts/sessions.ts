import { isIP } from 'node:net';
import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement } from '../../db/scope';
import type { Role } from '../roles';

/** A login unused for this long ends, days; and however much it is used, it ends after the absolute limit. */
const IDLE_DAYS = 7;
const ABSOLUTE_DAYS = 30;
/** Two tabs may present the same refresh token within this, ms, and get the same successor. */
const ROTATION_GRACE_MS = 10_000;

/** Whose session it is and what they may do in its business now. */
export interface SessionState {
  userId: string;
  businessId: string;
  role: Role;
  operator: boolean;
  emailVerified: boolean;
}

const LIVE = `s.revoked_at is null and s.expires_at > now() and s.last_used_at > now() - interval '${IDLE_DAYS} days'`;

const CHECK: Statement = {
  name: 'sessions-check',
  text: `select s.id, s.user_id as "userId", m.business_id as "businessId", m.role, u.operator,
                u.email_verified_at is not null as "emailVerified"
           from sessions s join users u on u.id = s.user_id
           join memberships m on m.user_id = s.user_id and m.business_id = s.business_id
          where s.id = any($1::uuid[]) and ${LIVE}`,
};

/**
 * The sessions among these that are alive, by id; one that is missing was revoked, ran out, or its membership is
 * gone. Across tenants: the token is only a claim until this has been asked.
 */
export async function checkSessions(
  db: Database,
  sessionIds: readonly string[],
): Promise<Map<string, SessionState>> {
  const rows = await systemStatement<SessionState & { id: string }>(db, CHECK, [sessionIds]);
  return new Map(rows.map(({ id, ...state }) => [id, state]));
}

const CREATE: Statement = {
  name: 'sessions-create',
  text: `insert into sessions (id, user_id, business_id, expires_at, user_agent, ip)
         values ($1, $2, $3, now() + interval '${ABSOLUTE_DAYS} days', $4, $5)`,
};

export interface NewSession {
  id: string;
  userId: string;
  businessId: string;
  userAgent: string | undefined;
  ip: string | undefined;
}

/** An address as Postgres takes it: a proxy passes on what it was told, and links have zones (`fe80::1%eth0`). */
function inetOf(address = ''): string | null {
  const [plain = ''] = address.split('%', 1);
  return isIP(plain) ? plain : null;
}

/** Across tenants: sessions belong to a person, and a login knows no business yet. */
export const createSession = (db: Database, session: NewSession): Promise<unknown> =>
  systemStatement(db, CREATE, [
    session.id,
    session.userId,
    session.businessId,
    session.userAgent?.slice(0, 500) ?? null,
    inetOf(session.ip),
  ]);

const LOCK: Statement = {
  name: 'sessions-lock',
  text: `select s.user_id as "userId", s.business_id as "businessId", s.generation,
                s.rotated_at > now() - $2 * interval '1 ms' as "inGrace"
           from sessions s
          where s.id = $1 and ${LIVE}
            and exists (select from memberships m where m.user_id = s.user_id and m.business_id = s.business_id)
            for update`,
};
const ROTATE: Statement = {
  name: 'sessions-rotate',
  text: `update sessions set generation = generation + 1, rotated_at = now(), last_used_at = now() where id = $1`,
};
const REVOKE: Statement = {
  name: 'sessions-revoke',
  text: `update sessions set revoked_at = now(), revoked_reason = $2 where id = $1 and revoked_at is null`,
};

export type Rotation =
  | { kind: 'rotated'; userId: string; businessId: string; generation: number }
  /** The session ended here: a token older than the parent came back, so one of its holders is a thief. */
  | { kind: 'replayed' }
  | { kind: 'unknown' };

/**
 * Exchanges a refresh token's generation for the next. The immediate parent within {@link ROTATION_GRACE_MS} gets
 * the same successor; anything older ends the session (RFC 9700, 4.14.2). Across tenants, as logins are.
 */
export function rotateSession(db: Database, sessionId: string, generation: number): Promise<Rotation> {
  return withSystem<Rotation>(db, async (tx) => {
    const [session] = await tx.query<{
      userId: string;
      businessId: string;
      generation: number;
      inGrace: boolean;
    }>(LOCK, [sessionId, ROTATION_GRACE_MS]);
    if (!session || generation > session.generation) return { kind: 'unknown' };
    const { userId, businessId } = session;
    if (generation === session.generation) {
      await tx.last(ROTATE, [sessionId]);
      return { kind: 'rotated', userId, businessId, generation: generation + 1 };
    }
    if (generation === session.generation - 1 && session.inGrace) {
      return { kind: 'rotated', userId, businessId, generation: session.generation };
    }
    await tx.last(REVOKE, [sessionId, 'refresh token replayed']);
    return { kind: 'replayed' };
  });
}

/** Ends a login. Across tenants: it is the person's own. */
export const revokeSession = (db: Database, sessionId: string, reason: string): Promise<unknown> =>
  systemStatement(db, REVOKE, [sessionId, reason]);
