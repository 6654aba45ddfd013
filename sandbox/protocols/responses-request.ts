import { z } from 'zod';
import type { CheckWording } from '../checks';
import { Refusal } from '../refusal';
import type { SandboxMessage, SandboxRequest } from '../request';
import { belowMinimum } from './openai';
import { parseBody } from './protocol';

/** OpenAI refuses a smaller `max_output_tokens` in its Responses. */
const LEAST_OUTPUT = 16;

const text = z.union([
  z.string(),
  z
    .array(z.object({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() }))
    .transform((parts) => parts.map((part) => part.text).join('')),
]);

const item = z.union([
  z.strictObject({
    type: z.literal('message').optional(),
    role: z.enum(['system', 'developer', 'user', 'assistant']),
    content: text,
    id: z.string().optional(),
    status: z.string().optional(),
    phase: z.string().nullish(),
  }),
  z.strictObject({
    type: z.literal('function_call'),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
    id: z.string().optional(),
    status: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('function_call_output'),
    call_id: z.string(),
    output: text,
    id: z.string().nullish(),
    status: z.string().nullish(),
  }),
  z.looseObject({ type: z.literal('reasoning') }),
]);

const schema = z.strictObject({
  model: z.string(),
  input: z.union([z.string().min(1), z.array(item).min(1)]),
  instructions: z.string().nullish(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        name: z.string().min(1),
        description: z.string().nullish(),
        parameters: z.record(z.string(), z.unknown()).nullable(),
        strict: z.boolean().nullish(),
      }),
    )
    .optional(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  max_output_tokens: z.int().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).nullish(),
  store: z.boolean().nullish(),
  include: z.array(z.string()).nullish(),
  reasoning: z.unknown().optional(),
  text: z.unknown().optional(),
  truncation: z.literal('disabled').nullish(),
  metadata: z.unknown().optional(),
  prompt_cache_key: z.string().optional(),
  safety_identifier: z.string().optional(),
  user: z.string().optional(),
});

/** Reads `POST /v1/responses`. Nothing is stored, so `previous_response_id` is an unknown parameter. */
export function parseResponses(body: unknown): SandboxRequest {
  const input = parseBody(schema, body);
  const cap = input.max_output_tokens ?? undefined;
  if (cap !== undefined && cap < LEAST_OUTPUT) throw belowMinimum('max_output_tokens', LEAST_OUTPUT, cap);
  const { messages, system } = readInput(input.input);
  return {
    protocol: 'openai-responses',
    model: input.model,
    system: [input.instructions ?? '', ...system].filter(Boolean).join('\n'),
    messages,
    tools:
      input.tool_choice === 'none'
        ? []
        : (input.tools ?? []).map(({ name, description, parameters }) => ({
            name,
            description: description ?? '',
            parameters: parameters ?? {},
          })),
    maxOutputTokens: cap,
    stream: input.stream ?? false,
    includeUsage: true,
  };
}

/** Calls that follow each other, and an assistant's words before them, are one turn of the assistant. */
function readInput(input: z.output<typeof schema>['input']): {
  messages: SandboxMessage[];
  system: string[];
} {
  if (typeof input === 'string')
    return { messages: [{ role: 'user', at: 'input', text: input }], system: [] };
  const messages: SandboxMessage[] = [];
  const system: string[] = [];
  input.forEach((entry, index) => {
    const at = `input[${index}]`;
    if (entry.type === 'reasoning') return;
    if (entry.type === 'function_call_output') {
      messages.push({ role: 'tool', at, callId: entry.call_id, text: entry.output });
    } else if (entry.type === 'function_call') {
      const call = { id: entry.call_id, name: entry.name, arguments: entry.arguments };
      const turn = messages.at(-1);
      if (turn?.role === 'assistant') turn.toolCalls.push(call);
      else messages.push({ role: 'assistant', at, text: '', toolCalls: [call] });
    } else if (entry.role === 'user') messages.push({ role: 'user', at, text: entry.content });
    else if (entry.role === 'assistant')
      messages.push({ role: 'assistant', at, text: entry.content, toolCalls: [] });
    else system.push(entry.content);
  });
  return { messages, system };
}

export const responsesWording: CheckWording = {
  resultsMissing: (ids) =>
    new Refusal('invalid', `No tool output found for function call ${ids[0]}.`, { param: 'input' }),
  resultUnexpected: (id) =>
    new Refusal('invalid', `No tool call found for function call output with call_id ${id}.`, {
      param: 'input',
    }),
  capTooLarge: (cap, model) =>
    new Refusal(
      'invalid',
      `Invalid 'max_output_tokens': integer above maximum value. Expected a value <= ${model.maxOutput}, but got ${cap} instead.`,
      { param: 'max_output_tokens', code: 'integer_above_max_value' },
    ),
  tooLong: () =>
    new Refusal(
      'invalid',
      'Your input exceeds the context window of this model. Please adjust your input and try again.',
      { param: 'input', code: 'context_length_exceeded' },
    ),
  windowHoldsCap: false,
};
