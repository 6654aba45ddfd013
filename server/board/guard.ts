import type { Context } from 'koa';
import { withSystem } from '../../db/scope';
import type { Operator } from '../../domain/accounts/operator-sessions';
import { recordAudit } from '../../domain/audit/record';
import type { ServerContext } from '../context';
import { originOf } from '../http/audit-origin';
import { REQUEST_TOKEN_HEADER, type BoardCookies } from './cookies';
import { isSameOrigin } from './origin';

export const isRead = (ctx: Context): boolean => ctx.method === 'GET' || ctx.method === 'HEAD';

/**
 * Whether the request may go on to the board: reading always, anything else only from a page of the board, with
 * the session's token, by someone with the right to act. Otherwise it is answered 403 in the form that Bull
 * Board's pages show. Both are written down with their author, in no business's log, before anything is done: what
 * can't be written down is not done.
 */
export async function mayProceed(
  ctx: Context,
  operator: Operator,
  cookies: BoardCookies,
  { db, env, logger }: Pick<ServerContext, 'db' | 'env' | 'logger'>,
): Promise<boolean> {
  if (isRead(ctx)) return true;
  const isOurPage =
    isSameOrigin(ctx, env.PUBLIC_URL) &&
    cookies.isRequestToken(operator.sessionId, ctx.get(REQUEST_TOKEN_HEADER));
  const act = { operatorId: operator.userId, method: ctx.method, path: ctx.path };
  const isAllowed = isOurPage && operator.mayAct;
  const reason = isOurPage ? 'read_only' : 'other_page';
  await withSystem(db, (tx) =>
    recordAudit(
      tx,
      // The session is one of the board's, none of the API's.
      { ...originOf({ actor: undefined, koa: ctx }), actorId: operator.userId },
      {
        action: isAllowed ? 'queue.changed' : 'access.denied',
        subject: { kind: 'queue', id: queueOf(ctx.path) },
        after: { method: ctx.method, path: ctx.path, reason: isAllowed ? undefined : reason },
      },
    ),
  );
  if (isAllowed) {
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

/** `/admin/queues/api/queues/mail/…` is about the queue `mail`. */
const queueOf = (path: string): string | null => /\/api\/queues\/([\w-]{1,100})/.exec(path)?.[1] ?? null;
