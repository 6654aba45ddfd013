import type { Middleware } from 'koa';
import type { Logger } from '../../lib/logger';

/** One line a request, with the route's pattern; never the query string or a header: they may hold secrets. */
export const accessLog =
  (logger: Logger): Middleware =>
  async (ctx, next) => {
    const startedAt = process.hrtime.bigint();
    await next();
    const level = ctx.status >= 500 ? 'error' : ctx.path.startsWith('/health') ? 'debug' : 'info';
    logger[level](
      {
        requestId: ctx.state.requestId,
        method: ctx.method,
        path: ctx.path,
        status: ctx.status,
        ms: Number((process.hrtime.bigint() - startedAt) / 10_000n) / 100,
        userId: ctx.state.actor?.userId,
        businessId: ctx.state.actor?.businessId,
      },
      'request',
    );
  };
