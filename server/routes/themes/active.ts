import { preferencesPolicy } from '../../../domain/policies/preferences';
import { themePolicy } from '../../../domain/policies/theme';
import { findActiveTheme } from '../../../domain/preferences/read';
import { presentTheme } from '../../../domain/presenters/theme';
import { keepTheme } from '../../../domain/themes/read';
import type { ServerContext } from '../../context';
import { authorize } from '../../http/authorize';
import { etagOf } from '../../http/etag';
import { idParams } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';
import { changePreferences } from '../preferences/change';
import { preferencesSchema } from '../preferences/schemas';
import { themeSchema } from './schemas';

/** Of "no theme is active", which is the same for everyone. */
const ETAG_OF_NONE = '0-0';

/** The theme that the caller's preferences point to, and pointing them to another. */
export const activeThemeRoutes = (context: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/themes/active',
    summary: 'Your active theme, null where none is',
    tag: 'themes',
    access: { policy: themePolicy.list },
    response: themeSchema.nullable(),
    handler: async ({ actor }) => {
      const row = await findActiveTheme(context.db, actor);
      return row ? { data: presentTheme(row), etag: etagOf(row) } : { data: null, etag: ETAG_OF_NONE };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/themes/:id/activate',
    summary: 'Make a theme your active one; answers with your preferences',
    tag: 'themes',
    access: { policy: preferencesPolicy.update },
    params: idParams,
    response: preferencesSchema,
    handler: ({ actor, params, requestId }) =>
      changePreferences(context, {
        actor,
        requestId,
        changes: { activeThemeId: params.id },
        assert: async (trx) =>
          authorize(actor, themePolicy, 'read', await keepTheme(trx, params.id), 'Theme'),
      }),
  }),
];
