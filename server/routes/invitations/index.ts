import { z } from 'zod';
import { withTenantModels } from '../../../db/scope';
import { invite, withdrawInvitation } from '../../../domain/invitations/invite';
import { listInvitations, type InvitationOrder } from '../../../domain/invitations/list';
import { invitationPolicy } from '../../../domain/policies/people';
import { presentInvitation } from '../../../domain/presenters/invitation';
import { notFound } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';
import { handOverMail } from '../../mail/hand-over';
import { acceptRoute } from './accept';
import { inviteBody, invitationSchema } from './schemas';

/** `/business/invitations`, and accepting one. */
export function invitationRoutes(context: ServerContext): Route[] {
  const { db } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/business/invitations',
      summary: 'Invitations that nobody accepted yet, also where they have run out',
      tag: 'people',
      access: { policy: invitationPolicy.list },
      query: listQuery(['createdAt', 'email']),
      response: z.array(invitationSchema),
      handler: async ({ actor, query: { page, pageSize, search, sort } }) => {
        const { rows, total } = await listInvitations(db, actor.businessId, {
          order: sort as InvitationOrder,
          page,
          pageSize,
          ...(search && { pattern: likePattern(search) }),
        });
        return {
          data: rows.map(presentInvitation),
          meta: { pagination: paginationOf(page, pageSize, total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/business/invitations',
      summary: 'Invite an address for seven days; again, it takes the place of the earlier invitation',
      tag: 'people',
      access: { policy: invitationPolicy.create, verified: true },
      body: inviteBody,
      response: invitationSchema,
      status: 201,
      handler: (request) => {
        let mailId: string | undefined;
        return idempotent(
          context,
          request,
          async (trx) => {
            const made = await invite(trx, request.actor, originOf(request), request.body);
            ({ mailId } = made);
            return { status: 201, data: presentInvitation(made.invitation) };
          },
          () => {
            if (mailId !== undefined) void handOverMail(context, mailId, request.requestId);
          },
        );
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/business/invitations/:id',
      summary: 'Withdraw an invitation; its link is void',
      tag: 'people',
      access: { policy: invitationPolicy.delete },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params } = request;
        const row = await withTenantModels(db, actor.businessId, (trx) =>
          withdrawInvitation(trx, actor, originOf(request), params.id),
        );
        if (!row) throw notFound('Invitation');
        return { status: 204 };
      },
    }),
    acceptRoute(context),
  ];
}
