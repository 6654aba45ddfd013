import { dueMails } from '../domain/mail/recover';
import type { WorkerContext } from './context';

/** Puts mails into BullMQ that nobody is sending though they are due. Not where there is nowhere to send them. */
export function createMailSweeper({
  db,
  jobs,
  logger,
  mailer,
}: Pick<WorkerContext, 'db' | 'jobs' | 'logger' | 'mailer'>): { recover(): Promise<void> } {
  return {
    async recover() {
      if (mailer.kind === 'none') return;
      const due = await dueMails(db);
      const payloads = due.map((delivery) => ({ ...delivery, requestId: 'recovered' }));
      await jobs.enqueueMany('mail', payloads).catch((error: unknown) => {
        logger.warn({ err: error, mails: due.length }, 'the broker did not take mails, a sweep will');
      });
    },
  };
}
