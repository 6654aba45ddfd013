import type { Refused } from '../../domain/accounts/check-password';
import { HttpError } from '../../lib/errors';
import type { ServerContext } from '../context';
import { handOverMail } from '../mail/hand-over';

const SECONDS_PER_MINUTE = 60;

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
    // Not waited for: how long the broker takes tells nobody whether an address has an account.
    if (refused.mailId !== undefined) void handOverMail(context, refused.mailId, requestId);
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
