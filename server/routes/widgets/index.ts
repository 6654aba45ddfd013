import { z } from 'zod';
import { withTenantModels } from '../../../db/scope';
import { Widget } from '../../../db/models/Widget';
import { recordAudit } from '../../../domain/audit/record';
import { widgetPolicy } from '../../../domain/policies/widget';
import { presentDashboard } from '../../../domain/presenters/dashboard';
import { presentWidget, type WidgetRow } from '../../../domain/presenters/widget';
import { auditedWidget } from '../../../domain/widgets/audited';
import { WIDGET_TYPES } from '../../../domain/widgets/types';
import { createWidget, deleteWidget, updateWidget } from '../../../domain/widgets/write';
import { badRequest } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { authorize } from '../../http/authorize';
import { versionConflict } from '../../http/precondition';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf, sortOf } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';
import { announceDashboard } from '../dashboards/announce';
import { announceWidget, announceWidgetDeleted } from './announce';
import { checkWidget } from './check-widget';
import { widgetDataRoutes } from './data';
import { previewRoute } from './preview';
import { refreshAtOnce } from './start-refresh';
import { createWidgetBody, updateWidgetBody, widgetSchema } from './schemas';
import { widgetTypeRoute } from './types';

const SORTS = ['createdAt', 'updatedAt', 'name'] as const;
const SORT_COLUMNS: Record<string, string> = {
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  name: 'name',
};

/** `/widgets`: their definitions. What they show is in data.ts. */
export function widgetRoutes(context: ServerContext): Route[] {
  const { db } = context;
  return [
    widgetTypeRoute,
    defineRoute({
      method: 'get',
      path: '/widgets',
      summary: 'List the widgets you may see',
      tag: 'widgets',
      access: { policy: widgetPolicy.list, scope: 'widgets:read' },
      query: listQuery(SORTS).extend({ type: z.enum(WIDGET_TYPES).optional() }),
      response: z.array(widgetSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const page = await withTenantModels(db, actor.businessId, async (trx) => {
          const widgets = Widget.query(trx)
            .where('business_id', actor.businessId)
            .where((visible) => {
              visible.where('scope', 'business').orWhere('owner_id', actor.userId);
            })
            .orderBy(SORT_COLUMNS[field] ?? 'created_at', direction)
            .orderBy('id')
            .page(query.page - 1, query.pageSize);
          if (query.type) widgets.where('type', query.type);
          if (query.search) widgets.where('name', 'ilike', likePattern(query.search));
          return widgets;
        });
        return {
          data: page.results.map((row) => presentWidget(row as unknown as WidgetRow)),
          meta: { pagination: paginationOf(query.page, query.pageSize, page.total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/widgets',
      summary: 'Make a widget; it is refreshed at once',
      tag: 'widgets',
      access: { policy: widgetPolicy.create, scope: 'widgets:write' },
      body: createWidgetBody,
      response: widgetSchema,
      status: 201,
      handler: async (request) => {
        const { actor, body, requestId } = request;
        await checkWidget(context, actor.businessId, body);
        return idempotent(
          context,
          request,
          async (trx) => {
            const row = (await createWidget(
              trx,
              actor.businessId,
              actor.userId,
              body,
            )) as unknown as WidgetRow;
            const widget = presentWidget(row);
            await recordAudit(trx, originOf(request), {
              action: 'widget.created',
              subject: { kind: 'widget', id: row.id },
              after: auditedWidget(row),
            });
            return { status: 201, data: widget, headers: { Location: `/api/v1/widgets/${widget.id}` } };
          },
          ({ data }) => {
            announceWidget(context, actor.businessId, data, requestId);
            void refreshAtOnce(context, actor.businessId, data, requestId);
          },
        );
      },
    }),
    defineRoute({
      method: 'get',
      path: '/widgets/:id',
      summary: 'One widget’s definition',
      tag: 'widgets',
      access: { policy: widgetPolicy.list, scope: 'widgets:read' },
      params: idParams,
      response: widgetSchema,
      handler: async ({ actor, params }) => {
        const row = await findWidget(context, actor.businessId, params.id);
        authorize(actor, widgetPolicy, 'read', row, 'Widget');
        return { data: presentWidget(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/widgets/:id',
      summary: 'Change a widget (If-Match guards against overwriting)',
      tag: 'widgets',
      access: { policy: widgetPolicy.list, scope: 'widgets:write' },
      params: idParams,
      body: updateWidgetBody,
      response: widgetSchema,
      handler: async (request) => {
        const { actor, params, body, ifMatch, requestId } = request;
        const before = await findWidget(context, actor.businessId, params.id);
        authorize(actor, widgetPolicy, 'update', before, 'Widget');
        if (body.scope === 'user' && before.ownerId !== actor.userId) throw notYours();
        await checkWidget(context, actor.businessId, { ...before, ...body }, body);
        const row = await withTenantModels(db, actor.businessId, async (trx) => {
          const changed = (await updateWidget(trx, params.id, ifMatch, body)) as unknown as
            WidgetRow | undefined;
          if (!changed) throw versionConflict('widget');
          await recordAudit(trx, originOf(request), {
            action: 'widget.updated',
            subject: { kind: 'widget', id: params.id },
            before: auditedWidget(before),
            after: { ...auditedWidget(changed), sourceChanged: body.source && true },
          });
          return changed;
        });
        const widget = presentWidget(row);
        announceWidget(context, actor.businessId, widget, requestId, before.scope);
        if (body.source || body.config) void refreshAtOnce(context, actor.businessId, widget, requestId);
        return { data: widget, etag: String(widget.version) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/widgets/:id',
      summary: 'Delete a widget with its data and history; dashboards no longer show it',
      tag: 'widgets',
      access: { policy: widgetPolicy.list, scope: 'widgets:write' },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params, requestId } = request;
        const row = await findWidget(context, actor.businessId, params.id);
        authorize(actor, widgetPolicy, 'delete', row, 'Widget');
        const dashboards = await withTenantModels(db, actor.businessId, async (trx) => {
          await recordAudit(trx, originOf(request), {
            action: 'widget.deleted',
            subject: { kind: 'widget', id: params.id },
            before: auditedWidget(row),
          });
          return deleteWidget(trx, params.id);
        });
        announceWidgetDeleted(context, row, requestId);
        for (const dashboard of dashboards) {
          announceDashboard(context, actor.businessId, presentDashboard(dashboard), requestId);
        }
        return { status: 204 };
      },
    }),
    previewRoute(context),
    ...widgetDataRoutes(context),
  ];
}

async function findWidget(
  { db }: ServerContext,
  businessId: string,
  id: string,
): Promise<WidgetRow | undefined> {
  const row = await withTenantModels(db, businessId, async (trx) => Widget.query(trx).findById(id));
  return row as unknown as WidgetRow | undefined;
}

/** Narrowed by someone else it would vanish for whoever did it, and one without an owner for everyone. */
const notYours = () =>
  badRequest('scope: only its owner can keep a widget to themselves.', [
    { path: 'scope', message: 'can be "user" only for a widget of your own' },
  ]);
