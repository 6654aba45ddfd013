import type { Statement, Transaction } from '../../db/scope';
import { newId } from '../../lib/ids';
import { recordAudit, type AuditOrigin } from '../audit/record';
import type { Person } from './check-password';
import { createSession } from './sessions';

const LOCK_UNCHANGED: Statement = {
  name: 'accounts-lock-unchanged',
  text: `select 1 from users
          where id = $1 and password_hash = $2 and (two_factor_enabled_at is not null) = $3 for share`,
};

/**
 * Whether the person's password and second factor are what was checked a moment ago; if so they stay until the
 * transaction's end. Without it a login could outlive the password change that it met.
 */
export async function isUnchanged(tx: Transaction, { user, passwordHash }: Person): Promise<boolean> {
  const rows = await tx.query(LOCK_UNCHANGED, [user.id, passwordHash, user.twoFactorEnabledAt !== null]);
  return rows.length > 0;
}

/** Opens a session of a person in a business, and writes it down. Needs a system transaction. @returns its id */
export async function openSession(
  tx: Transaction,
  { userId, businessId }: { userId: string; businessId: string },
  origin: AuditOrigin,
): Promise<string> {
  const id = newId();
  const userAgent = origin.userAgent ?? undefined;
  const ip = origin.ip ?? undefined;
  await createSession(tx, { id, userId, businessId, userAgent, ip });
  await recordAudit(
    tx,
    { ...origin, actorId: userId, sessionId: id },
    { action: 'session.created', subject: { kind: 'session', id }, after: { businessId, ip, userAgent } },
  );
  return id;
}
