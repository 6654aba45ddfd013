import Koa from 'koa';
import { createServer } from 'node:http';
import { Pool } from 'pg';
import type { Actor } from '../../domain/roles';
import { WIDGET_DATA, type WidgetWithData } from '../../domain/widgets/read';
import { createBatcher } from '../../lib/batcher';
import { logger } from '../../lib/logger';
import { createMetrics } from '../../lib/metrics/metrics';
import type { ServerContext } from '../../server/context';
import { routerOf } from '../../server/http/register-routes';
import { accessLog } from '../../server/middleware/access-log';
import { errors } from '../../server/middleware/errors';
import { requestId } from '../../server/middleware/request-id';
import { requestMetrics } from '../../server/middleware/request-metrics';
import { securityHeaders } from '../../server/middleware/security-headers';
import { widgetDataRoutes } from '../../server/routes/widgets/data';
import { serveCommands } from '../parts/helper';
import { listen } from './listen';

/** As many as the product's default. */
const POOL_SIZE = 10;

/**
 * The product's own route with its SELECT, batching, logging and headers, and without its checks: no token, no session,
 * no counted requests, no tenant scope, no row-level security (the tables' owner reads).
 */
serveCommands(async ({ databaseUrl, actor }: { databaseUrl: string; actor: Actor }) => {
  const pool = new Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  const findWidgetData = createBatcher<string, WidgetWithData | undefined>({
    idOf: (widgetId) => widgetId,
    share: true,
    async run(_businessId, widgetIds) {
      const { rows } = await pool.query<Omit<WidgetWithData, 'version'> & { version: string }>({
        ...WIDGET_DATA,
        values: [widgetIds],
      });
      const found = new Map(rows.map((row) => [row.widgetId, { ...row, version: Number(row.version) }]));
      return widgetIds.map((id) => found.get(id));
    },
  });
  const context = {
    findWidgetData,
    logger,
    rateLimits: { countRequest: () => undefined },
  } as unknown as ServerContext;
  const app = new Koa();
  app.use(requestId);
  app.use(accessLog(logger));
  app.use(requestMetrics(createMetrics()));
  app.use(errors(logger));
  app.use(securityHeaders(false));
  const anyone: Koa.Middleware = (ctx, next) => {
    ctx.state.actor = actor;
    return next();
  };
  app.use(routerOf(widgetDataRoutes(context), anyone, context).routes());
  const handle = app.callback();
  const port = await listen(createServer((request, response) => void handle(request, response)));
  return { port: () => port };
});
