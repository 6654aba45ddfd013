import { z } from 'zod';
import { Dashboard } from '../../../db/models/Dashboard';
import { withTenantModels } from '../../../db/scope';
import { createDashboard, deleteDashboard, updateDashboard } from '../../../domain/dashboards/write';
import { auditDashboard } from '../../../domain/dashboards/audited';
import { dashboardPolicy } from '../../../domain/policies/dashboard';
import { preferencesTouched } from '../../../domain/preferences/write';
import { presentDashboard, type DashboardRow } from '../../../domain/presenters/dashboard';
import { rewatchDashboard } from '../../../domain/refresh/watch';
import { forbidden, notFound } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { authorize } from '../../http/authorize';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf, sortOf } from '../../http/lists';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Route } from '../../http/route';
import { announcePreferences } from '../preferences/announce';
import { announceDashboard, announceDashboardDeleted } from './announce';
import { useRoutes } from './use';
import { createDashboardBody, dashboardSchema, updateDashboardBody } from './schemas';

const SORT_COLUMNS: Record<string, string> = {
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  name: 'name',
};

/** `/dashboards`: your own and the shared ones. */
export function dashboardRoutes(context: ServerContext): Route[] {
  const { db } = context;
  const find = async (businessId: string, id: string): Promise<DashboardRow | undefined> =>
    (await withTenantModels(db, businessId, async (trx) => Dashboard.query(trx).findById(id))) as
      DashboardRow | undefined;

  return [
    defineRoute({
      method: 'get',
      path: '/dashboards',
      summary: 'List your dashboards and the shared ones',
      tag: 'dashboards',
      access: { policy: dashboardPolicy.list, scope: 'dashboards:read' },
      query: listQuery(['createdAt', 'updatedAt', 'name']),
      response: z.array(dashboardSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const page = await withTenantModels(db, actor.businessId, async (trx) => {
          const dashboards = Dashboard.query(trx)
            .where('business_id', actor.businessId)
            .where((visible) => {
              visible.where('shared', true).orWhere('owner_id', actor.userId);
            })
            .orderBy(SORT_COLUMNS[field] ?? 'created_at', direction)
            .orderBy('id')
            .page(query.page - 1, query.pageSize);
          if (query.search) dashboards.where('name', 'ilike', likePattern(query.search));
          return dashboards;
        });
        return {
          data: page.results.map((row) => presentDashboard(row)),
          meta: { pagination: paginationOf(query.page, query.pageSize, page.total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/dashboards',
      summary: 'Make a dashboard',
      tag: 'dashboards',
      access: { policy: dashboardPolicy.create, scope: 'dashboards:write' },
      body: createDashboardBody,
      response: dashboardSchema,
      status: 201,
      handler: async (request) => {
        const { actor, body, requestId } = request;
        if (body.shared && !dashboardPolicy.share(actor))
          throw forbidden('Your role does not allow sharing dashboards.');
        return idempotent(
          context,
          request,
          async (trx) => {
            const row = await createDashboard(trx, actor, body);
            await auditDashboard(trx, originOf(request), undefined, row);
            const dashboard = presentDashboard(row);
            return {
              status: 201,
              data: dashboard,
              headers: { Location: `/api/v1/dashboards/${dashboard.id}` },
            };
          },
          ({ data }) => announceDashboard(context, actor.businessId, data, requestId),
        );
      },
    }),
    defineRoute({
      method: 'get',
      path: '/dashboards/:id',
      summary: 'One dashboard',
      tag: 'dashboards',
      access: { policy: dashboardPolicy.list, scope: 'dashboards:read' },
      params: idParams,
      response: dashboardSchema,
      handler: async ({ actor, params }) => {
        const row = await find(actor.businessId, params.id);
        authorize(actor, dashboardPolicy, 'read', row, 'Dashboard');
        return { data: presentDashboard(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/dashboards/:id',
      summary: 'Change a dashboard (If-Match guards against overwriting)',
      tag: 'dashboards',
      access: { policy: dashboardPolicy.list, scope: 'dashboards:write' },
      params: idParams,
      body: updateDashboardBody,
      response: dashboardSchema,
      handler: async (request) => {
        const { actor, params, body, ifMatch, requestId } = request;
        const before = await find(actor.businessId, params.id);
        authorize(actor, dashboardPolicy, 'update', before, 'Dashboard');
        if (body.shared !== undefined && body.shared !== before.shared && !dashboardPolicy.share(actor)) {
          throw forbidden('Your role does not allow sharing dashboards.');
        }
        const { row, preferences } = await withTenantModels(db, actor.businessId, async (trx) => {
          const changed = await updateDashboard(trx, actor, before, ifMatch, body);
          if (changed) await auditDashboard(trx, originOf(request), before, changed);
          return { row: changed, preferences: await preferencesTouched(trx, actor.businessId) };
        });
        if (!row) throw versionConflict('dashboard');
        if (body.layout) await rewatchDashboard(db, actor.businessId, params.id);
        const dashboard = presentDashboard(row);
        announceDashboard(context, actor.businessId, dashboard, requestId, before.shared);
        announcePreferences(context, preferences, requestId);
        return { data: dashboard, etag: String(dashboard.version) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/dashboards/:id',
      summary: 'Delete a dashboard; its widgets stay',
      tag: 'dashboards',
      access: { policy: dashboardPolicy.list, scope: 'dashboards:write' },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params, requestId } = request;
        authorize(actor, dashboardPolicy, 'delete', await find(actor.businessId, params.id), 'Dashboard');
        const { gone, preferences } = await withTenantModels(db, actor.businessId, async (trx) => {
          const deleted = await deleteDashboard(trx, actor.businessId, params.id);
          await auditDashboard(trx, originOf(request), deleted.gone, undefined);
          return deleted;
        });
        if (!gone) throw notFound('Dashboard');
        announceDashboardDeleted(context, gone, requestId);
        announcePreferences(context, preferences, requestId);
        return { status: 204 };
      },
    }),
    ...useRoutes(context, find),
  ];
}
