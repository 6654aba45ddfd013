import Koa from 'koa';
import helmet from 'koa-helmet';
import cors from '@koa/cors';
import { routerOf } from './http/register-routes';
import type { ServerContext } from './context';
import { accessLog } from './middleware/access-log';
import { authenticate } from './middleware/authenticate';
import { errors } from './middleware/errors';
import { requestId } from './middleware/request-id';
import { apiRoutes } from './routes';

/** The Koa application: what every request passes, in order, then the routes. */
export function createApp(context: ServerContext): Koa {
  const { env, logger } = context;
  const app = new Koa({ proxy: env.TRUSTED_PROXIES > 0, maxIpsCount: env.TRUSTED_PROXIES });
  app.silent = true;
  app.on('error', (error) => logger.debug({ err: error }, 'a connection failed while it was answered'));
  app.use(requestId);
  app.use(accessLog(logger));
  app.use(errors(logger));
  app.use(helmet());
  app.use(
    cors({
      origin: (ctx) => (env.CORS_ORIGINS.includes(ctx.get('origin')) ? ctx.get('origin') : ''),
      credentials: true,
      exposeHeaders: ['ETag', 'X-Request-Id', 'Retry-After', 'Location'],
      maxAge: 600,
    }),
  );
  const router = routerOf(apiRoutes(context), authenticate(context.authenticator, env.JWT_SECRET));
  app.use(router.routes());
  app.use(router.allowedMethods({ throw: false }));
  return app;
}
