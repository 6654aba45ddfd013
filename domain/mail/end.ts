import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import { LEASE_MS, MAX_ATTEMPTS, retryMs } from './limits';

/** Across tenants, all of it: mails are the platform's to send. */

const RENEW: Statement = {
  name: 'mail-renew',
  text: `update mails set due_at = now() + $3 * interval '1 ms'
          where id = $1 and attempts = $2 and status = 'queued' returning 1`,
};

interface Try {
  id: string;
  attempts: number;
}

/** A heartbeat. @returns false where another worker has the mail, or it is over */
export async function renewMail(db: Database, { id, attempts }: Try): Promise<boolean> {
  return (await systemStatement(db, RENEW, [id, attempts, LEASE_MS])).length > 0;
}

const DONE: Statement = {
  name: 'mail-done',
  // Whichever try it was: what a server took is sent, though a later try be under way or have given up.
  text: `update mails set status = $2, sent_at = now(), last_error = null
          where id = $1 and status in ('queued', 'failed')`,
};

/** A server took it (`sent`), or it lies in the local mailbox (`kept`). */
export const endMail = (db: Database, id: string, status: 'sent' | 'kept'): Promise<unknown> =>
  systemStatement(db, DONE, [id, status]);

const FAILED: Statement = {
  name: 'mail-failed',
  text: `update mails set status = case when $3 then 'failed' else 'queued' end, last_error = $4,
           due_at = now() + $5 * interval '1 ms'
          where id = $1 and attempts = $2 and status = 'queued'`,
};

/**
 * A try failed: for good, or until its pause is over. Refused where a later try has the mail.
 * @param reason for an operator; holds no address and nothing of the mail
 * @returns whether it is given up
 */
export async function failMail(
  db: Database,
  { id, attempts }: Try,
  { reason, isPermanent }: { reason: string; isPermanent: boolean },
): Promise<boolean> {
  const isGivenUp = isPermanent || attempts >= MAX_ATTEMPTS;
  await systemStatement(db, FAILED, [id, attempts, isGivenUp, reason, retryMs(attempts)]);
  return isGivenUp;
}

const HAND_BACK: Statement = {
  name: 'mail-hand-back',
  text: `update mails set due_at = now(), last_error = $3
          where id = $1 and attempts = $2 and status = 'queued'`,
};

/** The worker stops: another one may begin at once. */
export const handBackMail = (db: Database, { id, attempts }: Try, reason: string): Promise<unknown> =>
  systemStatement(db, HAND_BACK, [id, attempts, reason]);
