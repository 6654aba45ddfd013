import { withSystem } from '../../../../db/scope';
import { queueMail } from '../../../../domain/mail/queue-mail';
import type { ServerContext } from '../../../context';
import { handOverMail } from '../../../mail/hand-over';

/**
 * Queues a mail to an address that a stranger may have typed. Whether anybody has it is looked up by the worker, not
 * here: a known address and an unknown one take the same writes, so the same time. Across tenants: nobody is logged
 * in.
 */
export async function askForMail(
  context: ServerContext,
  template: 'verify_email' | 'reset_password',
  recipient: string,
  requestId: string,
): Promise<void> {
  const { mailId } = await withSystem(context.db, (tx) =>
    queueMail(tx, { template, recipient, userId: null, businessId: null, subjectId: null }),
  );
  await handOverMail(context, mailId, requestId);
}
