import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionMessageFunctionToolCall,
} from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import { newId } from '../../lib/ids';
import type { Billed } from '../answer/billed';
import type { Stop } from '../answer/pieces';
import { chatWording, parseChat } from './chat-request';
import { bearerKey, errorBody, failureMessage, malformedEvent, unknownModel, wrongKey } from './openai';
import { reportedUsage, sse, type Call, type Protocol, type Writer } from './protocol';

/** OpenAI's Chat Completions, which Ollama, vLLM and llama.cpp speak, too. */
export const chatCompletions: Protocol = {
  name: 'openai-chat',
  path: '/v1/chat/completions',
  requestIdHeader: 'x-request-id',
  overloadedStatus: 503,
  apiKey: bearerKey,
  parse: parseChat,
  wording: chatWording,
  unknownModel,
  wrongKey,
  errorBody,
  malformedEvent,
  writer: chatWriter,
};

const FINISH = { end: 'stop', tool_calls: 'tool_calls', max_tokens: 'length' } as const satisfies Record<
  Stop,
  string
>;

/** OpenAI's input holds what was cached, and its output what was thought. */
function chatUsage(billed: Billed): CompletionUsage {
  const input = billed.input + billed.cached;
  const output = billed.output + billed.reasoning;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: billed.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: billed.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function chatWriter(call: Call): Writer {
  const head = {
    id: `chatcmpl-${newId()}`,
    created: call.createdAt,
    model: call.request.model,
    service_tier: 'default' as const,
    system_fingerprint: 'fp_sandbox',
  };
  const { includeUsage } = call.request;
  let content = '';
  const toolCalls: ChatCompletionMessageFunctionToolCall[] = [];

  const chunk = (
    delta: ChatCompletionChunk.Choice.Delta,
    finish: ChatCompletionChunk.Choice['finish_reason'] = null,
  ) =>
    sse({
      ...head,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includeUsage ? { usage: null } : {}),
    } satisfies ChatCompletionChunk);

  const error = () =>
    sse({ error: { message: failureMessage(), type: 'server_error', param: null, code: 'server_error' } });

  return {
    open: () => chunk({ role: 'assistant', content: '', refusal: null }),
    piece(piece) {
      switch (piece.kind) {
        case 'reasoning':
          return '';
        case 'text':
          content += piece.text;
          return chunk({ content: piece.text });
        case 'call': {
          const { id, name } = piece.call;
          const index = toolCalls.push({ id, type: 'function', function: { name, arguments: '' } }) - 1;
          return chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
        }
        case 'arguments': {
          const open = toolCalls.at(-1);
          if (open) open.function.arguments += piece.text;
          return chunk({
            tool_calls: [{ index: toolCalls.length - 1, function: { arguments: piece.text } }],
          });
        }
      }
    },
    end(stop, billed) {
      const usage = reportedUsage(call, chatUsage(billed));
      const told =
        includeUsage && usage !== undefined
          ? sse({
              ...head,
              object: 'chat.completion.chunk',
              choices: [],
              usage,
            } satisfies ChatCompletionChunk)
          : '';
      return `${chunk({}, FINISH[stop])}${told}data: [DONE]\n\n`;
    },
    error,
    failed: error,
    whole: (stop, billed): ChatCompletion => ({
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: content === '' && toolCalls.length > 0 ? null : content,
            refusal: null,
            annotations: [],
            ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
          },
          logprobs: null,
          finish_reason: FINISH[stop],
        },
      ],
      usage: reportedUsage(call, chatUsage(billed)),
    }),
  };
}
