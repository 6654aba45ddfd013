import type { Statement, Transaction } from '../../db/scope';
import { recordAudit, type AuditOrigin } from '../audit/record';

/** Which of a person's logins. */
export interface SessionsOf {
  userId: string;
  /** Only this one. */
  only?: string;
  /** All but this one. */
  except?: string;
  /** Only those that act in this business now. */
  businessId?: string;
}

/** Ids of the sessions that were alive and are not any more. */
export type EndedSessions = string[];

const REVOKE: Statement = {
  name: 'sessions-revoke-of-person',
  text: `update sessions set revoked_at = now(), revoked_reason = $2
          where user_id = $1 and revoked_at is null
            and ($3::uuid is null or id = $3) and ($4::uuid is null or id <> $4)
            and ($5::uuid is null or business_id = $5)
         returning id`,
};
const END_CHALLENGES: Statement = {
  name: 'login-challenges-end-of-person',
  text: `delete from login_challenges where user_id = $1`,
};
const REVOKE_OPERATOR: Statement = {
  name: 'operator-sessions-revoke-of-person',
  text: `update operator_sessions set revoked_at = now() where user_id = $1 and revoked_at is null`,
};

/**
 * Ends a person's logins; where not only one or those of one business are meant, also their sessions at the
 * operators' board and logins that wait for a second factor. Announce the ids after the commit. Needs a system
 * transaction: sessions belong to a person, not to a business.
 *
 * Change the person's row first (password, second factor): a login that checked the old one either has its session
 * already and it ends here, or finds the row changed.
 * @param reason kept in the row and told to clients: `logout`, `password_changed`, ...
 */
export async function revokeSessions(
  tx: Transaction,
  { userId, only, except, businessId }: SessionsOf,
  reason: string,
  origin: AuditOrigin,
  action: 'session.revoked' | 'session.replayed' = 'session.revoked',
): Promise<EndedSessions> {
  if (!only && !businessId) {
    await tx.query(END_CHALLENGES, [userId]);
    await tx.query(REVOKE_OPERATOR, [userId]);
  }
  const rows = await tx.query<{ id: string }>(REVOKE, [
    userId,
    reason,
    only ?? null,
    except ?? null,
    businessId ?? null,
  ]);
  for (const { id } of rows) {
    await recordAudit(tx, origin, { action, subject: { kind: 'session', id }, after: { reason } });
  }
  return rows.map(({ id }) => id);
}
