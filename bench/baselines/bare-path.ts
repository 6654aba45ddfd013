import Router from '@koa/router';
import Koa from 'koa';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Pool } from 'pg';
import { serveCommands } from '../parts/helper';
import { BARE_ROOM, bareIo } from './bare-io';
import { listen } from './listen';
import { refreshBare, type Pools } from './same-writes';

/** Half of the product's ten for each pool. */
const POOL_SIZE = 5;

export interface BarePathSetting {
  databaseUrl: string;
  redisUrl: string | undefined;
}

/** A Koa route that does the refresh's writes itself and emits once: no queue, no session, no tenant. */
serveCommands(async ({ databaseUrl, redisUrl }: BarePathSetting) => {
  const pools: Pools = {
    durable: new Pool({ connectionString: databaseUrl, max: POOL_SIZE }),
    lazy: new Pool({
      connectionString: databaseUrl,
      max: POOL_SIZE,
      options: '-c synchronous_commit=off',
    }),
  };
  const app = new Koa();
  const server = createServer();
  const io = bareIo(server, redisUrl);
  const router = new Router();
  router.post('/widgets/:id/refresh', async (ctx) => {
    const payload = await refreshBare(pools, String(ctx.params.id), randomUUID());
    io.to(BARE_ROOM).emit('widget.updated', payload);
    ctx.status = 202;
    ctx.body = { data: { widgetId: payload.widgetId, queued: true } };
  });
  app.use(router.routes());
  const handle = app.callback();
  server.on('request', (request, response) => void handle(request, response));
  const port = await listen(server);
  return { port: () => port };
});
