import type { Knex } from 'knex';
import type { Statement, Transaction } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { newId } from '../../lib/ids';

/** What a mail can be about; each has its words in domain/mail/templates. */
export type MailTemplate =
  | 'verify_email'
  | 'reset_password'
  | 'password_changed'
  | 'two_factor_changed'
  | 'invitation'
  | 'account_locked'
  | 'email_taken'
  | 'new_login_session_revoked';

export interface NewMail {
  template: MailTemplate;
  /** The address it goes to. */
  recipient: string;
  /** Whom it is about. null where that is not known yet: `verify_email` and `reset_password` then look for the address. */
  userId: string | null;
  /** In a tenant's transaction its business; a mail about a person alone has none. */
  businessId: string | null;
  /** The row that the link is about (`invitation`); the other templates need none. */
  subjectId: string | null;
}

const QUEUE: Statement = {
  name: 'mail-queue',
  text: `insert into mails (id, template, recipient, user_id, business_id, subject_id)
         values ($1, $2, $3, $4, $5, $6)`,
};

/**
 * Queues a mail in the caller's transaction, so that it is sent exactly where the change it tells of was made. After
 * the commit `jobs.enqueue('mail', { mailId, requestId })` makes it quick; where that is lost, a sweep does it.
 *
 * The link is made when the mail is sent: for `verify_email` and `reset_password` a new token, which takes the place
 * of an older one. An address that nobody has, or has verified already, gets no mail.
 */
export async function queueMail(
  tx: Pick<Transaction, 'query'> | Knex.Transaction,
  mail: NewMail,
): Promise<{ mailId: string }> {
  const mailId = newId();
  const { template, recipient, userId, businessId, subjectId } = mail;
  const values = [mailId, template, recipient, userId, businessId, subjectId];
  await (typeof tx === 'function' ? trxStatement(tx, QUEUE, values) : tx.query(QUEUE, values));
  return { mailId };
}
