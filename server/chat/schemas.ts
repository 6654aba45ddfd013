import { z } from 'zod';
import { MESSAGE_STATUSES, RUN_STATUSES, TOOL_CALL_STATUSES } from '../../domain/runs/types';
import { idSchema } from '../http/lists';

/** Longest message, UTF-16 code units: with the JSON around it just below what a body may have. */
const MAX_CONTENT = 100_000;

export const content = z
  .string()
  .max(MAX_CONTENT)
  .refine((text) => text.trim() !== '', 'must not be blank');

export const conversationSchema = z.strictObject({
  id: z.uuid(),
  agentId: z.uuid().nullable(),
  title: z.string(),
  messageCount: z.number().int(),
  tokens: z.strictObject({ input: z.number().int(), output: z.number().int() }),
  cost: z.string(),
  lastMessageAt: z.string(),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const messageSchema = z.strictObject({
  id: z.uuid(),
  conversationId: z.uuid(),
  runId: z.uuid().nullable(),
  role: z.enum(['user', 'assistant']),
  content: z.string(),
  status: z.enum(MESSAGE_STATUSES),
  position: z.number().int(),
  version: z.number().int(),
  createdAt: z.string(),
});

export const runSchema = z.strictObject({
  id: z.uuid(),
  conversationId: z.uuid(),
  agentId: z.uuid().nullable(),
  messageId: z.uuid(),
  replyId: z.uuid(),
  status: z.enum(RUN_STATUSES),
  reason: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  epoch: z.number().int(),
  model: z.string().nullable(),
  sandbox: z.boolean(),
  tokens: z.strictObject({
    input: z.number().int(),
    cachedInput: z.number().int(),
    cacheWrite: z.number().int(),
    output: z.number().int(),
    reasoning: z.number().int(),
  }),
  cost: z.string(),
  estimated: z.boolean(),
  confirmations: z.array(
    z.strictObject({ toolCallId: z.uuid(), tool: z.string(), summary: z.string().nullable() }),
  ),
  toolCalls: z.array(z.strictObject({ id: z.uuid(), tool: z.string(), status: z.enum(TOOL_CALL_STATUSES) })),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  version: z.number().int(),
  createdAt: z.string(),
});

/** What every way to ask answers: the reply is `pending` until its run has begun. */
export const chatSchema = z.strictObject({
  conversation: conversationSchema,
  message: messageSchema,
  run: runSchema,
  reply: messageSchema,
});

export const agentChatBody = z.strictObject({ message: content, conversationId: idSchema.optional() });
export const chatBody = agentChatBody.extend({ agentId: idSchema.optional() });
