import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement } from '../../db/scope';
import type { AuditOrigin } from '../audit/record';
import type { BusinessRow, UserRow } from '../presenters/people';
import type { Role } from '../roles';
import { BUSINESS_COLUMNS, USER_COLUMNS } from './columns';
import { clearFailures, giveTryBack, takeTry } from './login-failures';
import { hashPassword, isOutdated, isPassword } from './passwords';
import { recordWrongTry } from './wrong-try';

/** A person whose password was right. */
export interface Person {
  user: UserRow;
  operator: boolean;
  /** What the password was checked against. */
  passwordHash: string;
  /** Where they have been a member longest; undefined for an operator who belongs to none. */
  business: BusinessRow | undefined;
  role: Role | null;
}

/** Why somebody was not let in. */
export type Refused =
  | {
      kind: 'wrong';
      /** To be sent after the commit: the owner is told of the lock. */
      mailId: string | undefined;
    }
  | { kind: 'locked'; lockedSeconds: number };

export type PasswordCheck = { kind: 'right'; person: Person } | Refused;

const FIND: Statement = {
  name: 'accounts-find-by-email',
  text: `select u.password_hash as "passwordHash", u.operator, ${USER_COLUMNS}, ${BUSINESS_COLUMNS}
           from users u left join memberships m on m.user_id = u.id left join businesses b on b.id = m.business_id
          where lower(u.email) = lower($1) order by m.created_at limit 1`,
};
const REHASH: Statement = {
  name: 'accounts-rehash',
  text: `update users set password_hash = $3 where id = $1 and password_hash = $2 returning 1`,
};

/**
 * Whether this is the address's password. The try is counted before the password is looked at; an unknown address
 * is counted, locked and answered as a known one, after the same work. Across tenants: a login knows none yet.
 */
export async function checkPassword(
  db: Database,
  email: string,
  password: string,
  origin: AuditOrigin,
): Promise<PasswordCheck> {
  const taken = await takeTry(db, email);
  if (!taken.allowed) return { kind: 'locked', lockedSeconds: taken.lockedSeconds };
  const person = await findPerson(db, email);
  if (!(await isPassword(password, person?.passwordHash)) || !person) {
    const mailId = await recordWrongTry(db, {
      person: person?.user,
      isLast: taken.isLast,
      reason: 'wrong_password',
      origin,
    });
    return { kind: 'wrong', mailId };
  }
  await withSystem(db, (tx) =>
    // With a second factor a right password is half a login: what was wrong before it still counts.
    person.user.twoFactorEnabledAt ? giveTryBack(tx, email) : clearFailures(tx, email),
  );
  return { kind: 'right', person: await rehashed(db, person, password) };
}

async function findPerson(db: Database, email: string): Promise<Person | undefined> {
  const [row] = await systemStatement<
    UserRow & { passwordHash: string; operator: boolean; business: BusinessRow | null; role: Role | null }
  >(db, FIND, [email]);
  if (!row) return undefined;
  const { passwordHash, operator, business, role, ...user } = row;
  return { user, operator, passwordHash, business: business?.id ? business : undefined, role };
}

/** Hashed with today's parameters, where they changed since: only now is the password known. */
async function rehashed(db: Database, person: Person, password: string): Promise<Person> {
  if (!isOutdated(person.passwordHash)) return person;
  const passwordHash = await hashPassword(password);
  const done = await systemStatement(db, REHASH, [person.user.id, person.passwordHash, passwordHash]);
  return done.length > 0 ? { ...person, passwordHash } : person;
}
