import type { MessageParam, RawMessageStreamEvent, Tool } from '@anthropic-ai/sdk/resources/messages';
import { countTokens } from '../../sandbox/tokens';
import { scripted, startTestSandbox, type TestSandbox } from '../support/sandbox';
import { anthropicFor, collect } from './clients';

let sandbox: TestSandbox;
beforeAll(async () => void (sandbox = await startTestSandbox()));
afterAll(() => sandbox.close());

const TOOL: Tool = { name: 'search', input_schema: { type: 'object' } };

const shape = (events: RawMessageStreamEvent[]) =>
  events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1]);

it('streams a text block, with cumulative usage at the end', async () => {
  const stream = await anthropicFor(sandbox).messages.create({
    model: 'sandbox-echo',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Zwölf Öfen' }],
    stream: true,
  });
  const events = await collect(stream);
  expect(shape(events)).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
  const [start] = events;
  if (start?.type !== 'message_start') throw new Error('no start');
  const delta = events.at(-2);
  if (delta?.type !== 'message_delta') throw new Error('no delta');
  expect(start.message.usage.output_tokens).toBe(1);
  expect(delta.usage.output_tokens).toBe(countTokens('Zwölf Öfen'));
  expect(delta.usage.input_tokens).toBe(start.message.usage.input_tokens);
  expect(delta.delta.stop_reason).toBe('end_turn');
});

it('sends a ping, which the SDK hides', async () => {
  const response = await anthropicFor(sandbox)
    .messages.create({
      model: 'sandbox-echo',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'x' }],
      stream: true,
    })
    .asResponse();
  expect(await response.text()).toContain('event: ping\ndata: {"type":"ping"}\n\n');
});

it('calls tools with input deltas, and takes their results before new words', async () => {
  const client = anthropicFor(sandbox);
  const user: MessageParam = {
    role: 'user',
    content: scripted({
      text: 'Looking.',
      toolCalls: [{ name: 'search', arguments: { query: 'sales' } }],
      whileToolResultsBelow: 1,
    }),
  };
  const request = { model: 'sandbox-script', max_tokens: 100, tools: [TOOL] };
  const streamed = await client.messages.stream({ ...request, messages: [user] }).finalMessage();
  const whole = await client.messages.create({ ...request, messages: [user] });
  for (const message of [streamed, whole]) {
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([
      { type: 'text', text: 'Looking.' },
      { type: 'tool_use', name: 'search', input: { query: 'sales' } },
    ]);
  }
  const { id } = whole.content.find((block) => block.type === 'tool_use') ?? { id: '' };
  const second = await client.messages.create({
    ...request,
    messages: [
      user,
      { role: 'assistant', content: whole.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: '{}' }] },
    ],
  });
  expect(second).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: 'Looking.' }] });
});

it('ends an answer at its cap', async () => {
  const message = await anthropicFor(sandbox)
    .messages.stream({
      model: 'sandbox-script',
      max_tokens: 6,
      messages: [{ role: 'user', content: scripted({ useWholeCap: true }) }],
    })
    .finalMessage();
  expect(message).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 6 } });
});

it('charges the cache beside the input, by lifetime, and only where it is asked for', async () => {
  const ask = (ttl: '5m' | '1h', text: string) =>
    anthropicFor(sandbox).messages.create({
      model: 'sandbox-reasoner',
      max_tokens: 100,
      system: [
        { type: 'text', text: `${ttl} rules. `.repeat(30), cache_control: { type: 'ephemeral', ttl } },
      ],
      messages: [{ role: 'user', content: text }],
    });
  for (const ttl of ['5m', '1h'] as const) {
    const written = (await ask(ttl, 'one')).usage;
    const read = (await ask(ttl, 'two')).usage;
    const tokens = written.cache_creation_input_tokens ?? 0;
    expect(tokens).toBeGreaterThan(80);
    expect(written.cache_creation).toEqual({
      ephemeral_5m_input_tokens: ttl === '5m' ? tokens : 0,
      ephemeral_1h_input_tokens: ttl === '1h' ? tokens : 0,
    });
    expect(written.cache_read_input_tokens).toBe(0);
    expect(read).toMatchObject({ cache_read_input_tokens: tokens, cache_creation_input_tokens: 0 });
    expect(read.input_tokens).toBe(written.input_tokens);
    expect(read.output_tokens_details?.thinking_tokens).toBe(48);
  }
});

it('thinks in a signed block of its own', async () => {
  const message = await anthropicFor(sandbox)
    .messages.stream({
      model: 'sandbox-reasoner',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Why?' }],
    })
    .finalMessage();
  expect(message.content.map((block) => block.type)).toEqual(['thinking', 'text']);
  expect(message.content[0]).toMatchObject({ signature: expect.stringMatching(/./) as string });
  expect(message.usage.cache_read_input_tokens).toBe(0);
});
