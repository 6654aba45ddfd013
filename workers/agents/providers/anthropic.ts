import type Anthropic from '@anthropic-ai/sdk' with { 'resolution-mode': 'import' };
import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  Tool,
} from '@anthropic-ai/sdk/resources/messages';
import type { ProviderConfig } from '../../../domain/providers/config';
import { callProvider, type CallSetup } from './call';
import { AnthropicReader } from './anthropic-reader';
import { inputBound } from './input-bound';
import { providerFetch } from './network';
import type { ContextMessage, Provider, ProviderRequest, ToolCall } from './provider';
import { isJsonObject } from './text';

/** Other providers' ids may hold what Anthropic refuses (Kimi's `functions.search:0`). */
const toolUseId = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_');

/** Anthropic takes an object only: what another model wrote malformed is kept as text in one. */
const toolInput = (text: string): unknown => (isJsonObject(text) ? JSON.parse(text) : { malformed: text });

const toolUse = (call: ToolCall): ContentBlockParam => ({
  type: 'tool_use',
  id: toolUseId(call.id),
  name: call.name,
  input: toolInput(call.arguments),
});

const textBlocks = (text: string): ContentBlockParam[] => (text === '' ? [] : [{ type: 'text', text }]);

/** One message of Anthropic's, as a turn of either side. */
interface Turn {
  role: 'user' | 'assistant';
  content: ContentBlockParam[];
}

function turnOf(message: ContextMessage): Turn {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: textBlocks(message.content) };
    case 'assistant':
      return {
        role: 'assistant',
        content: [...textBlocks(message.content), ...message.toolCalls.map(toolUse)],
      };
    case 'tool': {
      const { toolCallId, content, isError } = message;
      const result = { type: 'tool_result' as const, tool_use_id: toolUseId(toolCallId), content };
      return { role: 'user', content: [isError ? { ...result, is_error: true } : result] };
    }
  }
}

/**
 * All results of one assistant's calls must stand in the one user message after it, and a message without content is
 * refused.
 */
function turnsOf(messages: readonly ContextMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const next = turnOf(message);
    const last = turns.at(-1);
    if (last?.role === next.role) last.content.push(...next.content);
    else if (next.content.length > 0) turns.push(next);
  }
  return turns;
}

/** The request's body. */
export function messagesBody(request: ProviderRequest): MessageCreateParamsStreaming {
  const tools = request.tools.map(({ name, description, parameters }): Tool => ({
    name,
    description,
    input_schema: { ...parameters, type: 'object' },
  }));
  return {
    model: request.model,
    max_tokens: request.maxOutputTokens,
    ...(request.system === '' ? {} : { system: request.system }),
    messages: turnsOf(request.messages),
    stream: true,
    ...(tools.length > 0 ? { tools } : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
  };
}

/** As openAiClient's: one request per call, no log, nothing of the environment, loaded with the first call. */
function anthropicClient(config: ProviderConfig): () => Promise<Anthropic> {
  let client: Anthropic | undefined;
  return async () => {
    const { default: Client } = await import('@anthropic-ai/sdk');
    return (client ??= new Client({
      apiKey: config.apiKey,
      baseURL: config.baseUrl,
      webhookKey: null,
      maxRetries: 0,
      logLevel: 'off',
      fetch: providerFetch,
    }));
  };
}

/** Anthropic's Messages API. */
export function createAnthropic(config: ProviderConfig, setup: CallSetup): Provider {
  const client = anthropicClient(config);
  return {
    stream: (request) =>
      callProvider(request, setup, new AnthropicReader(), async (options) =>
        (await client()).messages.create(messagesBody(request), options).asResponse(),
      ),
    inputBound,
  };
}
