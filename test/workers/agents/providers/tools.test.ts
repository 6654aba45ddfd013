import type { ProviderProtocol } from '../../../../domain/providers/config';
import type { ContextMessage } from '../../../../workers/agents/providers/provider';
import { call, callsIn, closeAll, saying, textIn, usageIn } from './fixture';
import { chat, HELLO, messages, responses } from './wire-bytes';

afterEach(closeAll);

const CONVERSATION: ContextMessage[] = [
  { role: 'user', content: 'How many?' },
  {
    role: 'assistant',
    content: 'Let me see.',
    toolCalls: [
      { id: 'call_1', name: 'search', arguments: '{"q":1}' },
      { id: 'functions.search:2', name: 'search', arguments: '{"q":' },
    ],
  },
  { role: 'tool', toolCallId: 'call_1', content: '42', isError: false },
  { role: 'tool', toolCallId: 'functions.search:2', content: 'Not JSON.', isError: true },
  { role: 'assistant', content: '', toolCalls: [] },
  { role: 'user', content: 'And now?' },
];

const sentBy = async (protocol: ProviderProtocol) => {
  const { begin, end } = HELLO[protocol];
  const { server } = await call(protocol, saying(begin + end), { request: { messages: CONVERSATION } });
  return server.requests[0]?.body ?? {};
};

describe('a conversation with tools goes out as the protocol has it', () => {
  test('Chat Completions', async () => {
    expect((await sentBy('openai-chat')).messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'How many?' },
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'search', arguments: '{"q":1}' } },
          { id: 'functions.search:2', type: 'function', function: { name: 'search', arguments: '{"q":' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '42' },
      { role: 'tool', tool_call_id: 'functions.search:2', content: 'Not JSON.' },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'And now?' },
    ]);
  });

  test('Responses, of which nothing is stored', async () => {
    const body = await sentBy('openai-responses');
    expect(body).toMatchObject({ store: false, instructions: 'Be brief.', max_output_tokens: 100 });
    expect(body.input).toEqual([
      { role: 'user', content: 'How many?' },
      { role: 'assistant', content: 'Let me see.' },
      { type: 'function_call', call_id: 'call_1', name: 'search', arguments: '{"q":1}' },
      { type: 'function_call', call_id: 'functions.search:2', name: 'search', arguments: '{"q":' },
      { type: 'function_call_output', call_id: 'call_1', output: '42' },
      { type: 'function_call_output', call_id: 'functions.search:2', output: 'Not JSON.' },
      { role: 'user', content: 'And now?' },
    ]);
  });

  test('Anthropic: ids it takes, objects as input, results in one message, nothing empty', async () => {
    const body = await sentBy('anthropic');
    expect(body.system).toBe('Be brief.');
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'How many?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me see.' },
          { type: 'tool_use', id: 'call_1', name: 'search', input: { q: 1 } },
          { type: 'tool_use', id: 'functions_search_2', name: 'search', input: { malformed: '{"q":' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: '42' },
          { type: 'tool_result', tool_use_id: 'functions_search_2', content: 'Not JSON.', is_error: true },
          { type: 'text', text: 'And now?' },
        ],
      },
    ]);
  });
});

const functionCall = (id: string, args: string, status = 'completed') =>
  responses.event({
    type: 'response.output_item.done',
    output_index: 0,
    item: { type: 'function_call', id: `fc_${id}`, call_id: id, name: 'search', arguments: args, status },
  });

const toolUse = (index: number, id: string, input: object, pieces: string[]) =>
  messages.event({
    type: 'content_block_start',
    index,
    content_block: { type: 'tool_use', id, name: 'search', input },
  }) +
  pieces
    .map((partial_json) =>
      messages.event({
        type: 'content_block_delta',
        index,
        delta: { type: 'input_json_delta', partial_json },
      }),
    )
    .join('') +
  messages.event({ type: 'content_block_stop', index });

const TWO_CALLS = [
  { id: 'a', name: 'search', arguments: '{"q":1}' },
  { id: 'b', name: 'search', arguments: '{"q":2}' },
];

describe('Responses', () => {
  test('tells its calls, and their bytes while they come', async () => {
    const body =
      responses.created +
      responses.event({ type: 'response.function_call_arguments.delta', output_index: 0, delta: '{"q":1}' }) +
      functionCall('a', '{"q":1}') +
      functionCall('b', '{"q":2}') +
      responses.end('completed', null);
    const { events } = await call('openai-responses', saying(body));
    expect(callsIn(events)).toEqual(TWO_CALLS);
    expect(events).toContainEqual({ type: 'hidden', bytes: 7 });
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'tool_calls' });
  });

  test('hides reasoning, shows a refusal', async () => {
    const body =
      responses.event({ type: 'response.reasoning_summary_text.delta', delta: 'hmm' }) +
      responses.event({ type: 'response.refusal.delta', delta: "I can't." }) +
      responses.end('completed', null);
    const { events } = await call('openai-responses', saying(body));
    expect(textIn(events)).toBe("I can't.");
    expect(events).toContainEqual({ type: 'hidden', bytes: 3 });
    expect(events.at(-1)).toMatchObject({ stopReason: 'refusal' });
  });

  test.each([
    ['max_output_tokens', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['something_new', 'other'],
  ])('incomplete for %s is %s, without half a call', async (reason, stopReason) => {
    const body =
      functionCall('a', '{"q":', 'incomplete') +
      responses.end(
        'incomplete',
        { input_tokens: 7, output_tokens: 100 },
        { incomplete_details: { reason } },
      );
    const { events, error } = await call('openai-responses', saying(body));
    expect(error).toBeUndefined();
    expect(callsIn(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason });
    expect(usageIn(events)).toMatchObject({ input: 7, outputText: 100 });
  });

  test.each([
    ['failed', responses.end('failed', { input_tokens: 7, output_tokens: 3 }, { error: { code: 'x' } }), 7],
    ['an error', responses.event({ type: 'error', code: 'x', message: 'secret', param: null }), undefined],
  ])('%s in mid-stream is an error, with the usage there was', async (_what, body, input) => {
    const { events, error } = await call(
      'openai-responses',
      saying(responses.created + responses.text('Hel') + body),
    );
    expect(error).toMatchObject({ code: 'stream_error', fate: 'ambiguous' });
    expect(textIn(events)).toBe('Hel');
    expect(usageIn(events)?.input).toBe(input);
  });
});

describe('Anthropic', () => {
  const start = messages.start({ input_tokens: 7, output_tokens: 1 });

  test('tells its calls, and their bytes while they come', async () => {
    const body =
      start +
      toolUse(0, 'a', {}, ['', '{"q"', ':1}']) +
      toolUse(1, 'b', { q: 2 }, []) +
      messages.delta('tool_use', { output_tokens: 9 }) +
      messages.stop;
    const { events } = await call('anthropic', saying(body));
    expect(callsIn(events)).toEqual(TWO_CALLS);
    expect(events).toContainEqual({ type: 'hidden', bytes: 4 });
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'tool_calls' });
  });

  test('takes a tool that wants no arguments', async () => {
    const body = start + toolUse(0, 'a', {}, []) + messages.delta('tool_use', {}) + messages.stop;
    const { events } = await call('anthropic', saying(body));
    expect(callsIn(events)).toEqual([{ id: 'a', name: 'search', arguments: '{}' }]);
  });

  test('tells no half of a call that ran out of tokens', async () => {
    const body = start + toolUse(0, 'a', {}, ['{"q":']) + messages.delta('max_tokens', {}) + messages.stop;
    const { events } = await call('anthropic', saying(body));
    expect(callsIn(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ stopReason: 'max_tokens' });
  });

  test('hides thinking', async () => {
    const body =
      start +
      messages.event({
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'thinking', thinking: '' },
      }) +
      messages.event({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'thinking_delta', thinking: 'hmm' },
      }) +
      messages.event({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'signature_delta', signature: 'xx' },
      }) +
      messages.delta('end_turn', {}) +
      messages.stop;
    const { events } = await call('anthropic', saying(body));
    expect(textIn(events)).toBe('');
    expect(events.filter(({ type }) => type === 'hidden')).toEqual([{ type: 'hidden', bytes: 3 }]);
  });

  test.each([
    ['end_turn', 'end'],
    ['stop_sequence', 'end'],
    ['max_tokens', 'max_tokens'],
    ['model_context_window_exceeded', 'max_tokens'],
    ['refusal', 'refusal'],
    ['pause_turn', 'other'],
  ])('%s is %s', async (given, stopReason) => {
    const { events } = await call('anthropic', saying(start + messages.delta(given, {}) + messages.stop));
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason });
  });

  test('tells the input at once, for whoever stops the call', async () => {
    const { events } = await call('anthropic', saying(start + messages.text('Hel')));
    expect(usageIn(events)).toMatchObject({ input: 7 });
    expect(events.findIndex(({ type }) => type === 'usage')).toBeLessThan(
      events.findIndex(({ type }) => type === 'text'),
    );
  });

  test('is not complete with a message_delta alone', async () => {
    const { error } = await call(
      'anthropic',
      saying(start + messages.text('Hello') + messages.delta('end_turn', {})),
    );
    expect(error).toMatchObject({ code: 'cut' });
  });
});

test('text and reasoning of another shape are left out', async () => {
  const body = chat.chunk({ content: 5, reasoning: {}, refusal: [] }) + chat.chunk({ content: 'x' }, 'stop');
  const { events, error } = await call('openai-chat', saying(body));
  expect(error).toBeUndefined();
  expect(textIn(events)).toBe('x');
});
