import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement } from '../../db/scope';
import { newId } from '../../lib/ids';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { queueMail } from '../mail/queue-mail';
import type { BusinessRow, UserRow } from '../presenters/people';
import type { Role } from '../roles';
import { BUSINESS_COLUMNS, USER_COLUMNS } from './columns';
import { openSession } from './open-session';
import { hashPassword } from './passwords';

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

const FIND_OWNER: Statement = {
  name: 'accounts-find-owner',
  text: `select id, email from users where lower(email) = lower($1)`,
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

export interface Registered {
  kind: 'made';
  account: Account;
  sessionId: string;
  /** Asks to verify the address; to be sent after this. */
  mailId: string;
}

/**
 * A new person, their business, of which they are the admin, and their first session. Across tenants: there is none
 * yet.
 * @returns `taken` where the address has an account; its owner is told by the mail
 */
export async function register(
  db: Database,
  input: { email: string; password: string; name: string; businessName: string },
  origin: AuditOrigin,
): Promise<Registered | { kind: 'taken'; mailId: string | undefined }> {
  const passwordHash = await hashPassword(input.password);
  const userId = newId();
  const businessId = newId();
  try {
    return await withSystem(db, async (tx) => {
      await tx.query(CREATE_USER, [userId, input.email, input.name, passwordHash]);
      await tx.query(CREATE_BUSINESS, [businessId, input.businessName]);
      await tx.query(CREATE_MEMBERSHIP, [newId(), businessId, userId, 'admin']);
      const subject = { kind: 'user', id: userId } as const;
      const after = { email: input.email, name: input.name };
      await recordAudit(tx, { ...origin, actorId: userId }, { action: 'user.registered', subject, after });
      const sessionId = await openSession(tx, { userId, businessId }, origin);
      const { mailId } = await queueMail(tx, {
        template: 'verify_email',
        recipient: input.email,
        userId,
        businessId: null,
        subjectId: null,
      });
      const [row] = await tx.query<AccountRow>(FIND_BY_ID, [userId, businessId]);
      if (!row) throw new Error('The account was deleted while it was made.');
      return { kind: 'made', account: accountOf(row), sessionId, mailId };
    });
  } catch (error) {
    if ((error as { constraint?: string }).constraint === 'users_email') {
      return { kind: 'taken', mailId: await tellOwner(db, input.email) };
    }
    throw error;
  }
}

/** Somebody tried to register with this address. Across tenants: its owner is a person. */
function tellOwner(db: Database, email: string): Promise<string | undefined> {
  return withSystem(db, async (tx) => {
    const [owner] = await tx.query<{ id: string; email: string }>(FIND_OWNER, [email]);
    if (!owner) return undefined;
    const { mailId } = await queueMail(tx, {
      template: 'email_taken',
      recipient: owner.email,
      userId: owner.id,
      businessId: null,
      subjectId: null,
    });
    return mailId;
  });
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
