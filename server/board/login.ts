import type { Context } from 'koa';
import { findByCredentials } from '../../domain/accounts/accounts';
import { openOperatorSession } from '../../domain/accounts/operator-sessions';
import { forbidden, HttpError, unauthorized } from '../../lib/errors';
import type { ServerContext } from '../context';
import type { BoardCookies } from './cookies';
import { readForm } from './form';
import { createLoginLimit } from './login-limit';
import { isSameOrigin } from './origin';
import { loginPage } from './pages';
import { BOARD_PATH } from './path';

/** One answer for a wrong password, an unknown address and a person who is no operator. */
const REFUSED = 'The address or the password is wrong, or it is not an operator’s.';

/** `GET` and `POST /admin/queues/login`. */
export function createLogin({ db, env, logger }: ServerContext, cookies: BoardCookies) {
  const countTry = createLoginLimit();

  const show = (ctx: Context, email = '', message?: string): void => {
    ctx.type = 'html';
    ctx.body = loginPage({ token: cookies.formToken(ctx), email, message });
  };

  /** @throws HttpError with what the page says */
  async function logIn(ctx: Context, form: URLSearchParams): Promise<string> {
    if (!isSameOrigin(ctx, env.PUBLIC_URL) || !cookies.isFormToken(ctx, form.get('token') ?? '')) {
      throw forbidden('This form is no longer valid. Send it again.');
    }
    await countTry(ctx.ip);
    const found = await findByCredentials(db, form.get('email') ?? '', form.get('password') ?? '');
    if (!found?.operator) throw unauthorized(REFUSED);
    // The board asks for no second factor, so it must not be the way around one.
    if (found.user.twoFactorEnabledAt) {
      throw forbidden(
        'This account has a second factor, which this page can’t ask for. Use another account.',
      );
    }
    const sessionId = await openOperatorSession(db, found.user.id);
    if (!sessionId) throw unauthorized(REFUSED);
    logger.info({ operatorId: found.user.id, ip: ctx.ip }, 'an operator logged in');
    return sessionId;
  }

  return {
    show,
    async submit(ctx: Context): Promise<void> {
      const form = await readForm(ctx.req);
      try {
        cookies.openSession(ctx, await logIn(ctx, form));
        ctx.status = 303;
        ctx.redirect(BOARD_PATH);
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        logger.warn({ ip: ctx.ip, status: error.status }, 'an operator’s login was refused');
        ctx.status = error.status;
        const retryAfter = error.headers?.['Retry-After'];
        if (retryAfter) ctx.set('Retry-After', retryAfter);
        show(ctx, form.get('email') ?? '', error.message);
      }
    },
  };
}
