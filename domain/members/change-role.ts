import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { revokeInvitationsOf } from '../invitations/revoke';
import type { MemberRow } from '../presenters/people';
import type { Actor, Role } from '../roles';
import { assertVersion, lockForChange } from './lock';

const CHANGE: Statement = {
  name: 'members-change-role',
  text: `update memberships m set role = $3, updated_at = now() from users u
          where m.business_id = $1 and m.user_id = $2 and u.id = m.user_id
         returning u.id as "userId", u.name, u.email, u.avatar_url as "avatarUrl", m.role, m.version`,
};
const READ: Statement = {
  name: 'members-read',
  text: `select u.id as "userId", u.name, u.email, u.avatar_url as "avatarUrl", m.role, m.version
           from memberships m join users u on u.id = m.user_id where m.business_id = $1 and m.user_id = $2`,
};

/**
 * Gives a member another role, from which their requests and sockets are judged within 5 s (promise 7), their API
 * keys too. Invitations of someone who is no admin any more are void.
 * @returns `changed` false where they had that role already
 * @throws HttpError 403, 404, 409 for the last admin, 412
 */
export async function changeRole(
  trx: Knex.Transaction,
  actor: Actor,
  origin: AuditOrigin,
  { userId, role, ifMatch }: { userId: string; role: Role; ifMatch: number | undefined },
): Promise<{ member: MemberRow; changed: boolean }> {
  const { member: before } = await lockForChange(trx, actor, userId, role);
  assertVersion(before, ifMatch);
  const changed = before.role !== role;
  const values = [actor.businessId, userId];
  const [member] = await (changed
    ? trxStatement<MemberRow & object>(trx, CHANGE, [...values, role])
    : trxStatement<MemberRow & object>(trx, READ, values));
  if (!member) throw new Error('The member that was locked is gone.');
  if (changed) {
    if (role !== 'admin') await revokeInvitationsOf(trx, actor.businessId, userId);
    await recordAudit(trx, origin, {
      action: 'member.role_changed',
      subject: { kind: 'member', id: userId },
      before: { role: before.role },
      after: { role },
    });
  }
  return { member, changed };
}
