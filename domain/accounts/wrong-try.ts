import type { Database } from '../../db/database';
import { withSystem } from '../../db/scope';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { queueMail } from '../mail/queue-mail';

export interface WrongTry {
  /** undefined where the address has no account. */
  person: { id: string; email: string } | undefined;
  /** It locked the address. */
  isLast: boolean;
  reason: 'wrong_password' | 'wrong_code';
  origin: AuditOrigin;
}

/**
 * Writes down a wrong try and, with the one that locked the address, tells its owner once. Where the process dies
 * before it, the lock stands all the same: it was set when the try was counted. Across tenants: it is a login.
 * @returns the mail to be sent after this
 */
export function recordWrongTry(
  db: Database,
  { person, isLast, reason, origin }: WrongTry,
): Promise<string | undefined> {
  return withSystem(db, async (tx) => {
    const subject = { kind: 'user', id: person?.id ?? null } as const;
    await recordAudit(tx, origin, { action: 'login.failed', subject, after: { reason } });
    if (!isLast) return undefined;
    await recordAudit(tx, origin, { action: 'account.locked', subject, after: { reason } });
    if (!person) return undefined;
    const { mailId } = await queueMail(tx, {
      template: 'account_locked',
      recipient: person.email,
      userId: person.id,
      businessId: null,
      subjectId: null,
    });
    return mailId;
  });
}
