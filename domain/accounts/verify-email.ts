import type { Database } from '../../db/database';
import { withSystem, type Statement } from '../../db/scope';
import { recordAudit, type AuditOrigin } from '../audit/record';

const USE: Statement = {
  name: 'verify-email-use-link',
  // Both in one statement; of two at once, the second finds the link used. The address must still be the account's.
  text: `
    with used as (
      update link_tokens set used_at = now()
       where id = $1 and purpose = 'verify_email' and used_at is null and expires_at > now()
      returning user_id, email
    )
    update users u set email_verified_at = coalesce(u.email_verified_at, now()), updated_at = now()
      from used where u.id = used.user_id and lower(u.email) = lower(used.email)
    returning u.id, u.email`,
};
const SESSIONS: Statement = {
  name: 'verify-email-sessions',
  text: `select id from sessions where user_id = $1 and revoked_at is null`,
};

export interface Verified {
  email: string;
  /** Their sessions, whose remembered state is of before. */
  sessionIds: string[];
}

/**
 * Uses a link of the purpose `verify_email`: the address is its owner's. Across tenants: it is the person's.
 * @param linkId of `readLinkToken`
 * @returns undefined where the link was used, replaced or has run out
 */
export function verifyEmail(
  db: Database,
  linkId: string,
  origin: AuditOrigin,
): Promise<Verified | undefined> {
  return withSystem(db, async (tx) => {
    const [person] = await tx.query<{ id: string; email: string }>(USE, [linkId]);
    if (!person) return undefined;
    await recordAudit(
      tx,
      { ...origin, actorId: person.id },
      { action: 'email.verified', subject: { kind: 'user', id: person.id }, after: { emailVerified: true } },
    );
    const sessions = await tx.query<{ id: string }>(SESSIONS, [person.id]);
    return { email: person.email, sessionIds: sessions.map(({ id }) => id) };
  });
}
