import { isIP } from 'node:net';
import type { Database } from '../../db/database';
import { systemStatement, type Statement, type Transaction } from '../../db/scope';
import type { Role } from '../roles';

/** A login unused for this long ends, days; and however much it is used, it ends after the absolute limit. */
export const IDLE_DAYS = 7;
const ABSOLUTE_DAYS = 30;
/** Longest text that is kept of what a client says of itself, characters. */
const MAX_USER_AGENT = 500;

/** Whose session it is and what they may do in its business now. */
export interface SessionState {
  userId: string;
  businessId: string;
  role: Role;
  operator: boolean;
  emailVerified: boolean;
}

/** Of `sessions s`. */
export const LIVE = `s.revoked_at is null and s.expires_at > now() and s.last_used_at > now() - interval '${IDLE_DAYS} days'`;

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

/** Needs a system transaction: sessions belong to a person, and a login knows no business yet. */
export const createSession = (tx: Transaction, session: NewSession): Promise<unknown> =>
  tx.query(CREATE, [
    session.id,
    session.userId,
    session.businessId,
    session.userAgent?.slice(0, MAX_USER_AGENT).toWellFormed() ?? null,
    inetOf(session.ip),
  ]);
