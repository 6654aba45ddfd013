import type { Database } from '../../db/database';
import { withSystem, type Statement, type Transaction } from '../../db/scope';
import { newId } from '../../lib/ids';
import { LEASE_MS, LINK_LIFE_MS, MAX_AGE_MS, MAX_ATTEMPTS } from './limits';
import { READ, type MailFacts } from './read';

const CLAIM: Statement = {
  name: 'mail-claim',
  // One UPDATE, whose conditions are checked again on the row that a faster twin left: one of many gets it.
  text: `update mails set attempts = attempts + 1, due_at = now() + $2 * interval '1 ms'
          where id = $1 and status = 'queued' and due_at <= now()
          returning id, template, attempts, subject_id as "subjectId",
                    attempts > $3 as "isExhausted", created_at < now() - $4 * interval '1 ms' as "isTooOld"`,
};

const ISSUE: Statement = {
  name: 'mail-issue-link',
  // The address is the account's own, not the one that was typed: two that are equal in lower case need not be the
  // same mailbox. An earlier open link of the kind ends here, as the unique index over open ones demands.
  text: `
    with person as (
      select u.id, u.email from users u join mails m on m.id = $1
       where (u.id = m.user_id or (m.user_id is null and lower(u.email) = lower(m.recipient)))
         and (m.template <> 'verify_email' or u.email_verified_at is null)
    ), token as (
      insert into link_tokens (id, purpose, user_id, email, expires_at)
        select $2, $3, id, email, now() + $4 * interval '1 ms' from person
      on conflict (user_id, purpose) where used_at is null do update
        set id = excluded.id, email = excluded.email, expires_at = excluded.expires_at, created_at = now()
      returning id, user_id, email
    )
    update mails set subject_id = token.id, user_id = token.user_id, recipient = token.email
      from token where mails.id = $1`,
};

const END: Statement = {
  name: 'mail-end-unsent',
  text: `update mails set status = $2, last_error = $3, due_at = now() where id = $1`,
};

interface Claimed {
  id: string;
  template: MailFacts['template'];
  attempts: number;
  subjectId: string | null;
  isExhausted: boolean;
  isTooOld: boolean;
}

/** A mail in hand. `attempts` is the number of this try, by which a later one's holder is known from this. */
export interface ClaimedMail extends MailFacts {
  attempts: number;
}

export type Claim =
  | { kind: 'mail'; mail: ClaimedMail }
  /** It will not be sent, and the row says why. */
  | { kind: 'ended'; status: 'lapsed' | 'failed'; reason: string }
  /** Sent already, not due yet, or in another worker's hand. */
  | { kind: 'none' };

/**
 * Takes a mail in hand for {@link LEASE_MS} (renewed with `renewMail`), and makes the link it needs. A mail whose
 * reason has lapsed (its link used or replaced, nobody has the address, an invitation withdrawn) ends here, as does
 * one that was tried often enough or is too old. Across tenants: mails are the platform's to send.
 */
export function claimMail(db: Database, mailId: string): Promise<Claim> {
  return withSystem<Claim>(db, async (tx) => {
    const [claimed] = await tx.query<Claimed>(CLAIM, [mailId, LEASE_MS, MAX_ATTEMPTS, MAX_AGE_MS]);
    if (!claimed) return { kind: 'none' };
    const end = (status: 'lapsed' | 'failed', reason: string): Promise<Claim> =>
      tx.query(END, [mailId, status, reason]).then(() => ({ kind: 'ended', status, reason }));
    if (claimed.isExhausted) return end('failed', `No try of ${MAX_ATTEMPTS} came to an end.`);
    if (claimed.isTooOld) return end('failed', 'It could not be sent within a day.');
    await issueLink(tx, claimed);
    const [facts] = await tx.query<MailFacts>(READ, [mailId]);
    if (!facts?.isWanted) return end('lapsed', 'Its reason was gone before it was sent.');
    return { kind: 'mail', mail: { ...facts, attempts: claimed.attempts } };
  });
}

/** A mail that is tried again keeps the link of its first try. */
async function issueLink(tx: Transaction, { id, template, subjectId }: Claimed): Promise<void> {
  if (subjectId !== null || (template !== 'verify_email' && template !== 'reset_password')) return;
  await tx.query(ISSUE, [id, newId(), template, LINK_LIFE_MS[template]]);
}
