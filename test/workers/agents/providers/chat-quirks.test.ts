import { DEFAULT_QUIRKS, type ProviderQuirks } from '../../../../domain/providers/config';
import type { ContextMessage } from '../../../../workers/agents/providers/provider';
import { call, callsIn, closeAll, saying, textIn, usageIn } from './fixture';
import { chat } from './wire-bytes';

afterEach(closeAll);

const TOOL = { name: 'search', description: 'Finds things.', parameters: { type: 'object', properties: {} } };

const HELLO = chat.chunk({ content: 'Hello' }) + chat.chunk({}, 'stop') + chat.done;

const withQuirks = (quirks: Partial<ProviderQuirks>, messages?: ContextMessage[]) =>
  call('openai-chat', saying(HELLO), {
    config: { quirks: { ...DEFAULT_QUIRKS, ...quirks } },
    request: { tools: [TOOL], ...(messages ? { messages } : {}) },
  });

describe('what is sent', () => {
  test.each(['max_tokens', 'max_completion_tokens'] as const)('caps by %s alone', async (tokenParameter) => {
    const { server } = await withQuirks({ tokenParameter });
    const { max_tokens: old, max_completion_tokens: current } = server.requests[0]?.body ?? {};
    expect([old, current]).toEqual(tokenParameter === 'max_tokens' ? [100, undefined] : [undefined, 100]);
  });

  test('asks for usage where the server takes it', async () => {
    const { server } = await withQuirks({ includesUsage: true });
    expect(server.requests[0]?.body.stream_options).toEqual({ include_usage: true });
  });

  test('sends no stream_options to a server that refuses them, and makes no usage up', async () => {
    const { server, events } = await withQuirks({ includesUsage: false });
    expect(server.requests[0]?.body).not.toHaveProperty('stream_options');
    expect(usageIn(events)).toBeUndefined();
  });

  test('sends no tools to a server that has none, and tells earlier calls as text', async () => {
    const { server } = await withQuirks({ tools: false }, [
      { role: 'user', content: 'How many?' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'search', arguments: '{"q":1}' }] },
      { role: 'tool', toolCallId: 'c1', content: '42', isError: false },
    ]);
    const body = server.requests[0]?.body ?? {};
    expect(body).not.toHaveProperty('tools');
    expect(body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'How many?' },
      { role: 'assistant', content: 'Called the tool search with {"q":1}' },
      { role: 'user', content: 'Result of a tool:\n42' },
    ]);
  });
});

/** Deltas of one reply, and the calls they make. `undefined` id: one of ours. */
const CALLS: [string, object[], { id: string | undefined; name: string; arguments: string }[]][] = [
  [
    "OpenAI's pieces",
    [
      { index: 0, id: 'a', type: 'function', function: { name: 'search', arguments: '' } },
      { index: 0, function: { arguments: '{"q":' } },
      { index: 0, function: { arguments: '1}' } },
      { index: 1, id: 'b', type: 'function', function: { name: 'report', arguments: '{}' } },
    ],
    [
      { id: 'a', name: 'search', arguments: '{"q":1}' },
      { id: 'b', name: 'report', arguments: '{}' },
    ],
  ],
  [
    'pieces of two calls in turns',
    [
      { index: 0, id: 'a', function: { name: 'search', arguments: '{"q":' } },
      { index: 1, id: 'b', function: { name: 'report', arguments: '{"r":' } },
      { index: 0, function: { arguments: '1}' } },
      { index: 1, function: { arguments: '2}' } },
    ],
    [
      { id: 'a', name: 'search', arguments: '{"q":1}' },
      { id: 'b', name: 'report', arguments: '{"r":2}' },
    ],
  ],
  [
    'the id and the name in every piece',
    [
      { index: 0, id: 'a', function: { name: 'search', arguments: '{"q":' } },
      { index: 0, id: 'a', function: { name: 'search', arguments: '1}' } },
    ],
    [{ id: 'a', name: 'search', arguments: '{"q":1}' }],
  ],
  [
    'no index',
    [
      { id: 'a', function: { name: 'search', arguments: '{"q":' } },
      { function: { arguments: '1}' } },
      { id: 'b', function: { name: 'search', arguments: '{"q":2}' } },
    ],
    [
      { id: 'a', name: 'search', arguments: '{"q":1}' },
      { id: 'b', name: 'search', arguments: '{"q":2}' },
    ],
  ],
  [
    'no id',
    [
      { index: 0, function: { name: 'search', arguments: '{"q":' } },
      { index: 0, function: { arguments: '1}' } },
      { index: 1, function: { name: 'search', arguments: '{"q":2}' } },
    ],
    [
      { id: undefined, name: 'search', arguments: '{"q":1}' },
      { id: undefined, name: 'search', arguments: '{"q":2}' },
    ],
  ],
  [
    'neither index nor id',
    [
      { function: { name: 'search', arguments: '{"q":1}' } },
      { function: { name: 'search', arguments: '{"q":2}' } },
    ],
    [
      { id: undefined, name: 'search', arguments: '{"q":1}' },
      { id: undefined, name: 'search', arguments: '{"q":2}' },
    ],
  ],
  [
    'whole calls all under index 0',
    [
      { index: 0, id: 'a', function: { name: 'search', arguments: '{"q":1}' } },
      { index: 0, id: 'b', function: { name: 'search', arguments: '{"q":2}' } },
    ],
    [
      { id: 'a', name: 'search', arguments: '{"q":1}' },
      { id: 'b', name: 'search', arguments: '{"q":2}' },
    ],
  ],
  [
    'whole calls all under index 0, without ids',
    [
      { index: 0, function: { name: 'search', arguments: '{"q":1}' } },
      { index: 0, function: { name: 'search', arguments: '{"q":2}' } },
    ],
    [
      { id: undefined, name: 'search', arguments: '{"q":1}' },
      { id: undefined, name: 'search', arguments: '{"q":2}' },
    ],
  ],
  [
    'an id that comes late',
    [
      { index: 0, function: { name: 'search' } },
      { index: 0, id: 'a', function: { arguments: '{"q":1}' } },
    ],
    [{ id: 'a', name: 'search', arguments: '{"q":1}' }],
  ],
  [
    'empty and null ids',
    [
      { index: 0, id: '', function: { name: 'search', arguments: '{"q":' } },
      { index: 0, id: null, function: { name: null, arguments: '1}' } },
    ],
    [{ id: undefined, name: 'search', arguments: '{"q":1}' }],
  ],
  [
    'arguments as an object',
    [{ index: 0, id: 'a', function: { name: 'search', arguments: { q: 1 } } }],
    [{ id: 'a', name: 'search', arguments: '{"q":1}' }],
  ],
  [
    'no arguments at all',
    [{ index: 0, id: 'a', function: { name: 'search' } }],
    [{ id: 'a', name: 'search', arguments: '{}' }],
  ],
  [
    'malformed arguments, as they are',
    [{ index: 0, id: 'a', function: { name: 'search', arguments: '{"q":' } }],
    [{ id: 'a', name: 'search', arguments: '{"q":' }],
  ],
];

describe('tool calls', () => {
  const inChunks = (pieces: object[]) => pieces.map((piece) => chat.chunk({ tool_calls: [piece] })).join('');

  const expectCalls = (found: ReturnType<typeof callsIn>, expected: (typeof CALLS)[number][2]): void => {
    expect(found).toEqual(
      expected.map((each) => ({ ...each, id: each.id ?? expect.stringMatching(/^call_./) })),
    );
    expect(new Set(found.map(({ id }) => id)).size).toBe(expected.length);
  };

  test.each(CALLS)('takes %s', async (_what, pieces, expected) => {
    const { events, error } = await call(
      'openai-chat',
      saying(inChunks(pieces) + chat.chunk({}, 'tool_calls') + chat.done),
    );
    expect(error).toBeUndefined();
    expectCalls(callsIn(events), expected);
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'tool_calls' });
  });

  test.each(CALLS)(
    'takes %s in one chunk, with a finish_reason of `stop`',
    async (_what, pieces, expected) => {
      const { events } = await call(
        'openai-chat',
        saying(chat.chunk({ tool_calls: pieces }, 'stop') + chat.done),
      );
      expectCalls(callsIn(events), expected);
      expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'tool_calls' });
    },
  );

  test('tells no half of a call that ran out of tokens', async () => {
    const pieces = [
      { index: 0, id: 'a', function: { name: 'search', arguments: '{"q":1}' } },
      { index: 1, id: 'b', function: { name: 'search', arguments: '{"q":"he' } },
    ];
    const { events } = await call(
      'openai-chat',
      saying(inChunks(pieces) + chat.chunk({}, 'length') + chat.done),
    );
    expect(callsIn(events).map(({ id }) => id)).toEqual(['a']);
    expect(events.at(-1)).toMatchObject({ stopReason: 'max_tokens' });
  });

  test('counts the bytes of their arguments while they come', async () => {
    const piece = { index: 0, id: 'a', function: { name: 'search', arguments: '{"q":"ä"}' } };
    const { events } = await call('openai-chat', saying(inChunks([piece]) + chat.chunk({}, 'tool_calls')));
    expect(events).toContainEqual({ type: 'hidden', bytes: 6 + 10 });
  });

  test.each([
    ['a call without a name', [{ index: 0, id: 'a', function: { arguments: '{}' } }]],
    [
      'calls without end',
      Array.from({ length: 200 }, (_, index) => ({ index, function: { name: 'search' } })),
    ],
    ['arguments without end', [{ index: 0, function: { name: 'search', arguments: 'x'.repeat(1_000_001) } }]],
  ])('refuses %s', async (_what, pieces) => {
    const { error } = await call('openai-chat', saying(inChunks(pieces) + chat.chunk({}, 'tool_calls')));
    expect(error).toMatchObject({ code: 'malformed', fate: 'ambiguous' });
  });
});

describe('what servers do otherwise', () => {
  test.each([
    ['no [DONE]', HELLO.replace(chat.done, '')],
    ['a finish_reason with the last text', chat.chunk({ content: 'Hello' }, 'stop')],
    ['chunks without choices', `data: {"model":"served-model"}\n\n${HELLO}`],
    ['null choices', `data: {"choices":null}\n\n${HELLO}`],
    ['an empty first chunk (Azure)', `data: {"choices":[],"prompt_filter_results":[]}\n\n${HELLO}`],
    ['comments', `: OPENROUTER PROCESSING\n\n${HELLO}`],
    ['no space after data:', HELLO.replaceAll('data: ', 'data:')],
  ])('takes %s', async (_what, body) => {
    const { events, error } = await call('openai-chat', saying(body));
    expect(error).toBeUndefined();
    expect(textIn(events)).toBe('Hello');
    expect(events.at(-1)).toEqual({ type: 'end', stopReason: 'end', model: 'served-model' });
  });

  test.each(['reasoning_content', 'reasoning'])('hides %s and counts its bytes', async (field) => {
    const { events } = await call('openai-chat', saying(chat.chunk({ [field]: 'hmm ä' }) + HELLO));
    expect(textIn(events)).toBe('Hello');
    expect(events).toContainEqual({ type: 'hidden', bytes: 6 });
  });

  test.each([
    ['stop', 'end'],
    ['length', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['eos_token', 'other'],
  ])('a finish_reason of %s is %s', async (finish, stopReason) => {
    const { events } = await call(
      'openai-chat',
      saying(chat.chunk({ content: 'x' }) + chat.chunk({}, finish)),
    );
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason });
  });
});

describe('a server that ignores the cap', () => {
  const quirks = { ...DEFAULT_QUIRKS, honoursOutputCap: false };

  const runaway = (piece: object) =>
    call(
      'openai-chat',
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const more = (): void => {
          while (!response.destroyed && response.write(chat.chunk(piece)));
          response.once('drain', more);
        };
        more();
      },
      { config: { quirks }, request: { maxOutputTokens: 50 } },
    );

  test.each([
    ['text', { content: ' word' }, 51],
    ['reasoning', { reasoning: ' word' }, 51],
    ['long pieces', { content: 'word '.repeat(16) }, 4],
    ['a piece of a hundred thousand equal letters', { content: 'a'.repeat(100_000) }, 1],
    ['a tool call', { tool_calls: [{ index: 0, function: { name: 'search', arguments: 'x' } }] }, 36],
  ])('is cut off once %s exceed it', async (_what, piece, pieces) => {
    const { events, error, server } = await runaway(piece);
    expect(error).toBeUndefined();
    expect(events.at(-1)).toEqual({
      type: 'end',
      stopReason: 'max_tokens',
      model: 'served-model',
      isCut: true,
    });
    expect(events.filter(({ type }) => type === 'text' || type === 'hidden')).toHaveLength(pieces);
    await server.requests[0]?.closed;
  });

  test('is never held: all of it is counted as it comes', async () => {
    const onAnswer = jest.fn();
    const whole = saying(chat.chunk({ content: 'x' }) + chat.chunk({}, 'stop'));
    await call('openai-chat', whole, { config: { quirks }, request: { onAnswer } });
    expect(onAnswer).not.toHaveBeenCalled();
    await call('openai-chat', whole, { request: { onAnswer } });
    expect(onAnswer).toHaveBeenCalledTimes(1);
  });

  test('is left alone within it', async () => {
    const words = chat.chunk({ content: 'words' }).repeat(50);
    const { events } = await call('openai-chat', saying(words + chat.chunk({}, 'stop')), {
      config: { quirks },
      request: { maxOutputTokens: 50 },
    });
    expect(events.at(-1)).toMatchObject({ stopReason: 'end' });
  });
});
