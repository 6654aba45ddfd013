import { claimMail, type ClaimedMail } from '../../domain/mail/claim';
import { composeMail } from '../../domain/mail/compose';
import { endMail, failMail, handBackMail } from '../../domain/mail/end';
import { SEND_LIMIT_MS } from '../../domain/mail/limits';
import { publicUrlOf } from '../../lib/public-url';
import { withSignal } from '../../lib/within-limit';
import type { WorkerContext } from '../context';
import type { Handler } from '../registry';
import type { SendFailure } from './failure';
import { whileHeld } from './hold';
import type { Mailer } from './mailer';

/**
 * Sends one mail: claim the row, make the words, hand them to the mail server, write down that it took them.
 *
 * Where the process dies
 * - before the claim: the row is queued and due; the broker hands the job to another worker, or the sweep does.
 * - between claim and the server's answer: the row is queued, and due again when the lease has run out. Then the
 *   sweep hands it over.
 * - after the server's 250 and before `endMail`: as above, so the mail is sent twice, under the same Message-ID. An
 *   SMTP server can't be asked whether it has a mail, so of "at least once" and "at most once" we chose the first.
 * - after `endMail`: it is over; the broker's second delivery finds nothing to claim.
 */
export const mail: Handler<'mail'> = async (context, { mailId, requestId }, _job, signal) => {
  const { db, logger, mailer } = context;
  // Nowhere to send to: it waits in its table, unclaimed.
  if (mailer.kind === 'none') return;
  const claim = await claimMail(db, mailId);
  if (claim.kind === 'none') return;
  if (claim.kind === 'ended') {
    const { status, reason } = claim;
    return logger[status === 'failed' ? 'error' : 'info'](
      { mailId, requestId, status, reason },
      'mail not sent',
    );
  }
  if (mailer.kind === 'mailbox') {
    await endMail(db, mailId, 'kept');
    return logger.info(
      { mailId, requestId, template: claim.mail.template },
      'mail kept in the local mailbox',
    );
  }
  await send(context, mailer, claim.mail, { requestId, signal });
};

async function send(
  { db, env, logger }: WorkerContext,
  mailer: Extract<Mailer, { kind: 'smtp' }>,
  claimed: ClaimedMail,
  { requestId, signal }: { requestId: string; signal: AbortSignal },
): Promise<void> {
  const words = composeMail(claimed, { publicUrl: publicUrlOf(env), secrets: env.JWT_SECRET });
  const { id: mailId, template, attempts } = claimed;
  const told = { mailId, template, attempts, requestId };
  const failure = await withSignal(signal, SEND_LIMIT_MS, (limited) =>
    whileHeld(db, logger, claimed, limited, (held) => mailer.send({ ...claimed, ...words }, held)),
  );
  if (!failure) {
    await endMail(db, mailId, 'sent');
    return logger.info(told, 'mail sent');
  }
  if (signal.aborted) {
    await handBackMail(db, claimed, 'The worker stopped.');
    return logger.info(told, 'mail handed back');
  }
  await fail({ db, logger }, claimed, failure, told);
}

async function fail(
  { db, logger }: Pick<WorkerContext, 'db' | 'logger'>,
  claimed: ClaimedMail,
  failure: SendFailure,
  told: object,
): Promise<void> {
  const isGivenUp = await failMail(db, claimed, failure);
  const { reason } = failure;
  if (isGivenUp) logger.error({ ...told, reason }, 'mail given up');
  else logger.warn({ ...told, reason }, 'mail not taken, it is tried again');
}
