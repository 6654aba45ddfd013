import type { Context } from 'koa';
import { forbidden, HttpError } from '../../lib/errors';
import type { ServerContext } from '../context';
import type { BoardCookies } from './cookies';
import { readForm } from './form';
import { createLoginLimit } from './login-limit';
import { isSameOrigin } from './origin';
import { codePage, loginPage } from './pages';
import { BOARD_PATH } from './path';
import { createSteps, type Step } from './steps';

/** `GET` and `POST /admin/queues/login`: address and password, then the second factor where it is on. */
export function createLogin(context: ServerContext, cookies: BoardCookies) {
  const { env, logger } = context;
  const countTry = createLoginLimit();
  const steps = createSteps(context);

  const show = (ctx: Context, email = '', message?: string): void => {
    ctx.type = 'html';
    ctx.body = loginPage({ token: cookies.formToken(ctx), email, message });
  };
  const askCode = (ctx: Context, challenge: string, message?: string): void => {
    ctx.type = 'html';
    ctx.body = codePage({ token: cookies.formToken(ctx), challenge, message });
  };

  /** @throws HttpError with what the page says */
  async function logIn(ctx: Context, form: URLSearchParams): Promise<Step> {
    if (!isSameOrigin(ctx, env.PUBLIC_URL) || !cookies.isFormToken(ctx, form.get('token') ?? '')) {
      throw forbidden('This form is no longer valid. Send it again.');
    }
    await countTry(ctx.ip);
    return form.has('challenge') ? steps.code(ctx, form) : steps.password(ctx, form);
  }

  function refuse(ctx: Context, form: URLSearchParams, error: HttpError): void {
    logger.warn({ ip: ctx.ip, status: error.status }, 'an operator’s login was refused');
    ctx.status = error.status;
    const retryAfter = error.headers?.['Retry-After'];
    if (retryAfter) ctx.set('Retry-After', retryAfter);
    const challenge = form.get('challenge');
    if (challenge !== null && error.code !== 'invalid_challenge')
      return askCode(ctx, challenge, error.message);
    show(ctx, form.get('email') ?? '', error.message);
  }

  return {
    show,
    async submit(ctx: Context): Promise<void> {
      const form = await readForm(ctx.req);
      try {
        const step = await logIn(ctx, form);
        if (step.kind === 'challenge') return askCode(ctx, step.challenge);
        cookies.openSession(ctx, step.sessionId);
        logger.info({ operatorSessionId: step.sessionId, ip: ctx.ip }, 'an operator logged in');
        ctx.status = 303;
        ctx.redirect(BOARD_PATH);
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        refuse(ctx, form, error);
      }
    },
  };
}
