import type { Middleware } from 'koa';
import type { Metrics } from '../../lib/metrics/metrics';

/** Methods that get a label of their own; a client may send any word. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * How long requests take, by the pattern of their route. Goes around the error handling, whose status it counts.
 * What matched no route is one series, or a scan for holes would make thousands.
 */
export const requestMetrics =
  (metrics: Metrics): Middleware =>
  async (ctx, next) => {
    const startedAt = performance.now();
    await next();
    const route = (ctx._matchedRoute as string | RegExp | undefined)?.toString() ?? 'unmatched';
    const method = METHODS.has(ctx.method) ? ctx.method : 'other';
    metrics.requestEnded(method, route, ctx.status, performance.now() - startedAt);
  };
