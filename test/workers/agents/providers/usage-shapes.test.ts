import { NO_USAGE } from '../../../../domain/money/usage';
import { closeAll, call, PROTOCOLS, saying, usageIn } from './fixture';
import { USAGE_SHAPES, type UsageShape } from './usage-shapes';
import { chat, messages, responses } from './wire-bytes';

afterEach(closeAll);

/** The shape as its provider sends it. */
function bytesOf({ protocol, wire }: UsageShape): string {
  if (protocol === 'openai-responses') {
    return responses.created + responses.text('Hello') + responses.end('completed', wire[0]);
  }
  if (protocol === 'openai-chat') {
    const usages = wire.map((usage) => chat.usage(usage)).join('');
    return chat.chunk({ content: 'Hello' }) + chat.chunk({}, 'stop') + usages + chat.done;
  }
  const [first, ...rest] = wire;
  const deltas = (rest.length > 0 ? rest : [undefined]).map((usage) => messages.delta('end_turn', usage));
  return messages.start(first) + messages.text('Hello') + deltas.join('') + messages.stop;
}

test('the table is worth its name', () => {
  expect(USAGE_SHAPES.length).toBeGreaterThanOrEqual(100);
  const names = USAGE_SHAPES.map(({ protocol, name }) => `${protocol} ${name}`);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(PROTOCOLS)('%s', (protocol) => {
  const shapes = USAGE_SHAPES.filter((shape) => shape.protocol === protocol);

  test.each(shapes.map((shape) => [shape.name, shape] as const))('%s', async (_name, shape) => {
    const { events, error } = await call(protocol, saying(bytesOf(shape)));
    expect(error).toBeUndefined();
    expect(usageIn(events) ?? NO_USAGE).toEqual(shape.expected);
  });
});
