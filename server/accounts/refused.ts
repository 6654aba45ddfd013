import type { Refused } from '../../domain/accounts/check-password';
import { HttpError } from '../../lib/errors';
import type { ServerContext } from '../context';

const SECONDS_PER_MINUTE = 60;

/**
 * Hands a queued mail to the workers. Not waited for: the row is there, a sweep finds it where this is lost, and how
 * long the broker takes tells nobody whether an address has an account.
 */
export function sendMail(
  { jobs, logger }: Pick<ServerContext, 'jobs' | 'logger'>,
  mailId: string,
  requestId: string,
): void {
  jobs
    .enqueue('mail', { mailId, requestId })
    .catch((error: unknown) => logger.warn({ err: error, mailId, requestId }, 'a mail waits for the sweep'));
}

/**
 * What whoever was not let in is told: `wrong`, or that there were too many tries, which is the same for an address
 * that has no account.
 */
export function refusalOf(
  context: Pick<ServerContext, 'jobs' | 'logger'>,
  refused: Refused,
  requestId: string,
  wrong: HttpError,
): HttpError {
  if (refused.kind === 'wrong') {
    if (refused.mailId !== undefined) sendMail(context, refused.mailId, requestId);
    return wrong;
  }
  const { lockedSeconds } = refused;
  const minutes = Math.ceil(lockedSeconds / SECONDS_PER_MINUTE);
  return new HttpError(
    429,
    'login_locked',
    `Too many wrong tries. Try again in ${minutes} min, or ask for a mail to set a new password.`,
    undefined,
    { 'Retry-After': String(lockedSeconds) },
  );
}
