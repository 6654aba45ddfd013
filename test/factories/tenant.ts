import { withSystem, type Statement } from '../../db/scope';
import type { Database } from '../../db/database';
import { createSession } from '../../domain/accounts/sessions';
import { signAccessToken } from '../../domain/accounts/tokens';
import { ROLES, type Role } from '../../domain/roles';
import { newId } from '../../lib/ids';

/** A member with a session in the business, and the token that proves it. */
export interface Person {
  userId: string;
  businessId: string;
  sessionId: string;
  role: Role;
  email: string;
  token: string;
}

/** A business with one person of each role. */
export type Tenant = { businessId: string } & Record<Role, Person>;

const ADD_BUSINESS: Statement = {
  name: 'test-add-business',
  text: 'insert into businesses (id, name) values ($1, $2)',
};
/** What everyone here logs in with. */
export const PASSWORD = 'correct horse battery staple';
/** Of it: hashing for each person takes longer than most tests. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$95SEVlwqzZ6lzH/iPwGCeQ$bvl0JFXOk3uJ/7XbOjOdWlYbIyMl9c1pSPwwttmWRuE';

const ADD_USER: Statement = {
  name: 'test-add-user',
  text: `insert into users (id, email, name, password_hash, email_verified_at)
         values ($1, $2, $3, $4, now())`,
};
const ADD_MEMBERSHIP: Statement = {
  name: 'test-add-membership',
  text: 'insert into memberships (id, business_id, user_id, role) values ($1, $2, $3, $4)',
};

/** Where people are made, and what signs their tokens. */
export interface TenantOptions {
  db: Database;
  /** JWT_SECRET, newest first. */
  secrets: readonly string[];
}

/** A person who logged in. */
export async function createPerson(
  { db, secrets }: TenantOptions,
  businessId: string,
  role: Role,
): Promise<Person> {
  const userId = newId();
  const email = `${role}-${userId}@example.test`;
  await withSystem(db, async (tx) => {
    await tx.query(ADD_USER, [userId, email, `A ${role}`, PASSWORD_HASH]);
    await tx.last(ADD_MEMBERSHIP, [newId(), businessId, userId, role]);
  });
  return logIn({ db, secrets }, { userId, businessId, role, email });
}

/** Another login of a person. */
export async function logIn(
  { db, secrets }: TenantOptions,
  person: Omit<Person, 'sessionId' | 'token'>,
): Promise<Person> {
  const { userId, businessId } = person;
  const sessionId = newId();
  await withSystem(db, (tx) =>
    createSession(tx, { id: sessionId, userId, businessId, userAgent: undefined, ip: undefined }),
  );
  return { ...person, sessionId, token: signAccessToken({ userId, businessId, sessionId }, secrets) };
}

/** A business of a name with one person of each role. */
export async function createTenant(options: TenantOptions, name = 'A business'): Promise<Tenant> {
  const businessId = newId();
  await withSystem(options.db, (tx) => tx.last(ADD_BUSINESS, [businessId, name]));
  const people = await Promise.all(ROLES.map((role) => createPerson(options, businessId, role)));
  const byRole = Object.fromEntries(people.map((person) => [person.role, person])) as Record<Role, Person>;
  return { businessId, ...byRole };
}
