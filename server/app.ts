import Koa from 'koa';
import cors from '@koa/cors';
import { createOperations } from '../domain/operations';
import type { Operations } from '../lib/health/answer';
import { operatorBoard } from './board';
import { routerOf } from './http/register-routes';
import type { ServerContext } from './context';
import { docsPages } from './docs';
import { accessLog } from './middleware/access-log';
import { authenticate } from './middleware/authenticate';
import { errors } from './middleware/errors';
import { requestId } from './middleware/request-id';
import { requestMetrics } from './middleware/request-metrics';
import { securityHeaders } from './middleware/security-headers';
import { openApiRouter } from './openapi';
import { accountPages } from './pages';
import { devMailbox } from './pages/mailbox';
import { apiRoutes } from './routes';
import { systemRouter } from './routes/system';

/**
 * The Koa application: what every request passes, in order, then the routes.
 * @param operations this process's own, where it works as well as serves
 */
export function createApp(context: ServerContext, operations: Operations = createOperations(context)): Koa {
  const { env, logger } = context;
  const app = new Koa({ proxy: env.TRUSTED_PROXIES > 0, maxIpsCount: env.TRUSTED_PROXIES });
  app.silent = true;
  app.on('error', (error) => logger.debug({ err: error }, 'a connection failed while it was answered'));
  app.use(requestId);
  app.use(accessLog(logger));
  app.use(requestMetrics(operations.metrics));
  app.use(errors(logger));
  app.use(securityHeaders(env.PUBLIC_URL?.startsWith('https:') ?? false));
  app.use(operatorBoard(context));
  app.use(docsPages(env.PUBLIC_URL));
  app.use(accountPages);
  app.use(devMailbox(context));
  app.use(
    cors({
      origin: (ctx) => (env.CORS_ORIGINS.includes(ctx.get('origin')) ? ctx.get('origin') : ''),
      credentials: true,
      exposeHeaders: [
        'ETag',
        'X-Request-Id',
        'Retry-After',
        'Location',
        'Idempotency-Replayed',
        'RateLimit-Limit',
        'RateLimit-Remaining',
        'RateLimit-Reset',
      ],
      maxAge: 600,
    }),
  );
  app.use(systemRouter(operations, env).routes());
  const routes = apiRoutes(context);
  app.use(openApiRouter(routes, env.PUBLIC_URL).routes());
  const router = routerOf(routes, authenticate(context, env.JWT_SECRET), context);
  app.use(router.routes());
  app.use(router.allowedMethods({ throw: false }));
  return app;
}
