import { agentExists } from '../../../domain/agents/exists';
import { defaultAgentId, findConversation, findMessage } from '../../../domain/conversations/read';
import { conversationPolicy } from '../../../domain/policies/conversation';
import { presentConversation, presentMessage, presentRun } from '../../../domain/presenters/conversation';
import type { Actor } from '../../../domain/roles';
import { conflict } from '../../../lib/errors';
import { agentChatBody, chatBody, chatSchema } from '../../chat/schemas';
import { startChat, type Chat } from '../../chat/start';
import { streamRun } from '../../chat/stream';
import { waitForRun } from '../../chat/wait';
import type { ServerContext } from '../../context';
import { authorize } from '../../http/authorize';
import { idParams } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';

/** Longest that `POST /chat` waits for the reply, ms: below what proxies cut; the run goes on, and is answered 202. */
const CHAT_WAIT_MS = 50_000;

/** Asking an agent. */
export function chatRoutes(context: ServerContext): Route[] {
  const { db } = context;

  /** The one named, else the conversation's where it is still there, else the business's oldest active one. */
  async function agentOf(
    actor: Actor,
    body: { agentId?: string | undefined; conversationId?: string | undefined },
  ): Promise<string> {
    if (body.agentId) return body.agentId;
    if (body.conversationId) {
      const conversation = await findConversation(db, actor.businessId, body.conversationId);
      authorize(actor, conversationPolicy, 'write', conversation, 'Conversation');
      const { agentId } = conversation;
      if (agentId && (await agentExists(db, actor.businessId, agentId))) return agentId;
    }
    const agentId = await defaultAgentId(db, actor);
    if (!agentId) throw conflict('There is no active agent to ask.', 'no_agent');
    return agentId;
  }

  return [
    defineRoute({
      method: 'post',
      path: '/agents/:id/chat',
      summary: 'Ask an agent; the reply comes over Socket.IO or GET /runs/:id',
      tag: 'chat',
      access: { policy: conversationPolicy.chat, scope: 'chat' },
      params: idParams,
      body: agentChatBody,
      response: chatSchema,
      status: 202,
      handler: (request) =>
        startChat(context, request, {
          agentId: request.params.id,
          content: request.body.message,
          ...(request.body.conversationId && { conversationId: request.body.conversationId }),
        }),
    }),
    defineRoute({
      method: 'post',
      path: '/chat',
      summary: 'Ask and wait for the reply; 202 where it takes longer or needs a confirmation',
      tag: 'chat',
      access: { policy: conversationPolicy.chat, scope: 'chat' },
      body: chatBody,
      response: chatSchema,
      handler: async (request) => {
        const { actor, body } = request;
        const started = await startChat(context, request, {
          agentId: await agentOf(actor, body),
          content: body.message,
          ...(body.conversationId && { conversationId: body.conversationId }),
        });
        const { data } = started;
        const run = await waitForRun(context, actor, data.run.id, CHAT_WAIT_MS);
        const isFinal = run?.status === 'completed' || run?.status === 'stopped' || run?.status === 'failed';
        return { ...started, status: isFinal ? 200 : 202, data: await asItIs(actor, data) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/chat/stream',
      summary: 'Ask, and read the reply as it is written, as server-sent events',
      tag: 'chat',
      access: { policy: conversationPolicy.chat, scope: 'chat' },
      body: chatBody,
      streams: true,
      handler: async (request) => {
        const { actor, body, koa } = request;
        const { data } = await startChat(context, request, {
          agentId: await agentOf(actor, body),
          content: body.message,
          ...(body.conversationId && { conversationId: body.conversationId }),
        });
        return { stream: streamRun(context, actor, koa, data.run) };
      },
    }),
  ];

  /** The chat with its rows read anew; what was deleted meanwhile stays as it was. */
  async function asItIs(actor: Actor, chat: Chat): Promise<Chat> {
    const { businessId } = actor;
    const [conversation, reply, run] = await Promise.all([
      findConversation(db, businessId, chat.conversation.id),
      findMessage(db, businessId, chat.reply.id),
      waitForRun(context, actor, chat.run.id, 0),
    ]);
    return {
      message: chat.message,
      conversation: conversation ? presentConversation(conversation) : chat.conversation,
      reply: reply ? presentMessage(reply) : chat.reply,
      run: run ? presentRun(run) : chat.run,
    };
  }
}
