import { z } from 'zod';
import { tenantStatement, type Statement } from '../../../db/scope';
import { widgetPolicy } from '../../../domain/policies/widget';
import { isStale, presentWidgetData } from '../../../domain/presenters/widget-data';
import { pushData } from '../../../domain/widgets/push';
import { conflict } from '../../../lib/errors';
import { envelope } from '../../../realtime/envelope';
import { audienceOf } from '../../../realtime/rooms';
import type { ServerContext } from '../../context';
import { authorize } from '../../http/authorize';
import { idParams } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';
import { widgetDataSchema } from './schemas';
import { startRefresh, startRefreshOnce } from './start-refresh';

const HISTORY: Statement = {
  name: 'widget-history',
  text: `select version, data, refreshed_at as "refreshedAt" from widget_data_history
          where widget_id = $1 and ($2::bigint is null or version < $2) order by version desc limit $3`,
};

/** `/widgets/:id/data`, `/refresh` and `/history`. */
export function widgetDataRoutes(context: ServerContext): Route[] {
  const { db, publish, findWidgetHead, findWidgetData } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/widgets/:id/data',
      summary: 'What the widget shows now; stale data comes at once and starts a refresh',
      tag: 'widgets',
      access: { policy: widgetPolicy.list, scope: 'widgets:read' },
      params: idParams,
      response: widgetDataSchema,
      handler: async ({ actor, params, requestId }) => {
        const row = await findWidgetData(actor.businessId, params.id);
        authorize(actor, widgetPolicy, 'read', row, 'Widget');
        const stale = isStale(row.refreshedAt, row.ttlSeconds);
        // What is failing waits for its backoff (Retry-After too): readers must not hurry it towards its pause.
        if (stale && !row.paused && row.status !== 'failing' && row.sourceKind !== 'push') {
          await startRefresh(context, actor.businessId, params.id, requestId);
        }
        return { data: presentWidgetData(row), etag: `${row.version}${stale ? '-stale' : ''}` };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/widgets/:id/refresh',
      summary: 'Refresh now; joins a refresh that is already waiting',
      tag: 'widgets',
      access: { policy: () => true, scope: 'widgets:write' },
      params: idParams,
      response: z.strictObject({ widgetId: z.uuid(), queued: z.boolean() }),
      status: 202,
      handler: async (request) => {
        const { actor, params, requestId } = request;
        const widget = await findWidgetHead(actor.businessId, params.id);
        authorize(actor, widgetPolicy, 'refresh', widget, 'Widget');
        if (widget.sourceKind === 'push') {
          throw conflict('This widget’s data is pushed; there is nothing to fetch.', 'not_refreshable');
        }
        if (request.idempotencyKey !== undefined) return startRefreshOnce(context, request);
        const queued = await startRefresh(context, actor.businessId, params.id, requestId);
        return { status: 202, data: { widgetId: params.id, queued: queued ?? false } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/widgets/:id/data',
      summary: 'Push data into a widget whose source is push',
      tag: 'widgets',
      access: { policy: widgetPolicy.list, scope: 'widgets:push' },
      params: idParams,
      body: z.strictObject({ data: z.json() }),
      response: widgetDataSchema,
      handler: async ({ actor, params, body, requestId }) => {
        const widget = await findWidgetHead(actor.businessId, params.id);
        authorize(actor, widgetPolicy, 'push', widget, 'Widget');
        const { row, changed } = await pushData(db, actor.businessId, params.id, widget, body.data);
        const presented = presentWidgetData(row);
        if (changed) {
          publish(audienceOf(actor.businessId, widget.scope, widget.ownerId), 'widget.updated', {
            ...presented,
            ...envelope(actor.businessId, presented.version, requestId),
          });
        }
        return { data: presented };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/widgets/:id/history',
      summary: 'Earlier data, newest first',
      tag: 'widgets',
      access: { policy: widgetPolicy.list, scope: 'widgets:read' },
      params: idParams,
      query: z.strictObject({
        before: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(100).default(20),
      }),
      response: z.array(
        z.strictObject({ version: z.number().int(), data: z.unknown(), refreshedAt: z.string() }),
      ),
      handler: async ({ actor, params, query }) => {
        const widget = await findWidgetHead(actor.businessId, params.id);
        authorize(actor, widgetPolicy, 'read', widget, 'Widget');
        const rows = await tenantStatement<{ version: number; data: unknown; refreshedAt: Date }>(
          db,
          actor.businessId,
          HISTORY,
          [params.id, query.before ?? null, query.limit],
        );
        const last = rows.length === query.limit ? rows.at(-1) : undefined;
        return {
          data: rows.map((row) => ({ ...row, refreshedAt: row.refreshedAt.toISOString() })),
          meta: { nextBefore: last ? String(last.version) : null },
        };
      },
    }),
  ];
}
