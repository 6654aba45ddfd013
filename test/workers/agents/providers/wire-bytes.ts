import type { ProviderProtocol } from '../../../../domain/providers/config';

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (event: { type: string } & Record<string, unknown>): string =>
  `event: ${event.type}\n${data(event)}`;

/** Chat Completions, as OpenAI sends it. */
export const chat = {
  chunk: (delta: unknown, finish: string | null = null, more: object = {}) =>
    data({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'served-model',
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    }),
  usage: (usage: unknown) =>
    data({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'served-model',
      choices: [],
      usage,
    }),
  done: 'data: [DONE]\n\n',
};

/** The Responses API. */
export const responses = {
  created: named({
    type: 'response.created',
    response: { id: 'resp_1', model: 'served-model', status: 'in_progress' },
  }),
  text: (delta: string) =>
    named({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta }),
  end: (type: 'completed' | 'incomplete' | 'failed', usage: unknown, more: object = {}) =>
    named({
      type: `response.${type}`,
      response: { id: 'resp_1', model: 'served-model', status: type, output: [], usage, ...more },
    }),
  event: named,
};

/** Anthropic's Messages. */
export const messages = {
  start: (usage: unknown) =>
    named({
      type: 'message_start',
      message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'served-model', content: [], usage },
    }),
  text: (text: string) =>
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
    named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }) +
    named({ type: 'content_block_stop', index: 0 }),
  delta: (stopReason: string, usage: unknown) =>
    named({ type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage }),
  stop: named({ type: 'message_stop' }),
  ping: named({ type: 'ping' }),
  event: named,
};

/** A whole reply that says "Hello", in pieces as they are sent. */
export const HELLO: Record<ProviderProtocol, { begin: string; end: string }> = {
  'openai-chat': {
    begin: chat.chunk({ role: 'assistant', content: '' }) + chat.chunk({ content: 'Hello' }),
    end:
      chat.chunk({}, 'stop') +
      chat.usage({ prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 }) +
      chat.done,
  },
  'openai-responses': {
    begin: responses.created + responses.text('Hello'),
    end: responses.end('completed', { input_tokens: 7, output_tokens: 2, total_tokens: 9 }),
  },
  anthropic: {
    begin: messages.start({ input_tokens: 7, output_tokens: 1 }) + messages.text('Hello'),
    end: messages.delta('end_turn', { output_tokens: 2 }) + messages.stop,
  },
};
