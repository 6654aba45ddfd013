import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { ProviderConfig, ProviderQuirks } from '../../../domain/providers/config';
import { callProvider, type CallSetup } from './call';
import { inputBound } from './input-bound';
import { OpenAiChatReader } from './openai-chat-reader';
import { openAiClient } from './openai-client';
import type { ContextMessage, Provider, ProviderRequest, ToolCall } from './provider';
import { withoutTools } from './without-tools';

const toolCallParam = (call: ToolCall) => ({
  id: call.id,
  type: 'function' as const,
  function: { name: call.name, arguments: call.arguments },
});

function messageParam(message: ContextMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.content };
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
    case 'assistant': {
      if (message.toolCalls.length === 0) return { role: 'assistant', content: message.content };
      // Empty text beside tool calls is refused by some servers, null by none.
      const content = message.content === '' ? null : message.content;
      return { role: 'assistant', content, tool_calls: message.toolCalls.map(toolCallParam) };
    }
  }
}

/** The request's body, by what the server takes. */
export function chatBody(
  request: ProviderRequest,
  quirks: ProviderQuirks,
): ChatCompletionCreateParamsStreaming {
  const messages = quirks.tools ? request.messages : withoutTools(request.messages);
  const system = request.system === '' ? [] : [{ role: 'system' as const, content: request.system }];
  const tools = request.tools.map(({ name, description, parameters }) => ({
    type: 'function' as const,
    function: { name, description, parameters },
  }));
  return {
    model: request.model,
    messages: [...system, ...messages.map(messageParam)],
    stream: true,
    [quirks.tokenParameter]: request.maxOutputTokens,
    ...(quirks.includesUsage ? { stream_options: { include_usage: true } } : {}),
    ...(quirks.tools && tools.length > 0 ? { tools } : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
  };
}

/** OpenAI's Chat Completions, as Ollama, vLLM, llama.cpp, LM Studio and gateways speak it, too. */
export function createOpenAiChat(config: ProviderConfig, setup: CallSetup): Provider {
  const client = openAiClient(config);
  return {
    stream: (request) =>
      callProvider(request, setup, new OpenAiChatReader(), async (options) =>
        (await client()).chat.completions.create(chatBody(request, config.quirks), options).asResponse(),
      ),
    inputBound,
  };
}
