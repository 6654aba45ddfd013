import { encode } from 'gpt-tokenizer';
import fc from 'fast-check';
import { inputBound } from '../../../../workers/agents/providers/input-bound';
import type { ContextMessage, ProviderRequest } from '../../../../workers/agents/providers/provider';

type Bounded = Pick<ProviderRequest, 'system' | 'messages' | 'tools'>;

/** A request as the wordiest template in use prints it: every role named, tools as JSON indented by four. */
function printed({ system, messages, tools }: Bounded): string {
  const part = (role: string, text: string): string =>
    `<|start_header_id|>${role}<|end_header_id|>\n\n${text}<|eot_id|>`;
  const message = (each: ContextMessage): string => {
    if (each.role === 'user') return part('user', each.content);
    if (each.role === 'tool') return part('ipython', `${each.toolCallId}${JSON.stringify(each.content)}`);
    return part('assistant', each.content + JSON.stringify(each.toolCalls));
  };
  const wrapped = (tool: unknown): object => ({ type: 'function', function: tool });
  return (
    part('system', system) + JSON.stringify(tools.map(wrapped), null, 4) + messages.map(message).join('')
  );
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    'ﷺ'.repeat(500),
    '\n"\\'.repeat(1_000),
    '🏳️‍🌈'.repeat(200),
    '\0'.repeat(2_000),
    '漢字'.repeat(500),
    '\ud800',
  ),
);

const call = fc.record({ id: text, name: text, arguments: text });

const message: fc.Arbitrary<ContextMessage> = fc.oneof(
  fc.record({ role: fc.constant('user' as const), content: text }),
  fc.record({
    role: fc.constant('assistant' as const),
    content: text,
    toolCalls: fc.array(call, { maxLength: 3 }),
  }),
  fc.record({ role: fc.constant('tool' as const), toolCallId: text, content: text, isError: fc.boolean() }),
);

const request: fc.Arbitrary<Bounded> = fc.record({
  system: text,
  messages: fc.array(message, { maxLength: 6 }),
  tools: fc.array(
    fc.record({
      name: text,
      description: text,
      parameters: fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<unknown>),
    }),
    { maxLength: 3 },
  ),
});

test('no tokenizer gives more, whatever is in the request', () => {
  fc.assert(
    fc.property(request, (each) => {
      const bound = inputBound(each);
      const whole = printed(each);
      expect(bound).toBeGreaterThanOrEqual(Buffer.byteLength(whole));
      expect(bound).toBeGreaterThanOrEqual(encode(whole, { allowedSpecial: 'all' }).length);
    }),
    { numRuns: 300 },
  );
});

test('a character that grows by normalisation is counted as it grows', () => {
  const content = 'ﷺ'.repeat(100);
  expect(inputBound({ system: '', tools: [], messages: [{ role: 'user', content }] })).toBeGreaterThanOrEqual(
    3_300,
  );
});

test('what templates add stands beside the text', () => {
  const one = inputBound({ system: '', tools: [], messages: [{ role: 'user', content: '' }] });
  const two = inputBound({
    system: '',
    tools: [],
    messages: [
      { role: 'user', content: '' },
      { role: 'user', content: '' },
    ],
  });
  expect(two).toBeGreaterThan(one);
  const tool = { name: 'a', description: '', parameters: {} };
  // Anthropic's own instructions for tools: up to 800 tokens that nobody of us wrote.
  expect(inputBound({ system: '', tools: [tool], messages: [] })).toBeGreaterThan(one + 800);
});

test('a megabyte takes no noticeable time', () => {
  const content = 'a'.repeat(1_000_000);
  expect(inputBound({ system: '', tools: [], messages: [{ role: 'user', content }] })).toBeGreaterThan(
    1_000_000,
  );
});
