import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { conflict, forbidden, tooManyRequests } from '../../lib/errors';
import { newId } from '../../lib/ids';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { queueMail } from '../mail/queue-mail';
import type { InvitationRow } from '../presenters/invitation';
import type { Actor, Role } from '../roles';
import { INVITATION_COLUMNS } from './columns';

/** How long an invitation can be accepted, days: over a weekend and a holiday, and not for ever. */
export const INVITATION_DAYS = 7;
/** Open invitations that one business may have: nobody's mail server are we to write to strangers with. */
const MAX_OPEN = 200;
/** One address is written to again after this at the earliest, s. */
const RESEND_AFTER_SECONDS = 60;

const LOOK: Statement = {
  name: 'invitations-look',
  // The business's row is the lock: invitations of one business are made one after the other.
  text: `select exists (select from memberships m join users u on u.id = m.user_id
                         where m.business_id = b.id and lower(u.email) = lower($2)) as "isMember",
                (select count(*)::int from invitations i where i.business_id = b.id and i.accepted_at is null
                    and i.expires_at > now() and lower(i.email) <> lower($2)) as open,
                (select ceil(extract(epoch from i.created_at + $3 * interval '1 s' - now()))::int from invitations i
                  where i.business_id = b.id and i.accepted_at is null and lower(i.email) = lower($2)) as "waitSeconds"
           from businesses b where b.id = $1`,
};
const LOCK: Statement = {
  name: 'invitations-lock-business',
  text: 'select from businesses where id = $1 for no key update',
};
const LOCK_INVITER: Statement = {
  name: 'invitations-lock-inviter',
  // Against a demotion or removal that is under way: it voids their invitations, and this one must not come after it.
  text: `select from memberships where business_id = $1 and user_id = $2 and role = 'admin' for share`,
};
const INVITE: Statement = {
  name: 'invitations-invite',
  // A new id in the old one's place: the link that was mailed before is void.
  text: `insert into invitations as i (id, business_id, email, role, invited_by, expires_at)
         values ($1, $2, $3, $4, $5, now() + $6 * interval '1 day')
         on conflict (business_id, lower(email)) where accepted_at is null do update
           set id = excluded.id, email = excluded.email, role = excluded.role, invited_by = excluded.invited_by,
               expires_at = excluded.expires_at, created_at = now()
         returning ${INVITATION_COLUMNS}`,
};

/**
 * Invites an address, in the place of an open invitation that it has, and queues the mail. Roles end at admin, which
 * is what whoever invites is, so none is above their own.
 * @throws HttpError 403 for who is no admin any more, 409 for a member and where too many are open, 429 for an address that was just written to
 */
export async function invite(
  trx: Knex.Transaction,
  actor: Actor,
  origin: AuditOrigin,
  { email, role }: { email: string; role: Role },
): Promise<{ invitation: InvitationRow; mailId: string }> {
  const { businessId } = actor;
  await trxStatement(trx, LOCK, [businessId]);
  const inviters = await trxStatement(trx, LOCK_INVITER, [businessId, actor.userId]);
  if (inviters.length === 0) throw forbidden();
  const [found] = await trxStatement<{ isMember: boolean; open: number; waitSeconds: number | null }>(
    trx,
    LOOK,
    [businessId, email, RESEND_AFTER_SECONDS],
  );
  if (found?.isMember) {
    throw conflict('Someone with this address belongs to the business already.', 'already_member', [
      { path: 'email', message: 'is a member’s' },
    ]);
  }
  if ((found?.open ?? 0) >= MAX_OPEN) {
    throw conflict(`A business may have ${MAX_OPEN} open invitations.`, 'too_many_invitations');
  }
  const wait = found?.waitSeconds ?? 0;
  if (wait > 0) throw tooManyRequests(`This address was just written to. Try again in ${wait} s.`, wait);
  const [invitation] = await trxStatement<InvitationRow & object>(trx, INVITE, [
    newId(),
    businessId,
    email,
    role,
    actor.userId,
    INVITATION_DAYS,
  ]);
  if (!invitation) throw new Error('The invitation was not made.');
  const { mailId } = await queueMail(trx, {
    template: 'invitation',
    recipient: email,
    userId: null,
    businessId,
    subjectId: invitation.id,
  });
  await recordAudit(trx, origin, {
    action: 'invitation.created',
    subject: { kind: 'invitation', id: invitation.id },
    after: invitation,
  });
  return { invitation, mailId };
}

const WITHDRAW: Statement = {
  name: 'invitations-withdraw',
  text: `delete from invitations i where i.business_id = $1 and i.id = $2 and i.accepted_at is null
         returning ${INVITATION_COLUMNS}`,
};

/** Its link is void from then on. @returns undefined where there is no open one */
export async function withdrawInvitation(
  trx: Knex.Transaction,
  actor: Actor,
  origin: AuditOrigin,
  id: string,
): Promise<InvitationRow | undefined> {
  const [row] = await trxStatement<InvitationRow & object>(trx, WITHDRAW, [actor.businessId, id]);
  if (row) {
    await recordAudit(trx, origin, {
      action: 'invitation.withdrawn',
      subject: { kind: 'invitation', id },
      before: row,
    });
  }
  return row;
}
