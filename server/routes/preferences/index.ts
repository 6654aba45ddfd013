import { preferencesPolicy } from '../../../domain/policies/preferences';
import { findPreferences } from '../../../domain/preferences/read';
import { presentPreferences } from '../../../domain/presenters/preferences';
import type { ServerContext } from '../../context';
import { etagOf } from '../../http/etag';
import { defineRoute, type Route } from '../../http/route';
import { changePreferences } from './change';
import { preferencesSchema, updatePreferencesBody } from './schemas';

/** `/preferences`: the caller's own, in the active business. */
export function preferencesRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/preferences',
      summary: 'Your preferences in this business, made on the first read',
      tag: 'preferences',
      access: { policy: preferencesPolicy.read },
      response: preferencesSchema,
      handler: async ({ actor }) => {
        const row = await findPreferences(context.db, actor);
        return { data: presentPreferences(row), etag: etagOf(row) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/preferences',
      summary: 'Change your preferences (If-Match guards against overwriting)',
      tag: 'preferences',
      access: { policy: preferencesPolicy.update },
      body: updatePreferencesBody,
      response: preferencesSchema,
      handler: ({ actor, body, ifMatch, requestId }) =>
        changePreferences(context, { actor, requestId, ifMatch, changes: body }),
    }),
  ];
}
