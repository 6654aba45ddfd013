import type { Context, Middleware } from 'koa';
import { endOperatorSession, findOperator, type Operator } from '../../domain/accounts/operator-sessions';
import { forbidden } from '../../lib/errors';
import type { ServerContext } from '../context';
import { createBoards } from './boards';
import { createBoardCookies } from './cookies';
import { readForm } from './form';
import { isRead, mayProceed } from './guard';
import { boardHeaders } from './headers';
import { createLogin } from './login';
import { isSameOrigin } from './origin';
import { STYLESHEET } from '../pages/shell';
import { sessionPage } from './pages';
import { BOARD_PATH } from './path';

/**
 * Bull Board at /admin/queues, for operators who logged in there. It shows jobs, whose data are ids only.
 *
 * Goes before CORS: an origin that may call the API must not read the board with an operator's cookie.
 */
export function operatorBoard(context: ServerContext): Middleware {
  const { db, env, jobs } = context;
  const cookies = createBoardCookies(env);
  const login = createLogin(context, cookies);
  const boards = createBoards(Object.values(jobs.queues));

  async function logOut(ctx: Context, { sessionId }: Operator): Promise<void> {
    const form = await readForm(ctx.req);
    const isOurs = cookies.isRequestToken(sessionId, form.get('token') ?? '');
    if (!isOurs || !isSameOrigin(ctx, env.PUBLIC_URL)) throw forbidden('This form is no longer valid.');
    await endOperatorSession(db, sessionId);
    cookies.closeSession(ctx);
    ctx.status = 303;
    ctx.redirect(`${BOARD_PATH}/login`);
  }

  async function asOperator(ctx: Context, page: string, operator: Operator): Promise<void> {
    if (page === 'POST /logout') return logOut(ctx, operator);
    if (page === 'GET /session') {
      ctx.type = 'html';
      ctx.body = sessionPage(operator, cookies.requestToken(operator.sessionId));
      return;
    }
    if (page === 'GET /login') return ctx.redirect(BOARD_PATH);
    if (!(await mayProceed(ctx, operator, cookies, context))) return;
    await (operator.mayAct ? boards.acting : boards.looking)(ctx, async () => undefined);
  }

  async function serve(ctx: Context): Promise<void> {
    const page = `${isRead(ctx) ? 'GET' : ctx.method} ${ctx.path.slice(BOARD_PATH.length)}`;
    if (page === 'GET /operator.css') {
      ctx.type = 'css';
      ctx.body = STYLESHEET;
      return;
    }
    if (page === 'POST /login') return login.submit(ctx);
    const sessionId = cookies.sessionId(ctx);
    const operator = sessionId && (await findOperator(db, sessionId));
    if (operator) return asOperator(ctx, page, operator);
    if (page === 'GET /login') return login.show(ctx);
    refuseStranger(ctx);
  }

  return async (ctx, next) => {
    if (ctx.path !== BOARD_PATH && !ctx.path.startsWith(`${BOARD_PATH}/`)) return next();
    try {
      await boardHeaders(ctx, () => serve(ctx));
    } finally {
      // The board's own routers leave patterns of theirs: in the metrics it is one route.
      ctx._matchedRoute = BOARD_PATH;
    }
  };
}

/** A page leads to the login; what a page loads in the background is told so in the form Bull Board shows. */
function refuseStranger(ctx: Context): void {
  const isPage = isRead(ctx) && !/^\/admin\/queues\/(api|static)\//.test(ctx.path);
  if (isPage) {
    ctx.redirect(`${BOARD_PATH}/login`);
    return;
  }
  ctx.status = 401;
  ctx.body = { error: { key: 'ERRORS.FORBIDDEN' }, message: 'Your session has ended. Load the page again.' };
}
