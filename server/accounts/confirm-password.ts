import { findAccount } from '../../domain/accounts/accounts';
import { checkPassword, type Person } from '../../domain/accounts/check-password';
import { badRequest, unauthorized } from '../../lib/errors';
import type { ServerContext } from '../context';
import type { Request } from '../http/route';
import { personalOrigin } from './personal';
import { refusalOf } from './refused';

/**
 * The caller's password again, before their way in is changed: an access token alone must not be enough. Wrong ones
 * count as they do at a login.
 * @param field the body's field that an error names
 * @throws HttpError 400 `wrong_password`, 429 `login_locked`
 */
export async function confirmPassword(
  context: ServerContext,
  { actor, koa, requestId }: Pick<Request<unknown, unknown, unknown>, 'actor' | 'koa' | 'requestId'>,
  password: string,
  field: string,
): Promise<Person> {
  const account = await findAccount(context.db, actor.userId, actor.businessId);
  if (!account) throw unauthorized('This session has ended. Log in again.', 'session_ended');
  const origin = personalOrigin({ actor, koa });
  const checked = await checkPassword(context.db, account.user.email, password, origin);
  if (checked.kind === 'right') return checked.person;
  const wrong = badRequest(
    'The password is wrong.',
    [{ path: field, message: 'is wrong' }],
    'wrong_password',
  );
  throw refusalOf(context, checked, requestId, wrong);
}
