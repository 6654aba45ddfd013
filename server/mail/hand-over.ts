import type { ServerContext } from '../context';

/**
 * Asks a worker to send a mail, after the commit that queued it. Never rejects: where the broker is away a sweep
 * finds the row.
 */
export async function handOverMail(
  { jobs, logger }: Pick<ServerContext, 'jobs' | 'logger'>,
  mailId: string,
  requestId: string,
): Promise<void> {
  await jobs.enqueue('mail', { mailId, requestId }).catch((error: unknown) => {
    logger.warn({ err: error, mailId, requestId }, 'the broker did not take a mail, a sweep will');
  });
}
