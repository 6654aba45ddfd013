import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { CheckWording } from '../checks';
import { Refusal } from '../refusal';
import type { CacheLifetime, SandboxMessage, SandboxRequest } from '../request';
import { parseBody } from './protocol';

const cacheControl = z
  .strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).default('5m') })
  .nullish();
const textBlock = z.strictObject({
  type: z.literal('text'),
  text: z.string().min(1, 'text content blocks must be non-empty'),
  citations: z.unknown().optional(),
  cache_control: cacheControl,
});
const toolUse = z.strictObject({
  type: z.literal('tool_use'),
  id: z.string().regex(/^[\w-]+$/),
  name: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
  caller: z.unknown().optional(),
  cache_control: cacheControl,
});
const toolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(textBlock)]).default(''),
  is_error: z.boolean().optional(),
  cache_control: cacheControl,
});
const thinking = z.looseObject({
  type: z.enum(['thinking', 'redacted_thinking']),
  cache_control: z.null().optional(),
});

const message = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(z.union([textBlock, toolResult]))]),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(z.union([textBlock, toolUse, thinking]))]),
  }),
]);
type Message = z.output<typeof message>;
type Block = Exclude<Message['content'], string>[number];

const schema = z.strictObject({
  model: z.string(),
  messages: z.array(message).min(1, 'at least one message is required'),
  max_tokens: z.int().min(1, 'Input should be greater than or equal to 1'),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('custom').nullish(),
        name: z.string().regex(/^[\w-]{1,128}$/),
        description: z.string().default(''),
        input_schema: z.looseObject({ type: z.literal('object') }),
        strict: z.boolean().optional(),
        cache_control: cacheControl,
      }),
    )
    .optional(),
  tool_choice: z.looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']) }).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  stop_sequences: z.array(z.string()).optional(),
  stream: z.boolean().optional(),
  thinking: z.unknown().optional(),
  metadata: z.unknown().optional(),
  service_tier: z.string().optional(),
  output_config: z.unknown().optional(),
  cache_control: cacheControl,
});

/** Reads `POST /v1/messages`. */
export function parseAnthropic(body: unknown, headers: IncomingHttpHeaders): SandboxRequest {
  if (!headers['anthropic-version']) throw new Refusal('invalid', 'anthropic-version: header is required');
  const input = parseBody(schema, body);
  const messages = input.messages.flatMap((entry, index) => {
    const isLast = index === input.messages.length - 1;
    demandContent(entry, `messages.${index}`, isLast);
    return readMessage(entry, `messages.${index}`);
  });
  if (input.messages[0]?.role !== 'user')
    throw new Refusal('invalid', 'messages: first message must use the "user" role');
  const last = messages.at(-1);
  if (last && input.cache_control) last.cache = input.cache_control.ttl;
  const system =
    typeof input.system === 'string'
      ? input.system
      : (input.system ?? []).map((block) => block.text).join('\n');
  const marked = [...(input.tools ?? []), ...(typeof input.system === 'string' ? [] : (input.system ?? []))];
  return {
    protocol: 'anthropic',
    model: input.model,
    system,
    systemCache: lifetime(marked),
    messages,
    tools:
      input.tool_choice?.type === 'none'
        ? []
        : (input.tools ?? []).map((tool) => ({
            name: tool.name,
            description: tool.description,
            parameters: tool.input_schema,
          })),
    maxOutputTokens: input.max_tokens,
    stream: input.stream ?? false,
    includeUsage: true,
  };
}

function demandContent({ role, content }: Message, at: string, isLast: boolean): void {
  const text = typeof content === 'string' ? content : undefined;
  if (content.length === 0 && !(isLast && role === 'assistant')) {
    throw new Refusal(
      'invalid',
      role === 'user'
        ? `${at}: user messages must have non-empty content`
        : `${at}: all messages must have non-empty content except for the optional final assistant message`,
    );
  }
  if (isLast && role === 'assistant' && text !== undefined && text !== text.trimEnd())
    throw new Refusal('invalid', 'messages: final assistant content cannot end with trailing whitespace');
}

/** A user's message with tool results becomes one entry each; what the person wrote comes after them. */
function readMessage({ role, content }: Message, at: string): SandboxMessage[] {
  const blocks: Block[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const texts = blocks.filter((block) => block.type === 'text');
  const text = texts.map((block) => block.text).join('\n');
  if (role === 'assistant') {
    const toolCalls = blocks
      .filter((block) => block.type === 'tool_use')
      .map((block) => ({ id: block.id, name: block.name, arguments: JSON.stringify(block.input) }));
    return [{ role, at, text, toolCalls, cache: lifetime(blocks) }];
  }
  const results = blocks.flatMap((block, index): SandboxMessage[] =>
    block.type === 'tool_result'
      ? [
          {
            role: 'tool',
            at: `${at}.content.${index}`,
            callId: block.tool_use_id,
            text:
              typeof block.content === 'string'
                ? block.content
                : block.content.map((part) => part.text).join('\n'),
            cache: lifetime([block]),
          },
        ]
      : [],
  );
  if (blocks.findLastIndex((block) => block.type === 'tool_result') >= results.length)
    throw new Refusal('invalid', `${at}: \`tool_result\` blocks must come first in a message's content`);
  return texts.length > 0 ? [...results, { role, at, text, cache: lifetime(texts) }] : results;
}

function lifetime(
  blocks: { cache_control?: { ttl: CacheLifetime } | null | undefined }[],
): CacheLifetime | undefined {
  return blocks.findLast((block) => block.cache_control)?.cache_control?.ttl;
}

export const anthropicWording: CheckWording = {
  resultsMissing: (ids, at) =>
    new Refusal(
      'invalid',
      `${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    ),
  resultUnexpected: (id, at) =>
    new Refusal(
      'invalid',
      `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
    ),
  capTooLarge: (cap, model) =>
    new Refusal(
      'invalid',
      `max_tokens: ${cap} > ${model.maxOutput}, which is the maximum allowed number of output tokens for ${model.id}`,
    ),
  tooLong: (input, cap, { contextWindow }) =>
    new Refusal(
      'invalid',
      input >= contextWindow
        ? `prompt is too long: ${input} tokens > ${contextWindow} maximum`
        : `input length and \`max_tokens\` exceed context limit: ${input} + ${cap} > ${contextWindow}, decrease input length or \`max_tokens\` and try again`,
    ),
  windowHoldsCap: true,
};
