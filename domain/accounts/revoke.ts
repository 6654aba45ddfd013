import type { Statement, Transaction } from '../../db/scope';

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
const REVOKE_OPERATOR: Statement = {
  name: 'operator-sessions-revoke-of-person',
  text: `update operator_sessions set revoked_at = now() where user_id = $1 and revoked_at is null`,
};

/**
 * Ends a person's logins; where not only one or those of one business are meant, their sessions at the operators'
 * board too. Announce the ids after the commit. Needs a system transaction: sessions belong to a person, not to a
 * business.
 * @param reason kept in the row and told to clients: `logout`, `password_changed`, ...
 */
export async function revokeSessions(
  tx: Transaction,
  { userId, only, except, businessId }: SessionsOf,
  reason: string,
): Promise<EndedSessions> {
  if (!only && !businessId) await tx.query(REVOKE_OPERATOR, [userId]);
  const rows = await tx.query<{ id: string }>(REVOKE, [
    userId,
    reason,
    only ?? null,
    except ?? null,
    businessId ?? null,
  ]);
  return rows.map(({ id }) => id);
}
