import { z } from 'zod';
import { agentExists } from '../../../domain/agents/exists';
import { CONVERSATION_SORTS, listConversations } from '../../../domain/conversations/list';
import { findConversation, messagesBefore } from '../../../domain/conversations/read';
import { deleteConversation } from '../../../domain/conversations/delete';
import { renameConversation } from '../../../domain/conversations/rename';
import { signalStop } from '../../../domain/runs/signals';
import { conversationPolicy } from '../../../domain/policies/conversation';
import { presentConversation, presentMessage } from '../../../domain/presenters/conversation';
import { conflict, notFound } from '../../../lib/errors';
import { envelope } from '../../../realtime/envelope';
import { userRoom } from '../../../realtime/rooms';
import { announceChat } from '../../chat/announce';
import { chatSchema, content, conversationSchema, messageSchema } from '../../chat/schemas';
import { startChat } from '../../chat/start';
import type { ServerContext } from '../../context';
import { authorize } from '../../http/authorize';
import { idParams, idSchema, listQuery, paginationOf, sortOf } from '../../http/lists';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Route } from '../../http/route';

/** `/conversations`: your own. */
export function conversationRoutes(context: ServerContext): Route[] {
  const { broker, db, publish } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/conversations',
      summary: 'Your conversations; ?search= looks into titles and messages',
      tag: 'conversations',
      access: { policy: conversationPolicy.list, scope: 'chat' },
      query: listQuery(CONVERSATION_SORTS).extend({
        agentId: idSchema.optional(),
        sort: z
          .enum(CONVERSATION_SORTS.flatMap((field) => [field, `-${field}`]) as [string])
          .default('-lastMessageAt'),
      }),
      response: z.array(conversationSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const { rows, total } = await listConversations(db, actor, {
          ...query,
          search: query.search,
          agentId: query.agentId,
          field: field as (typeof CONVERSATION_SORTS)[number],
          direction,
        });
        return {
          data: rows.map(presentConversation),
          meta: { pagination: paginationOf(query.page, query.pageSize, total) },
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/conversations/:id',
      summary: 'One of your conversations',
      tag: 'conversations',
      access: { policy: conversationPolicy.list, scope: 'chat' },
      params: idParams,
      response: conversationSchema,
      handler: async ({ actor, params }) => {
        const row = await findConversation(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'read', row, 'Conversation');
        return { data: presentConversation(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/conversations/:id',
      summary: 'Name a conversation (If-Match guards against overwriting)',
      tag: 'conversations',
      access: { policy: conversationPolicy.list },
      params: idParams,
      body: z.strictObject({ title: z.string().trim().min(1, 'must not be empty').max(200) }),
      response: conversationSchema,
      handler: async ({ actor, params, body, ifMatch, requestId }) => {
        const before = await findConversation(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'update', before, 'Conversation');
        const row = await renameConversation(db, before, body.title, ifMatch);
        if (!row) throw versionConflict('conversation');
        announceChat(context, actor, requestId, { conversation: row });
        return { data: presentConversation(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/conversations/:id',
      summary: 'Delete a conversation; what it cost stays in the ledger',
      tag: 'conversations',
      access: { policy: conversationPolicy.list },
      params: idParams,
      status: 204,
      handler: async ({ actor, params, requestId }) => {
        const row = await findConversation(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'delete', row, 'Conversation');
        const deleted = await deleteConversation(db, actor, row.id);
        if (!deleted) throw notFound('Conversation');
        for (const runId of deleted.stoppingIds) signalStop(broker.signals, runId);
        publish([userRoom(actor.businessId, actor.userId)], 'conversation.changed', {
          id: row.id,
          deleted: true,
          ...envelope(actor.businessId, deleted.conversation.version, requestId),
        });
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/conversations/:id/messages',
      summary: 'The newest messages before a position, oldest first',
      tag: 'conversations',
      access: { policy: conversationPolicy.list, scope: 'chat' },
      params: idParams,
      query: z.strictObject({
        before: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
        limit: z.coerce.number().int().min(1).max(100).default(50),
      }),
      response: z.array(messageSchema),
      handler: async ({ actor, params, query }) => {
        const conversation = await findConversation(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'read', conversation, 'Conversation');
        const rows = await messagesBefore(db, actor.businessId, params.id, query.before, query.limit);
        const first = rows.length === query.limit ? rows[0] : undefined;
        const nextBefore = first && first.position > 1 ? String(first.position) : null;
        return { data: rows.map(presentMessage), meta: { nextBefore } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/conversations/:id/messages',
      summary: 'Say something in a conversation; its agent replies',
      tag: 'conversations',
      access: { policy: conversationPolicy.chat, scope: 'chat' },
      params: idParams,
      body: z.strictObject({ content }),
      response: chatSchema,
      status: 202,
      handler: async (request) => {
        const { actor, params, body } = request;
        const conversation = await findConversation(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'write', conversation, 'Conversation');
        const { agentId } = conversation;
        if (!agentId || !(await agentExists(db, actor.businessId, agentId))) {
          throw conflict('This conversation’s agent was deleted. Ask another one.', 'no_agent');
        }
        return startChat(context, request, {
          agentId,
          conversationId: conversation.id,
          content: body.content,
        });
      },
    }),
  ];
}
