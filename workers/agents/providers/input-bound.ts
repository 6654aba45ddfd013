import type { ContextMessage, ProviderRequest, ToolDefinition } from './provider';

/**
 * What a provider's template adds, tokens. None is documented as a limit, so each is several times what is seen:
 *
 * - per request: role markers and a preamble of the provider's (OpenAI's date and channels, ~100; Qwen's and Llama's
 *   default system prompts, ~50), and the reply's opening.
 * - with tools: the instructions how to call them. Anthropic lists 290 to 800 tokens by model ("Tool use", pricing),
 *   Hermes' and llama.cpp's generic templates ~250.
 * - per message: `<|start_header_id|>role<|end_header_id|>` and their like, 3 to 12, and one that SentencePiece puts
 *   before each piece of text.
 * - per call, result and definition: their names, ids and brackets in the template's own syntax, 10 to 40.
 */
const SLACK = { request: 512, tools: 2_048, message: 32, toolCall: 128, tool: 128 };

/**
 * Tokens of a text are at most its UTF-8 bytes: every tokenizer in use falls back to bytes. Some (SentencePiece,
 * Anthropic's older ones) first bring it to NFKC, where one character of three bytes can become thirty-three.
 */
const bytesOf = (text: string): number =>
  Math.max(Buffer.byteLength(text), Buffer.byteLength(text.normalize('NFKC')));

/** Templates put what belongs to tools into JSON: quotes and line breaks escaped. */
const jsonBytesOf = (text: string): number => bytesOf(JSON.stringify(text));

function messageBound(message: ContextMessage): number {
  if (message.role === 'user') return bytesOf(message.content);
  if (message.role === 'tool') {
    return jsonBytesOf(message.content) + jsonBytesOf(message.toolCallId) + SLACK.toolCall;
  }
  const calls = message.toolCalls.map(
    (call) => jsonBytesOf(call.arguments) + jsonBytesOf(call.name) + jsonBytesOf(call.id) + SLACK.toolCall,
  );
  return calls.reduce((sum, each) => sum + each, bytesOf(message.content));
}

/**
 * Some templates (Llama 3) print definitions as Chat Completions wraps them, in a list, indented by four; no other way
 * in use is longer.
 */
const toolBound = (tool: ToolDefinition): number =>
  bytesOf(JSON.stringify([{ type: 'function', function: tool }], null, 4)) + SLACK.tool;

/**
 * An upper bound of a request's input tokens by any of the three protocols (architecture.md, "A hold that cannot
 * overshoot"): the bytes of everything a person, a tool or we have written, and what templates add.
 */
export function inputBound(request: Pick<ProviderRequest, 'system' | 'messages' | 'tools'>): number {
  let bound = SLACK.request + bytesOf(request.system);
  for (const message of request.messages) bound += SLACK.message + messageBound(message);
  if (request.tools.length > 0) bound += SLACK.tools;
  for (const tool of request.tools) bound += toolBound(tool);
  return bound;
}
