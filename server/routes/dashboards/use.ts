import { keepDashboards } from '../../../domain/dashboards/access';
import { duplicateDashboard } from '../../../domain/dashboards/write';
import { dashboardPolicy } from '../../../domain/policies/dashboard';
import { preferencesPolicy } from '../../../domain/policies/preferences';
import { presentDashboard, type DashboardRow } from '../../../domain/presenters/dashboard';
import type { ServerContext } from '../../context';
import { authorize } from '../../http/authorize';
import { idempotent } from '../../http/idempotent';
import { idParams } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';
import { changePreferences } from '../preferences/change';
import { preferencesSchema } from '../preferences/schemas';
import { announceDashboard } from './announce';
import { dashboardSchema } from './schemas';

/** What someone does for themselves with a dashboard that they see: the dashboard stays as it is. */
export const useRoutes = (
  context: ServerContext,
  find: (businessId: string, id: string) => Promise<DashboardRow | undefined>,
): Route[] => [
  defineRoute({
    method: 'post',
    path: '/dashboards/:id/activate',
    summary: 'Make a dashboard your active one; answers with your preferences',
    tag: 'dashboards',
    access: { policy: preferencesPolicy.update },
    params: idParams,
    response: preferencesSchema,
    handler: ({ actor, params, requestId }) =>
      changePreferences(context, {
        actor,
        requestId,
        changes: { activeDashboardId: params.id },
        assert: async (trx) => {
          const row = (await keepDashboards(trx, [params.id])).get(params.id);
          authorize(actor, dashboardPolicy, 'read', row, 'Dashboard');
        },
      }),
  }),
  defineRoute({
    method: 'post',
    path: '/dashboards/:id/duplicate',
    summary: 'Make a private copy of a dashboard, with the widgets that you may see',
    tag: 'dashboards',
    access: { policy: dashboardPolicy.create, scope: 'dashboards:write' },
    params: idParams,
    response: dashboardSchema,
    status: 201,
    handler: async (request) => {
      const { actor, params, requestId } = request;
      const original = await find(actor.businessId, params.id);
      authorize(actor, dashboardPolicy, 'read', original, 'Dashboard');
      return idempotent(
        context,
        request,
        async (trx) => {
          const dashboard = presentDashboard(await duplicateDashboard(trx, actor, original));
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
];
