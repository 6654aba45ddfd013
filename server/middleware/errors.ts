import type { Context, Middleware } from 'koa';
import { HttpError } from '../../lib/errors';
import type { Logger } from '../../lib/logger';
import { databaseErrorOf, FOREIGN_KEY_VIOLATION } from '../http/database-error';

/** Answers of Postgres and of the pool that mean "not now": the client should come back. 40…: another was first. */
const UNAVAILABLE = /^(57P0[123]|08\w{3}|53\w{3}|40001|40P01|ECONN\w+|EPIPE)$/;
const RETRY_AFTER_SECONDS = 1;

/** Every failure in the envelope of product.md; what we did not foresee is a 500 whose reason only the log holds. */
export const errors =
  (logger: Logger): Middleware =>
  async (ctx, next) => {
    try {
      await next();
      assertAnswered(ctx);
    } catch (error) {
      const failure = toHttpError(error);
      if (failure.status >= 500) {
        logger.error(
          { err: error, requestId: ctx.state.requestId, method: ctx.method, path: ctx.path },
          'request failed',
        );
      }
      ctx.status = failure.status;
      if (failure.headers) ctx.set(failure.headers);
      ctx.body = {
        message: failure.message,
        error: { code: failure.code, details: failure.details, requestId: ctx.state.requestId as string },
      };
    }
  };

/**
 * Koa leaves 404, and the router 405 and 501 with an Allow header, without a body. 501 becomes 405: a client's odd
 * method is no failure of ours, and a scan should not fill the log with errors.
 * @throws HttpError where nothing was answered
 */
function assertAnswered({ status, body, method }: Pick<Context, 'status' | 'body' | 'method'>): void {
  if (body !== undefined) return;
  if (status === 404) throw new HttpError(404, 'not_found', 'There is no such endpoint.');
  if (status === 405 || status === 501) {
    throw new HttpError(405, 'method_not_allowed', `${method} is not offered here.`);
  }
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const { code, message } = databaseErrorOf(error);
  const { status } = error as { status?: number };
  if (isUnavailable(code, message)) {
    return new HttpError(
      503,
      'unavailable',
      'The service is not available right now. Try again.',
      undefined,
      {
        'Retry-After': String(RETRY_AFTER_SECONDS),
      },
    );
  }
  if (code === FOREIGN_KEY_VIOLATION) {
    // Checked before it was written, so somebody deleted it in between.
    return new HttpError(409, 'conflict', 'Something that this refers to was deleted meanwhile.');
  }
  // Koa's own and the router's: a path that can't be decoded, a method that is not offered.
  if (status !== undefined && status >= 400 && status < 500) {
    return new HttpError(status, 'invalid_request', message ?? 'The request is not valid.');
  }
  return new HttpError(500, 'internal_error', 'Something went wrong on our side.');
}

const isUnavailable = (code: string | undefined, message = ''): boolean =>
  (code !== undefined && UNAVAILABLE.test(code)) ||
  /Connection terminated|not queryable|Timeout acquiring a connection|aborted/.test(message);
