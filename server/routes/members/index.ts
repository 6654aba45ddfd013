import { z } from 'zod';
import { withTenantModels } from '../../../db/scope';
import { changeRole } from '../../../domain/members/change-role';
import { listMembers, MEMBER_SORTS, type MemberPage } from '../../../domain/members/list';
import { removeMember } from '../../../domain/members/remove';
import { memberPolicy } from '../../../domain/policies/people';
import { presentMember } from '../../../domain/presenters/people';
import { ROLES } from '../../../domain/roles';
import { forbidden } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { recordDenial } from '../../http/denial';
import { idParams, likePattern, listQuery, paginationOf, sortOf } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';
import { announceMember, announceRemoved } from './announce';

export const memberSchema = z.strictObject({
  userId: z.uuid(),
  name: z.string(),
  email: z.string(),
  avatarUrl: z.string().nullable(),
  role: z.enum(ROLES),
  version: z.number().int(),
});

/** `/business/members`: who belongs to the business; `:id` is the person's (`userId`). */
export function memberRoutes(context: ServerContext): Route[] {
  const { db, logger } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/business/members',
      summary: 'Who belongs to the business; ?search= looks into names and addresses',
      tag: 'people',
      access: { policy: memberPolicy.list },
      query: listQuery(MEMBER_SORTS),
      response: z.array(memberSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const { rows, total } = await listMembers(db, actor.businessId, {
          page: query.page,
          pageSize: query.pageSize,
          field: field as MemberPage['field'],
          direction,
          pattern: query.search ? likePattern(query.search) : undefined,
        });
        return {
          data: rows.map(presentMember),
          meta: { pagination: paginationOf(query.page, query.pageSize, total) },
        };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/business/members/:id',
      summary: 'Give a member another role; it holds within 5 s, on open sockets too',
      tag: 'people',
      access: { policy: memberPolicy.update },
      params: idParams,
      body: z.strictObject({ role: z.enum(ROLES) }),
      response: memberSchema,
      handler: async (request) => {
        const { actor, params, body, ifMatch, requestId } = request;
        const { member, changed } = await withTenantModels(db, actor.businessId, (trx) =>
          changeRole(trx, actor, originOf(request), { userId: params.id, role: body.role, ifMatch }),
        );
        if (changed) announceMember(context, actor.businessId, member, requestId);
        return { data: presentMember(member), etag: String(member.version) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/business/members/:id',
      summary: 'Remove a member, or leave: logins, API keys and what only they could see end with it',
      tag: 'people',
      access: { policy: memberPolicy.list },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params, ifMatch, requestId } = request;
        if (!memberPolicy.remove(actor, params.id)) {
          const refusal = forbidden();
          await recordDenial(context, request, { method: 'delete', path: '/business/members/:id' }, refusal);
          throw refusal;
        }
        const removed = await withTenantModels(db, actor.businessId, (trx) =>
          removeMember(trx, actor, originOf(request), { userId: params.id, ifMatch }),
        );
        await announceRemoved(context, actor.businessId, removed, requestId).catch((error: unknown) =>
          logger.warn({ err: error, requestId }, 'what a removed member left was not announced'),
        );
        return { status: 204 };
      },
    }),
  ];
}
