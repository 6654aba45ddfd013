import { z } from 'zod';
import type { CheckWording } from '../checks';
import { Refusal } from '../refusal';
import type { SandboxMessage, SandboxRequest } from '../request';
import { belowMinimum } from './openai';
import { parseBody } from './protocol';

const text = z.union([
  z.string(),
  z
    .array(z.strictObject({ type: z.literal('text'), text: z.string() }))
    .min(1)
    .transform((parts) => parts.map((part) => part.text).join('')),
]);

const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.enum(['system', 'developer', 'user']),
    content: text,
    name: z.string().optional(),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: text.nullish(),
    // As an answer has them: it may be sent back as it came.
    refusal: z.string().nullish(),
    annotations: z.array(z.unknown()).optional(),
    name: z.string().optional(),
    tool_calls: z.array(toolCall).min(1).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: z.string(), content: text }),
]);

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().min(1),
    description: z.string().default(''),
    parameters: z.record(z.string(), z.unknown()).default({}),
    strict: z.boolean().nullish(),
  }),
});

const schema = z.strictObject({
  model: z.string(),
  messages: z.array(message).min(1),
  tools: z.array(tool).min(1).optional(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_tokens: z.int().nullish(),
  max_completion_tokens: z.int().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.literal(1).nullish(),
  stop: z.unknown().optional(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  reasoning_effort: z.string().nullish(),
  response_format: z.unknown().optional(),
  seed: z.int().nullish(),
  user: z.string().optional(),
  metadata: z.unknown().optional(),
  store: z.boolean().nullish(),
});

/** Reads `POST /v1/chat/completions`. */
export function parseChat(body: unknown): SandboxRequest {
  const input = parseBody(schema, body);
  if (input.stream_options && !input.stream) {
    throw new Refusal('invalid', "The 'stream_options' parameter is only allowed when 'stream' is enabled.", {
      param: 'stream_options',
    });
  }
  const messages: SandboxMessage[] = [];
  const system: string[] = [];
  input.messages.forEach((entry, index) => {
    const at = `messages.[${index}]`;
    if (entry.role === 'tool') {
      messages.push({ role: 'tool', at, callId: entry.tool_call_id, text: entry.content });
    } else if (entry.role === 'assistant') {
      const toolCalls = (entry.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }));
      if (entry.content === null || entry.content === undefined) demandCalls(toolCalls.length, at);
      messages.push({ role: 'assistant', at, text: entry.content ?? '', toolCalls });
    } else if (entry.role === 'user') messages.push({ role: 'user', at, text: entry.content });
    else system.push(entry.content);
  });
  return {
    protocol: 'openai-chat',
    model: input.model,
    system: system.join('\n'),
    messages,
    tools: input.tool_choice === 'none' ? [] : (input.tools ?? []).map((entry) => entry.function),
    maxOutputTokens: capOf(input),
    stream: input.stream ?? false,
    includeUsage: input.stream_options?.include_usage ?? false,
  };
}

function demandCalls(calls: number, at: string): void {
  if (calls > 0) return;
  throw new Refusal('invalid', `Invalid value for 'content': expected a string, got null.`, {
    param: `${at}.content`,
  });
}

function capOf(input: z.output<typeof schema>): number | undefined {
  const { max_tokens: old, max_completion_tokens: cap } = input;
  if (typeof old === 'number' && typeof cap === 'number') {
    throw new Refusal(
      'invalid',
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      { param: 'max_tokens' },
    );
  }
  for (const [param, value] of Object.entries({ max_tokens: old, max_completion_tokens: cap })) {
    if (typeof value === 'number' && value < 1) throw belowMinimum(param, 1, value);
  }
  return cap ?? old ?? undefined;
}

export const chatWording: CheckWording = {
  resultsMissing: (ids, at) =>
    new Refusal(
      'invalid',
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(', ')}`,
      { param: `${at}.role` },
    ),
  resultUnexpected: (_id, at) =>
    new Refusal(
      'invalid',
      "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
      { param: `${at}.role` },
    ),
  capTooLarge: (cap, model) =>
    new Refusal(
      'invalid',
      `max_tokens is too large: ${cap}. This model supports at most ${model.maxOutput} completion tokens, whereas you provided ${cap}.`,
      { param: 'max_tokens', code: 'invalid_value' },
    ),
  tooLong: (input, cap, model) =>
    new Refusal(
      'invalid',
      `This model's maximum context length is ${model.contextWindow} tokens. However, you requested ${input + (cap ?? 0)} tokens (${input} in the messages, ${cap ?? 0} in the completion). Please reduce the length of the messages or completion.`,
      { param: 'messages', code: 'context_length_exceeded' },
    ),
  windowHoldsCap: true,
};
