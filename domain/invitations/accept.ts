import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement, type Transaction } from '../../db/scope';
import { conflict, forbidden } from '../../lib/errors';
import { newId } from '../../lib/ids';
import { openSession } from '../accounts/open-session';
import { recordAudit, type AuditOrigin } from '../audit/record';
import type { MemberRow } from '../presenters/people';
import type { Role } from '../roles';

const OPEN = `i.accepted_at is null and i.expires_at > now()`;

const FIND: Statement = {
  name: 'invitations-find-open',
  text: `select i.email, exists (select from users u where lower(u.email) = lower(i.email)) as "hasAccount"
           from invitations i where i.id = $1 and ${OPEN}`,
};

/** What an open invitation's link leads to; undefined where it is none (any more). Across tenants: who holds it has none yet. */
export async function findOpenInvitation(
  db: Database,
  id: string,
): Promise<{ email: string; hasAccount: boolean } | undefined> {
  return (await systemStatement<{ email: string; hasAccount: boolean }>(db, FIND, [id]))[0];
}

const LOCK: Statement = {
  name: 'invitations-lock-open',
  // Of two at once the second waits here, and finds that it was accepted.
  text: `select i.business_id as "businessId", i.email, i.role from invitations i
          where i.id = $1 and ${OPEN} for update`,
};
const PERSON: Statement = {
  name: 'invitations-person',
  text: `select id, email, email_verified_at is not null as verified from users where id = $1`,
};
const CREATE_PERSON: Statement = {
  name: 'invitations-create-person',
  // The link came by mail, so the address is theirs.
  text: `insert into users (id, email, name, password_hash, email_verified_at) values ($1, $2, $3, $4, now())
         on conflict (lower(email)) do nothing returning id`,
};
const JOIN: Statement = {
  name: 'invitations-join',
  text: `insert into memberships (id, business_id, user_id, role) values ($1, $2, $3, $4)
         on conflict (business_id, user_id) do nothing returning id`,
};
const MEMBER: Statement = {
  name: 'invitations-member',
  text: `select u.id as "userId", u.name, u.email, u.avatar_url as "avatarUrl", m.role, m.version
           from memberships m join users u on u.id = m.user_id where m.business_id = $1 and m.user_id = $2`,
};
const ACCEPT: Statement = {
  name: 'invitations-accept',
  text: 'update invitations set accepted_at = now(), accepted_by = $2 where id = $1',
};

interface Open {
  businessId: string;
  email: string;
  role: Role;
}

export interface Accepted {
  businessId: string;
  member: MemberRow;
  /** Of the person who registered with it. */
  sessionId: string | null;
}

/** Someone who has logged in, or who registers with the invitation. */
export type Guest = { userId: string } | { name: string; passwordHash: string };

/**
 * Accepts an invitation, once, however many try at a time. A person who has logged in must have its address, verified;
 * whoever has no account gets one, and a session. An account is never joined without its login. Across tenants: the
 * person belongs to the business only behind this.
 * @returns undefined where it is not open (any more)
 * @throws HttpError 403 for another address or an unverified one, 409 where the address has an account, or belongs
 *   to the business already
 */
export function acceptInvitation(
  db: Database,
  id: string,
  guest: Guest,
  origin: AuditOrigin,
): Promise<Accepted | undefined> {
  return withSystem(db, async (tx) => {
    const [open] = await tx.query<Open & object>(LOCK, [id]);
    if (!open) return undefined;
    const userId = 'userId' in guest ? guest.userId : await register(tx, open, guest);
    if ('userId' in guest) await assertTheirs(tx, open, userId);
    const { businessId, role } = open;
    const joined = await tx.query(JOIN, [newId(), businessId, userId, role]);
    if (joined.length === 0) throw conflict('You belong to this business already.', 'already_member');
    await tx.query(ACCEPT, [id, userId]);
    const acting = { ...origin, actorId: userId, businessId };
    await recordAudit(tx, acting, {
      action: 'invitation.accepted',
      subject: { kind: 'invitation', id },
      after: { email: open.email, role },
    });
    await recordAudit(tx, acting, {
      action: 'member.added',
      subject: { kind: 'member', id: userId },
      after: { email: open.email, role },
    });
    const sessionId = 'userId' in guest ? null : await openSession(tx, { userId, businessId }, acting);
    const [member] = await tx.query<MemberRow & object>(MEMBER, [businessId, userId]);
    if (!member) throw new Error('The member that was added is gone.');
    return { businessId, member, sessionId };
  });
}

async function register(
  tx: Transaction,
  { email }: Open,
  { name, passwordHash }: { name: string; passwordHash: string },
): Promise<string> {
  const [person] = await tx.query<{ id: string }>(CREATE_PERSON, [newId(), email, name, passwordHash]);
  if (!person) throw loginRequired();
  return person.id;
}

async function assertTheirs(tx: Transaction, { email }: Open, userId: string): Promise<void> {
  const [person] = await tx.query<{ email: string; verified: boolean }>(PERSON, [userId]);
  if (person?.email.toLowerCase() !== email.toLowerCase()) {
    throw forbidden('This invitation was sent to another address. Log in with that one.', 'other_address');
  }
  if (!person.verified) {
    throw forbidden('Verify your e-mail address first, then accept the invitation.', 'email_unverified');
  }
}

/** Who holds the link reads the address's mail, so this tells them nothing new. */
export const loginRequired = () =>
  conflict(
    'There is an account with this address. Log in with it, then accept the invitation.',
    'login_required',
  );
