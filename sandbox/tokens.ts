import type { SandboxRequest, SandboxMessage, ToolDefinition } from './request';

/** Bytes of UTF-8 in a token. Four is about what byte-pair encodings reach with English text. */
const BYTES_PER_TOKEN = 4;

/** What a template adds to each message and each tool call, tokens: less than the bytes of its JSON. */
const OVERHEAD = 3;

/**
 * The sandbox's tokens in a text: its UTF-8 bytes by four, rounded up. The same at any time, never more than the
 * bytes, and as fast on a megabyte of one letter as on prose.
 */
export const countTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);

/**
 * The text's tokens one by one, as many as {@link countTokens} says: each holds the characters that end within
 * its four bytes. A character has at most four, so no token is empty.
 */
export function* splitTokens(text: string): Generator<string> {
  let from = 0;
  let at = 0;
  let bytes = 0;
  let limit = BYTES_PER_TOKEN;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    bytes += utf8Length(code);
    if (bytes > limit) {
      yield text.slice(from, at);
      from = at;
      limit += BYTES_PER_TOKEN;
    }
    at += code > 0xff_ff ? 2 : 1;
  }
  if (from < text.length) yield text.slice(from);
}

/** A lone surrogate goes out as U+FFFD: three bytes, too. */
function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x8_00) return 2;
  return code < 0x1_00_00 ? 3 : 4;
}

/** A prompt in the parts that can be cached: system and tools first, then each message. Their sum is the input. */
export function promptParts(request: Pick<SandboxRequest, 'system' | 'tools' | 'messages'>): number[] {
  const head = OVERHEAD + (request.system ? countTokens(request.system) + OVERHEAD : 0);
  const tools = request.tools.reduce((sum, tool) => sum + countTool(tool), 0);
  return [head + tools, ...request.messages.map(countMessage)];
}

/** A whole prompt's tokens. */
export const countPrompt = (request: Pick<SandboxRequest, 'system' | 'tools' | 'messages'>): number =>
  promptParts(request).reduce((sum, tokens) => sum + tokens, 0);

const countTool = (tool: ToolDefinition): number =>
  OVERHEAD + countTokens(tool.name + tool.description + JSON.stringify(tool.parameters));

function countMessage(message: SandboxMessage): number {
  const calls = message.role === 'assistant' ? message.toolCalls : [];
  return calls.reduce(
    (sum, call) => sum + countTokens(call.name + call.arguments) + OVERHEAD,
    countTokens(message.text) + OVERHEAD,
  );
}
