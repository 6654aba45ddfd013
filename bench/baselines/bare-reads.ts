import Router from '@koa/router';
import Koa from 'koa';
import { createServer } from 'node:http';
import { Pool } from 'pg';
import { presentWidgetData, type WidgetDataRow } from '../../domain/presenters/widget-data';
import { serveCommands } from '../parts/helper';
import { listen } from './listen';

/** As many as the product's default. */
const POOL_SIZE = 10;

const DATA = {
  name: 'bare-data',
  text: `select d.widget_id as "widgetId", d.data, d.version::int, d.status, d.error,
                s.refreshed_at as "refreshedAt", w.ttl_seconds as "ttlSeconds"
           from widgets w join widget_data d on d.widget_id = w.id join widget_schedules s on s.widget_id = w.id
          where w.id = $1`,
};

/** A Koa route with the read's SELECT and its ETag: no token, no session, no tenant, no row-level security. */
serveCommands(async ({ databaseUrl }: { databaseUrl: string }) => {
  const pool = new Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  const app = new Koa();
  const router = new Router();
  router.get('/widgets/:id/data', async (ctx) => {
    const { rows } = await pool.query<WidgetDataRow>({ ...DATA, values: [ctx.params.id] });
    const [row] = rows;
    if (!row) return;
    const etag = `"${row.version}"`;
    ctx.set('ETag', etag);
    if (ctx.get('if-none-match') === etag) ctx.status = 304;
    else ctx.body = { data: presentWidgetData(row) };
  });
  app.use(router.routes());
  const handle = app.callback();
  const port = await listen(createServer((request, response) => void handle(request, response)));
  return { port: () => port };
});
