import type { Database } from '../../db/database';
import { withSystem, type Statement, type Transaction } from '../../db/scope';
import type { AuditOrigin } from '../audit/record';
import type { BusinessRow, UserRow } from '../presenters/people';
import type { Role } from '../roles';
import type { Account } from './accounts';
import { openChallenge } from './challenges';
import type { Person } from './check-password';
import { BUSINESS_COLUMNS, USER_COLUMNS } from './columns';
import { isUnchanged, openSession } from './open-session';

/** What a right password opens. `changed`: the password or second factor changed while it was looked at. */
export type Login =
  | { kind: 'session'; account: Account; sessionId: string }
  | { kind: 'challenge'; challengeId: string }
  | { kind: 'no business' }
  | { kind: 'changed' };

/** Goes on where a password was right: with a session or, with a second factor, a challenge. Across tenants. */
export function openLogin(db: Database, person: Person, origin: AuditOrigin): Promise<Login> {
  return withSystem<Login>(db, async (tx) => {
    if (!(await isUnchanged(tx, person))) return { kind: 'changed' };
    const { user, business, role } = person;
    if (!business || !role) return { kind: 'no business' };
    if (user.twoFactorEnabledAt) return { kind: 'challenge', challengeId: await openChallenge(tx, user.id) };
    const sessionId = await openSession(tx, { userId: user.id, businessId: business.id }, origin);
    return { kind: 'session', account: { user, business, role }, sessionId };
  });
}

const HOME: Statement = {
  name: 'accounts-home',
  text: `select ${USER_COLUMNS}, ${BUSINESS_COLUMNS}
           from users u join memberships m on m.user_id = u.id join businesses b on b.id = m.business_id
          where u.id = $1 order by m.created_at limit 1`,
};

/** The session of a person whose second factor was right, too; undefined where they belong to no business any more. */
export async function openVerified(
  tx: Transaction,
  userId: string,
  origin: AuditOrigin,
): Promise<{ account: Account; sessionId: string } | undefined> {
  const [row] = await tx.query<UserRow & { business: BusinessRow; role: Role }>(HOME, [userId]);
  if (!row) return undefined;
  const { business, role, ...user } = row;
  const sessionId = await openSession(tx, { userId, businessId: business.id }, origin);
  return { account: { user, business, role }, sessionId };
}
