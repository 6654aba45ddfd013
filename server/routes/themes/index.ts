import { z } from 'zod';
import { Theme } from '../../../db/models/Theme';
import { withTenantModels } from '../../../db/scope';
import { themePolicy } from '../../../domain/policies/theme';
import { presentTheme, type ThemeRow } from '../../../domain/presenters/theme';
import { findTheme } from '../../../domain/themes/read';
import type { ThemeInput } from '../../../domain/themes/theme';
import { createTheme, deleteTheme, updateTheme } from '../../../domain/themes/write';
import { notFound } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { authorize } from '../../http/authorize';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf, sortOf } from '../../http/lists';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Request, type Route } from '../../http/route';
import { announcePreferences } from '../preferences/announce';
import { activeThemeRoutes } from './active';
import { announceTheme, announceThemeDeleted } from './announce';
import { createThemeBody, exportedTheme, themeSchema, updateThemeBody } from './schemas';
import { exportRoute } from './export';

/** Largest theme, bytes (product.md): one with many tokens and blanks is larger than what else is sent. */
const THEME_BODY_BYTES = 262_144;

const SORT_COLUMNS: Record<string, string> = {
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  name: 'name',
};

/** `/themes`: the caller's own, in the active business. */
export function themeRoutes(context: ServerContext): Route[] {
  const { db } = context;
  const find = (businessId: string, id: string): Promise<ThemeRow | undefined> =>
    withTenantModels(db, businessId, (trx) => findTheme(trx, id));

  const create = (request: Request<unknown, unknown, unknown>, input: ThemeInput) =>
    idempotent(
      context,
      request,
      async (trx) => {
        const theme = presentTheme(await createTheme(trx, request.actor, input));
        return { status: 201, data: theme, headers: { Location: `/api/v1/themes/${theme.id}` } };
      },
      ({ data }) => announceTheme(context, request.actor.businessId, data, request.requestId),
    );

  return [
    defineRoute({
      method: 'get',
      path: '/themes',
      summary: 'List your themes',
      tag: 'themes',
      access: { policy: themePolicy.list },
      query: listQuery(['createdAt', 'updatedAt', 'name']),
      response: z.array(themeSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const page = await withTenantModels(db, actor.businessId, async (trx) => {
          const themes = Theme.query(trx)
            .where({ business_id: actor.businessId, user_id: actor.userId })
            .orderBy(SORT_COLUMNS[field] ?? 'created_at', direction)
            .orderBy('id')
            .page(query.page - 1, query.pageSize);
          if (query.search) themes.where('name', 'ilike', likePattern(query.search));
          return themes;
        });
        return {
          data: page.results.map((row) => presentTheme(row as ThemeRow)),
          meta: { pagination: paginationOf(query.page, query.pageSize, page.total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/themes',
      summary: 'Make a theme',
      tag: 'themes',
      access: { policy: themePolicy.create },
      body: createThemeBody,
      bodyLimit: THEME_BODY_BYTES,
      response: themeSchema,
      status: 201,
      handler: (request) => create(request, request.body),
    }),
    defineRoute({
      method: 'post',
      path: '/themes/import',
      summary: 'Make a theme from an exported one',
      tag: 'themes',
      access: { policy: themePolicy.create },
      body: exportedTheme,
      bodyLimit: THEME_BODY_BYTES,
      response: themeSchema,
      status: 201,
      handler: (request) => create(request, request.body.theme),
    }),
    // Before "/themes/:id", which would take "active" for an id.
    ...activeThemeRoutes(context),
    defineRoute({
      method: 'get',
      path: '/themes/:id',
      summary: 'One of your themes',
      tag: 'themes',
      access: { policy: themePolicy.list },
      params: idParams,
      response: themeSchema,
      handler: async ({ actor, params }) => {
        const row = await find(actor.businessId, params.id);
        authorize(actor, themePolicy, 'read', row, 'Theme');
        return { data: presentTheme(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/themes/:id',
      summary: 'Change a theme (If-Match guards against overwriting)',
      tag: 'themes',
      access: { policy: themePolicy.list },
      params: idParams,
      body: updateThemeBody,
      bodyLimit: THEME_BODY_BYTES,
      response: themeSchema,
      handler: async ({ actor, params, body, ifMatch, requestId }) => {
        authorize(actor, themePolicy, 'update', await find(actor.businessId, params.id), 'Theme');
        const row = await withTenantModels(db, actor.businessId, (trx) =>
          updateTheme(trx, params.id, ifMatch, body),
        );
        if (!row) throw versionConflict('theme');
        const theme = presentTheme(row);
        announceTheme(context, actor.businessId, theme, requestId);
        return { data: theme, etag: String(theme.version) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/themes/:id',
      summary: 'Delete a theme; where it was active, none is',
      tag: 'themes',
      access: { policy: themePolicy.list },
      params: idParams,
      status: 204,
      handler: async ({ actor, params, requestId }) => {
        authorize(actor, themePolicy, 'delete', await find(actor.businessId, params.id), 'Theme');
        const { gone, preferences } = await withTenantModels(db, actor.businessId, (trx) =>
          deleteTheme(trx, actor.businessId, params.id),
        );
        if (!gone) throw notFound('Theme');
        announceThemeDeleted(context, gone, requestId);
        announcePreferences(context, preferences, requestId);
        return { status: 204 };
      },
    }),
    exportRoute(find),
  ];
}
