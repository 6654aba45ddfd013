import type { ResponseCreateParamsStreaming, ResponseInputItem } from 'openai/resources/responses/responses';
import type { ProviderConfig } from '../../../domain/providers/config';
import { callProvider, type CallSetup } from './call';
import { inputBound } from './input-bound';
import { openAiClient } from './openai-client';
import { OpenAiResponsesReader } from './openai-responses-reader';
import type { ContextMessage, Provider, ProviderRequest } from './provider';

function inputItems(message: ContextMessage): ResponseInputItem[] {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: message.content }];
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.toolCallId, output: message.content }];
    case 'assistant': {
      const text: ResponseInputItem[] = message.content
        ? [{ role: 'assistant', content: message.content }]
        : [];
      const calls = message.toolCalls.map(({ id, name, arguments: args }): ResponseInputItem => ({
        type: 'function_call',
        call_id: id,
        name,
        arguments: args,
      }));
      return [...text, ...calls];
    }
  }
}

/** The request's body. Nothing is stored with OpenAI: the conversation is ours. */
export function responsesBody(request: ProviderRequest): ResponseCreateParamsStreaming {
  const tools = request.tools.map(({ name, description, parameters }) => ({
    type: 'function' as const,
    name,
    description,
    parameters,
    // Strict mode refuses schemas with optional properties.
    strict: false,
  }));
  return {
    model: request.model,
    ...(request.system === '' ? {} : { instructions: request.system }),
    input: request.messages.flatMap(inputItems),
    max_output_tokens: request.maxOutputTokens,
    store: false,
    stream: true,
    // Padding against listeners who guess by sizes; over TLS to one server it doubles what we parse.
    stream_options: { include_obfuscation: false },
    ...(tools.length > 0 ? { tools } : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
  };
}

/** OpenAI's Responses API. */
export function createOpenAiResponses(config: ProviderConfig, setup: CallSetup): Provider {
  const client = openAiClient(config);
  return {
    stream: (request) =>
      callProvider(request, setup, new OpenAiResponsesReader(), async (options) =>
        (await client()).responses.create(responsesBody(request), options).asResponse(),
      ),
    inputBound,
  };
}
