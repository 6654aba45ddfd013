import type { Database } from '../../db/database';
import type { ClaimedMail } from '../../domain/mail/claim';
import { renewMail } from '../../domain/mail/end';
import { HEARTBEAT_MS } from '../../domain/mail/limits';
import type { Logger } from '../../lib/logger';

/**
 * Does `work` while the mail's lease is renewed, and aborts it where another worker has the mail. A renewal that
 * Postgres did not answer is not the end: the next may come before the lease runs out.
 */
export async function whileHeld<T>(
  db: Database,
  logger: Logger,
  mail: ClaimedMail,
  signal: AbortSignal,
  work: (held: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const follow = () => lost.abort(signal.reason);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  const timer = setInterval(() => {
    renewMail(db, mail)
      .then((isOurs) => (isOurs ? undefined : lost.abort(new Error('Another worker has the mail.'))))
      .catch((error: unknown) =>
        logger.warn({ err: error, mailId: mail.id }, 'a mail’s lease was not renewed'),
      );
  }, HEARTBEAT_MS);
  try {
    return await work(lost.signal);
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', follow);
  }
}
