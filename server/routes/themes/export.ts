import { themePolicy } from '../../../domain/policies/theme';
import type { ThemeRow } from '../../../domain/presenters/theme';
import { exportTheme, themeCss } from '../../../domain/themes/export';
import { authorize } from '../../http/authorize';
import { idParams } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';
import { exportedTheme, exportQuery } from './schemas';

/** `GET /themes/:id/export`. */
export const exportRoute = (
  find: (businessId: string, themeId: string) => Promise<ThemeRow | undefined>,
): Route =>
  defineRoute({
    method: 'get',
    path: '/themes/:id/export',
    summary: 'A theme as POST /themes/import takes it, or with ?format=css as a style sheet of variables',
    tag: 'themes',
    access: { policy: themePolicy.list },
    params: idParams,
    query: exportQuery,
    response: exportedTheme,
    files: ['text/css'],
    handler: async ({ actor, params, query }) => {
      const row = await find(actor.businessId, params.id);
      authorize(actor, themePolicy, 'read', row, 'Theme');
      if (query.format === 'css') {
        return { file: { name: `theme-${row.id}.css`, type: 'text/css', text: themeCss(row) } };
      }
      return { data: exportTheme(row) };
    },
  });
