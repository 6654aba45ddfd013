import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { conflict, forbidden, HttpError, notFound } from '../../lib/errors';
import { hasRole, type Actor, type Role } from '../roles';

const LOCK: Statement = {
  name: 'members-lock',
  // In one order for everyone. Who waits here sees each row as the faster one left it (READ COMMITTED).
  text: `select m.user_id as "userId", m.role, m.version, u.email
           from memberships m join users u on u.id = m.user_id
          where m.business_id = $1 and (m.role = 'admin' or m.user_id = any($2::uuid[]))
          order by m.user_id for update of m`,
};

export interface LockedMember {
  userId: string;
  role: Role;
  version: number;
  email: string;
}

/**
 * Locks the member and every admin, until the commit: of two admins who demote or remove each other at once the
 * second finds out here that they are none any more.
 * @throws HttpError 404 where there is no such member, 403 where the actor may not (any more), 409 where the last
 *   admin would be gone
 */
export async function lockForChange(
  trx: Knex.Transaction,
  actor: Actor,
  userId: string,
  roleAfter: Role | null,
): Promise<{ member: LockedMember; admins: LockedMember[] }> {
  const locked = await trxStatement<LockedMember & object>(trx, LOCK, [
    actor.businessId,
    [userId, actor.userId],
  ]);
  const admins = locked.filter(({ role }) => role === 'admin');
  const self = locked.find((member) => member.userId === actor.userId);
  const member = locked.find((candidate) => candidate.userId === userId);
  const isLeaving = roleAfter === null && userId === actor.userId;
  if (!isLeaving && !(self && hasRole(self.role, 'admin'))) throw forbidden();
  if (!member) throw notFound('Member');
  if (member.role === 'admin' && roleAfter !== 'admin' && admins.length === 1) {
    throw conflict('A business needs an admin: make someone else one first.', 'last_admin');
  }
  return { member, admins };
}

/** 412: the member's row changed since the caller read it. */
export const assertVersion = (member: LockedMember, version: number | undefined): void => {
  if (version !== undefined && version !== member.version)
    throw new HttpError(412, 'version_conflict', 'The member was changed meanwhile. Load it again.');
};
