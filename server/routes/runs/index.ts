import { z } from 'zod';
import { findRun } from '../../../domain/conversations/read';
import { conversationPolicy } from '../../../domain/policies/conversation';
import { presentRun } from '../../../domain/presenters/conversation';
import { confirmRun } from '../../../domain/runs/confirm';
import { announceChat } from '../../chat/announce';
import { runSchema } from '../../chat/schemas';
import { deliver } from '../../chat/start';
import { stopRun } from '../../chat/stop';
import { parseEventId, streamRun } from '../../chat/stream';
import { waitForRun } from '../../chat/wait';
import type { ServerContext } from '../../context';
import { authorize } from '../../http/authorize';
import { idParams, idSchema } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';

/** Longest a cancel waits for the worker to let go, ms: twice the heartbeat by which it notices at the latest. */
const STOP_WAIT_MS = 2_500;

/** `/runs`: your own replies in the making. */
export function runRoutes(context: ServerContext): Route[] {
  const { db } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/runs/:id',
      summary: 'One reply in the making, or made: its state, tokens and cost',
      tag: 'runs',
      access: { policy: conversationPolicy.list, scope: 'chat' },
      params: idParams,
      response: runSchema,
      handler: async ({ actor, params }) => {
        const run = await findRun(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'read', run, 'Run');
        return { data: presentRun(run), etag: String(run.version) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/runs/:id/stream',
      summary: 'A reply as it is written, as server-sent events; resumable with Last-Event-ID',
      tag: 'runs',
      access: { policy: conversationPolicy.list, scope: 'chat' },
      params: idParams,
      streams: true,
      handler: async ({ actor, params, koa }) => {
        const run = await findRun(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'read', run, 'Run');
        const from = parseEventId(koa.get('last-event-id'));
        return { stream: streamRun(context, actor, koa, run, from) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/runs/:id/cancel',
      summary: 'Stop a reply; what was written stays. 202 where its worker has not let go yet',
      tag: 'runs',
      access: { policy: conversationPolicy.list, scope: 'chat' },
      params: idParams,
      response: runSchema,
      handler: async ({ actor, params, requestId }) => {
        const found = await findRun(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'read', found, 'Run');
        const asked = await stopRun(context, actor, params.id, requestId);
        const run =
          asked.status === 'running'
            ? ((await waitForRun(context, actor, params.id, STOP_WAIT_MS)) ?? asked)
            : asked;
        return { status: run.status === 'running' ? 202 : 200, data: presentRun(run) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/runs/:id/confirm',
      summary: 'Allow or refuse what an agent wants to change',
      tag: 'runs',
      access: { policy: conversationPolicy.chat },
      params: idParams,
      body: z.strictObject({ toolCallId: idSchema, approve: z.boolean() }),
      response: runSchema,
      handler: async ({ actor, params, body, requestId }) => {
        const found = await findRun(db, actor.businessId, params.id);
        authorize(actor, conversationPolicy, 'write', found, 'Run');
        const { run, delivery } = await confirmRun(db, actor, params.id, body);
        announceChat(context, actor, requestId, { run });
        if (delivery) deliver(context, delivery);
        return { data: presentRun(run) };
      },
    }),
  ];
}
