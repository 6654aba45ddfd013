import type { Database } from '../../db/database';
import { withSystem, type Statement } from '../../db/scope';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { queueMail } from '../mail/queue-mail';
import type { Person } from './check-password';
import { hashPassword } from './passwords';
import { revokeSessions, type EndedSessions } from './revoke';

const CHANGE: Statement = {
  name: 'accounts-change-password',
  text: `update users set password_hash = $3, updated_at = now() where id = $1 and password_hash = $2 returning 1`,
};

export interface PasswordChanged {
  sessionIds: EndedSessions;
  /** To be sent after the commit. */
  mailId: string;
}

/**
 * Gives a person, whose password was just checked, another one: their other logins end, they are told by mail, and
 * it is written down. Announce the sessions after it. Across tenants: a password belongs to a person.
 * @param keep the session that goes on
 * @returns undefined where the password was changed since it was checked
 */
export async function changePassword(
  db: Database,
  { user, passwordHash }: Person,
  { password, keep, origin }: { password: string; keep: string; origin: AuditOrigin },
): Promise<PasswordChanged | undefined> {
  const hashed = await hashPassword(password);
  return withSystem(db, async (tx) => {
    if ((await tx.query(CHANGE, [user.id, passwordHash, hashed])).length === 0) return undefined;
    const which = { userId: user.id, except: keep };
    const sessionIds = await revokeSessions(tx, which, 'password_changed', origin);
    const subject = { kind: 'user', id: user.id } as const;
    await recordAudit(tx, origin, { action: 'password.changed', subject });
    const { mailId } = await queueMail(tx, {
      template: 'password_changed',
      recipient: user.email,
      userId: user.id,
      businessId: null,
      subjectId: null,
    });
    return { sessionIds, mailId };
  });
}
