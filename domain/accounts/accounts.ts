import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement } from '../../db/scope';
import { conflict } from '../../lib/errors';
import { newId } from '../../lib/ids';
import type { BusinessRow, UserRow } from '../presenters/people';
import type { Role } from '../roles';
import { hashPassword, isPassword } from './passwords';

const CREATE_USER: Statement = {
  name: 'accounts-create-user',
  text: `insert into users (id, email, name, password_hash) values ($1, $2, $3, $4)`,
};
const CREATE_BUSINESS: Statement = {
  name: 'accounts-create-business',
  text: `insert into businesses (id, name) values ($1, $2)`,
};
const CREATE_MEMBERSHIP: Statement = {
  name: 'accounts-create-membership',
  text: `insert into memberships (id, business_id, user_id, role) values ($1, $2, $3, $4)`,
};

const USER_COLUMNS = `u.id, u.email, u.name, u.avatar_url as "avatarUrl", u.email_verified_at as "emailVerifiedAt",
  u.two_factor_enabled_at as "twoFactorEnabledAt", u.created_at as "createdAt"`;
const BUSINESS_COLUMNS = `json_build_object('id', b.id, 'name', b.name, 'timezone', b.timezone, 'locale', b.locale)
  as business, m.role`;

const FIND_BY_EMAIL: Statement = {
  name: 'accounts-find-by-email',
  text: `select u.password_hash as "passwordHash", u.operator, ${USER_COLUMNS}, ${BUSINESS_COLUMNS}
           from users u left join memberships m on m.user_id = u.id left join businesses b on b.id = m.business_id
          where lower(u.email) = lower($1) order by m.created_at limit 1`,
};
const FIND_BY_ID: Statement = {
  name: 'accounts-find-by-id',
  text: `select ${USER_COLUMNS}, ${BUSINESS_COLUMNS}
           from users u join memberships m on m.user_id = u.id and m.business_id = $2
           join businesses b on b.id = m.business_id
          where u.id = $1`,
};

/** A person together with the business they act in. */
export interface Account {
  user: UserRow;
  business: BusinessRow;
  role: Role;
}

type AccountRow = UserRow & { business: BusinessRow; role: Role };

const accountOf = ({ business, role, ...user }: AccountRow): Account => ({ user, business, role });

/**
 * A new person and their business, of which they are the admin. Across tenants: there is none yet.
 * @throws HttpError 409 when the address is taken
 */
export async function register(
  db: Database,
  input: { email: string; password: string; name: string; businessName: string },
): Promise<Account> {
  const passwordHash = await hashPassword(input.password);
  const userId = newId();
  const businessId = newId();
  try {
    await withSystem(db, async (tx) => {
      await tx.query(CREATE_USER, [userId, input.email, input.name, passwordHash]);
      await tx.query(CREATE_BUSINESS, [businessId, input.businessName]);
      await tx.last(CREATE_MEMBERSHIP, [newId(), businessId, userId, 'admin']);
    });
  } catch (error) {
    if ((error as { constraint?: string }).constraint === 'users_email') {
      throw conflict('An account with this address exists already.', 'email_taken', [
        { path: 'email', message: 'is taken' },
      ]);
    }
    throw error;
  }
  const account = await findAccount(db, userId, businessId);
  if (!account) throw new Error('The account was deleted while it was made.');
  return account;
}

/**
 * The account these credentials open; undefined for a wrong password and for an unknown address alike, after the
 * same work. `business` is undefined for an operator who belongs to none. Across tenants: a login knows none yet.
 */
export async function findByCredentials(
  db: Database,
  email: string,
  password: string,
): Promise<
  { user: UserRow; operator: boolean; business: BusinessRow | undefined; role: Role | null } | undefined
> {
  const [row] = await systemStatement<
    UserRow & { passwordHash: string; operator: boolean; business: BusinessRow | null; role: Role | null }
  >(db, FIND_BY_EMAIL, [email]);
  const isRight = await isPassword(password, row?.passwordHash);
  if (!row || !isRight) return undefined;
  const { passwordHash: _, operator, business, role, ...user } = row;
  return { user, operator, business: business?.id ? business : undefined, role };
}

/** Across tenants: a person is more than their membership. undefined where they are no member. */
export async function findAccount(
  db: Database,
  userId: string,
  businessId: string,
): Promise<Account | undefined> {
  const [row] = await systemStatement<AccountRow>(db, FIND_BY_ID, [userId, businessId]);
  return row && accountOf(row);
}
