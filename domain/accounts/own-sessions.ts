import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import { deviceOf } from './device';
import { LIVE } from './sessions';

const LIST: Statement = {
  name: 'sessions-list',
  text: `select s.id, s.user_agent as "userAgent", host(s.ip) as ip, s.created_at as "createdAt",
                s.last_used_at as "lastUsedAt", b.id as "businessId", b.name as "businessName"
           from sessions s left join businesses b on b.id = s.business_id
          where s.user_id = $1 and ${LIVE} order by s.last_used_at desc, s.id`,
};
const SWITCH: Statement = {
  name: 'sessions-switch-business',
  text: `update sessions s set business_id = m.business_id from memberships m
          where s.id = $1 and ${LIVE} and m.user_id = s.user_id and m.business_id = $2
         returning 1`,
};

interface SessionRow {
  id: string;
  userAgent: string | null;
  ip: string | null;
  createdAt: Date;
  lastUsedAt: Date;
  businessId: string | null;
  businessName: string | null;
}

/** A person's logins that are alive, the last used first. Across tenants: they are the person's own. */
export async function listSessions(db: Database, userId: string, currentId: string) {
  const rows = await systemStatement<SessionRow>(db, LIST, [userId]);
  return rows.map((row) => ({
    id: row.id,
    current: row.id === currentId,
    device: deviceOf(row.userAgent),
    ip: row.ip,
    business: row.businessId === null ? null : { id: row.businessId, name: row.businessName ?? '' },
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
  }));
}

/**
 * Lets a login act in another business of its person. Across tenants: it leaves one for another.
 * @returns false where they are no member there, or the login has ended
 */
export async function switchBusiness(db: Database, sessionId: string, businessId: string): Promise<boolean> {
  return (await systemStatement(db, SWITCH, [sessionId, businessId])).length > 0;
}
