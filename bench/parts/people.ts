import { signAccessToken } from '../../domain/accounts/tokens';
import { newId } from '../../lib/ids';
import type { Stage } from './stage';

interface Member {
  userId: string;
  sessionId: string;
}

/** A business with members who are logged in. */
export interface Tenant {
  businessId: string;
  members: readonly Member[];
  /** An access token made now; it lives ten minutes, as for everyone. */
  token(member?: number): string;
}

const LIFETIME = `now() + interval '1 day'`;

/** Makes a business and its members, straight in the tables. */
export async function makeTenant(stage: Stage, memberCount = 1): Promise<Tenant> {
  const businessId = newId();
  const members: Member[] = Array.from({ length: memberCount }, () => ({
    userId: newId(),
    sessionId: newId(),
  }));
  const users = members.map((member) => member.userId);
  const sessions = members.map((member) => member.sessionId);
  const ids = members.map(() => newId());
  await stage.sql.query(`insert into businesses (id, name) values ($1, 'Bench')`, [businessId]);
  await stage.sql.query(
    `insert into users (id, email, name, password_hash)
     select id, id || '@bench.test', 'Member ' || id, 'none' from unnest($1::uuid[]) as id`,
    [users],
  );
  await stage.sql.query(
    `insert into memberships (id, business_id, user_id, role)
     select id, $1, user_id, 'manager' from unnest($2::uuid[], $3::uuid[]) as m (id, user_id)`,
    [businessId, ids, users],
  );
  await stage.sql.query(
    `insert into sessions (id, user_id, business_id, expires_at)
     select id, user_id, $1, ${LIFETIME} from unnest($2::uuid[], $3::uuid[]) as s (id, user_id)`,
    [businessId, sessions, users],
  );
  return {
    businessId,
    members,
    token(member = 0) {
      const { userId, sessionId } = members[member] ?? raise(`There is no member ${member}.`);
      return signAccessToken({ userId, sessionId, businessId }, [stage.secrets.jwt]);
    },
  };
}

function raise(message: string): never {
  throw new Error(message);
}
