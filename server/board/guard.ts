import type { Context } from 'koa';
import type { Operator } from '../../domain/accounts/operator-sessions';
import type { ServerContext } from '../context';
import { REQUEST_TOKEN_HEADER, type BoardCookies } from './cookies';
import { isSameOrigin } from './origin';

export const isRead = (ctx: Context): boolean => ctx.method === 'GET' || ctx.method === 'HEAD';

/**
 * Whether the request may go on to the board: reading always, anything else only from a page of the board, with
 * the session's token, by someone with the right to act. Otherwise it is answered 403 in the form that Bull
 * Board's pages show; what does go on is logged with its author.
 */
export function mayProceed(
  ctx: Context,
  operator: Operator,
  cookies: BoardCookies,
  { env, logger }: Pick<ServerContext, 'env' | 'logger'>,
): boolean {
  if (isRead(ctx)) return true;
  const isOurPage =
    isSameOrigin(ctx, env.PUBLIC_URL) &&
    cookies.isRequestToken(operator.sessionId, ctx.get(REQUEST_TOKEN_HEADER));
  const act = { operatorId: operator.userId, method: ctx.method, path: ctx.path };
  if (isOurPage && operator.mayAct) {
    logger.info({ ...act, requestId: ctx.state.requestId as string }, 'an operator acts on a queue');
    return true;
  }
  logger.warn({ ...act, isOurPage, mayAct: operator.mayAct }, 'an operator’s request was refused');
  const message = isOurPage
    ? 'Your account may look at the queues, not change them.'
    : 'This request did not come from the board’s own page. Load it again.';
  ctx.status = 403;
  ctx.body = { error: { key: isOurPage ? 'ERRORS.QUEUE_READ_ONLY' : 'ERRORS.FORBIDDEN' }, message };
  return false;
}
