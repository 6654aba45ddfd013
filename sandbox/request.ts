/** The wire protocols, by the names the platform gives them. */
export const PROTOCOL_NAMES = ['openai-responses', 'openai-chat', 'anthropic'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

export interface ToolDefinition {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export interface ToolCall {
  id: string;
  name: string;
  /** JSON text, as it stands in the context. */
  arguments: string;
}

/** How long what stands up to here may be read from the cache (Anthropic's `cache_control`). */
export type CacheLifetime = '5m' | '1h';

/** One entry of the context. `at` is where it stands in the request, in the protocol's own notation. */
export type SandboxMessage = { at: string; text: string; cache?: CacheLifetime | undefined } & (
  { role: 'user' } | { role: 'assistant'; toolCalls: ToolCall[] } | { role: 'tool'; callId: string }
);

/** A request in any of the protocols, parsed. */
export interface SandboxRequest {
  protocol: ProtocolName;
  model: string;
  system: string;
  systemCache?: CacheLifetime | undefined;
  messages: SandboxMessage[];
  /** Empty where the request forbids calling them, too. */
  tools: ToolDefinition[];
  /** undefined: the model's most. */
  maxOutputTokens: number | undefined;
  stream: boolean;
  /** Chat Completions only tells the usage of a stream when asked. */
  includeUsage: boolean;
}

/** The text of the last entry that a person wrote. */
export function lastUserText(request: SandboxRequest): string {
  return request.messages.findLast((message) => message.role === 'user')?.text ?? '';
}

/** What came after the last entry that a person wrote: the turns of the run under way. */
export function sinceLastUser(request: SandboxRequest): SandboxMessage[] {
  return request.messages.slice(request.messages.findLastIndex((message) => message.role === 'user') + 1);
}
