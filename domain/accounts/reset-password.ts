import type { Database } from '../../db/database';
import { systemStatement, withSystem, type Statement } from '../../db/scope';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { queueMail } from '../mail/queue-mail';
import { clearFailures } from './login-failures';
import { revokeSessions, type EndedSessions } from './revoke';

const OWNER: Statement = {
  name: 'reset-password-owner',
  text: `select u.email, u.name, u.two_factor_enabled_at is not null as "twoFactor"
           from link_tokens t join users u on u.id = t.user_id
          where t.id = $1 and t.purpose = 'reset_password' and t.used_at is null and t.expires_at > now()
            and lower(u.email) = lower(t.email)`,
};

/** Whose password a reset link may set; undefined where it was used, replaced or has run out. Across tenants. */
export async function ownerOfReset(
  db: Database,
  linkId: string,
): Promise<{ email: string; name: string; twoFactor: boolean } | undefined> {
  const [owner] = await systemStatement<{ email: string; name: string; twoFactor: boolean }>(db, OWNER, [
    linkId,
  ]);
  return owner;
}

const USE: Statement = {
  name: 'reset-password-use-link',
  // Of two at once the second waits for the first's commit, and finds the link used.
  text: `
    with used as (
      update link_tokens set used_at = now()
       where id = $1 and purpose = 'reset_password' and used_at is null and expires_at > now()
      returning user_id, email
    )
    update users u set password_hash = $2, email_verified_at = coalesce(u.email_verified_at, now()), updated_at = now()
      from used where u.id = used.user_id and lower(u.email) = lower(used.email)
    returning u.id, u.email`,
};

/** Why the sessions ended, as their rows and their clients are told. */
export const PASSWORD_RESET = 'password_reset';

export interface PasswordReset {
  ended: EndedSessions;
  mailId: string;
}

/**
 * Sets a password by a mailed link, once: every session ends, as does every login that waits for
 * its second factor, the lock is lifted, the address counts as verified, its owner is told. The second factor
 * stays on: a stolen mailbox is not the device. All of it or nothing. Across tenants: it is the person's.
 * @returns undefined where the link was used meanwhile, replaced or has run out
 */
export function resetPassword(
  db: Database,
  { linkId, passwordHash, origin }: { linkId: string; passwordHash: string; origin: AuditOrigin },
): Promise<PasswordReset | undefined> {
  return withSystem(db, async (tx) => {
    const [person] = await tx.query<{ id: string; email: string }>(USE, [linkId, passwordHash]);
    if (!person) return undefined;
    const { id, email } = person;
    const owners = { ...origin, actorId: id };
    const ended = await revokeSessions(tx, { userId: id }, PASSWORD_RESET, owners);
    await clearFailures(tx, email);
    const subject = { kind: 'user', id } as const;
    await recordAudit(tx, owners, { action: 'password.reset', subject, after: { reason: 'mailed_link' } });
    const { mailId } = await queueMail(tx, {
      template: 'password_changed',
      recipient: email,
      userId: id,
      businessId: null,
      subjectId: null,
    });
    return { ended, mailId };
  });
}
