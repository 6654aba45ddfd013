import { z } from 'zod';
import { withTenantModels } from '../../../db/scope';
import { businessesOf, findSettings } from '../../../domain/businesses/read';
import { createBusiness, updateBusiness, type BusinessChanges } from '../../../domain/businesses/write';
import { businessPolicy } from '../../../domain/policies/people';
import { presentBusiness, presentSettings } from '../../../domain/presenters/people';
import { notFound } from '../../../lib/errors';
import { envelope } from '../../../realtime/envelope';
import { businessRoom } from '../../../realtime/rooms';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { etagOf } from '../../http/etag';
import { idempotent } from '../../http/idempotent';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Route } from '../../http/route';
import { businessSchema } from '../auth/schemas';
import { createBusinessBody, settingsSchema, updateBusinessBody } from './schemas';

/** `/businesses`: those you belong to. `/business`: the one that the token names. */
export function businessRoutes(context: ServerContext): Route[] {
  const { db, publish } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/businesses',
      summary: 'The businesses you belong to, with your role in each',
      tag: 'people',
      access: { policy: businessPolicy.read },
      response: z.array(businessSchema),
      handler: async ({ actor }) => ({
        data: (await businessesOf(db, actor.userId)).map((row) => presentBusiness(row, row.role)),
      }),
    }),
    defineRoute({
      method: 'post',
      path: '/businesses',
      summary: 'Make a business of which you are the admin; POST /auth/switch-business gives a token for it',
      tag: 'people',
      access: { policy: businessPolicy.create, verified: true },
      body: createBusinessBody,
      response: businessSchema,
      status: 201,
      handler: (request) =>
        idempotent(context, request, async (trx) => {
          const row = await createBusiness(trx, request.actor.userId, originOf(request), request.body);
          return { status: 201, data: presentBusiness(row, 'admin') };
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/business',
      summary: 'The active business and its settings',
      tag: 'people',
      access: { policy: businessPolicy.read },
      response: settingsSchema,
      handler: async ({ actor }) => {
        const row = await findSettings(db, actor.businessId);
        if (!row) throw notFound('Business');
        // For If-Match only: the role is in the answer and not in the version, so no 304 is given for it.
        return { data: { ...presentSettings(row), role: actor.role }, headers: { ETag: `"${etagOf(row)}"` } };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/business',
      summary:
        'Change name, time zone, locale, retention or chat limits (If-Match guards against overwriting)',
      tag: 'people',
      access: { policy: businessPolicy.update },
      body: updateBusinessBody,
      response: settingsSchema,
      handler: async (request) => {
        const { actor, body, ifMatch, requestId } = request;
        const row = await withTenantModels(db, actor.businessId, (trx) =>
          updateBusiness(trx, actor.businessId, originOf(request), ifMatch, changesOf(body)),
        );
        if (!row) throw versionConflict('business');
        const settings = presentSettings(row);
        publish([businessRoom(actor.businessId)], 'business.changed', {
          ...settings,
          ...envelope(actor.businessId, row.version, requestId),
        });
        return { data: { ...settings, role: actor.role }, headers: { ETag: `"${etagOf(row)}"` } };
      },
    }),
  ];
}

/** Only what was sent. */
function changesOf({ chatLimits, ...rest }: z.output<typeof updateBusinessBody>): BusinessChanges {
  const changes = {
    ...rest,
    chatsPerMinute: chatLimits?.perMinute,
    chatsPerHour: chatLimits?.perHour,
    chatsPerDay: chatLimits?.perDay,
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
