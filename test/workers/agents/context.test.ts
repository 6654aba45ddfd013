import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fitContext, messageBudget, type Exchange, type Group } from '../../../workers/agents/context';
import { countTokens, MESSAGE_OVERHEAD_TOKENS, slicesOf } from '../../../workers/agents/count-tokens';
import type { ContextMessage } from '../../../workers/agents/providers/provider';
import { truncateMiddle } from '../../../workers/agents/truncate';

const user = (content: string): ContextMessage => ({ role: 'user', content });
const said = (content: string): ContextMessage => ({ role: 'assistant', content, toolCalls: [] });
const toolTurn = (id: string, result: string): Group => [
  { role: 'assistant', content: '', toolCalls: [{ id, name: 'search', arguments: '{}' }] },
  { role: 'tool', toolCallId: id, content: result, isError: false },
];
const exchange = (name: string, words = 30, tools: Group = []): Exchange => {
  const asked = user(`${name}? ${'word '.repeat(words)}`);
  const reply = said(`${name}! ${'word '.repeat(words)}`);
  return { whole: [asked, ...tools, reply], brief: [asked, reply] };
};
const tokensOf = async (messages: readonly ContextMessage[]) => {
  let sum = 0;
  for (const message of messages) sum += MESSAGE_OVERHEAD_TOKENS + (await countTokens(message.content));
  return sum;
};
const names = (messages: readonly ContextMessage[]) => messages.map(({ content }) => content.slice(0, 2));

/** Every call has its result and every result its call: a provider refuses the conversation for ever otherwise. */
function isWhole(messages: readonly ContextMessage[]): boolean {
  const open: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      if (open.shift() !== message.toolCallId) return false;
    } else {
      if (open.length > 0) return false;
      if (message.role === 'assistant') open.push(...message.toolCalls.map(({ id }) => id));
    }
  }
  return open.length === 0 && messages[0]?.role === 'user';
}

describe('what fits into a window', () => {
  const history = ['A', 'B', 'C', 'D'].map((name) => exchange(name));
  const question = user('Q');

  it('is everything, in order, where there is room', async () => {
    const turns = [toolTurn('1', 'one'), toolTurn('2', 'two')];
    const messages = await fitContext({ history, question, turns }, 10_000);
    expect(names(messages)).toEqual([
      'A?',
      'A!',
      'B?',
      'B!',
      'C?',
      'C!',
      'D?',
      'D!',
      'Q',
      '',
      'on',
      '',
      'tw',
    ]);
  });

  it.each([
    [40, ['Q']],
    [150, ['D?', 'D!', 'Q']],
    [250, ['C?', 'C!', 'D?', 'D!', 'Q']],
  ])('loses whole exchanges from the oldest: %i tokens', async (budget, expected) => {
    const messages = await fitContext({ history, question, turns: [] }, budget);
    expect(names(messages)).toEqual(expected);
    expect(await tokensOf(messages)).toBeLessThanOrEqual(budget);
  });

  it('loses tool turns of earlier exchanges before their words', async () => {
    const big = toolTurn('t', 'word '.repeat(500));
    const messages = await fitContext(
      { history: [exchange('A'), exchange('B', 30, big), exchange('C')], question, turns: [] },
      450,
    );
    expect(names(messages)).toEqual(['A?', 'A!', 'B?', 'B!', 'C?', 'C!', 'Q']);
  });

  it('keeps question and newest turn, and drops this run’s oldest turns with all that was before', async () => {
    const turns = ['1', '2', '3'].map((id) => toolTurn(id, `${id} ${'word '.repeat(100)}`));
    const messages = await fitContext({ history, question, turns }, 400);
    expect(names(messages)).toEqual(['Q', '', '2 ', '', '3 ']);
    expect(isWhole(messages)).toBe(true);
  });

  it('shortens in the middle what alone is too much, and says so', async () => {
    const long = user(`START ${'word '.repeat(5_000)} END`);
    const messages = await fitContext({ history, question: long, turns: [] }, 500);
    const [only, ...others] = messages;
    expect(others).toEqual([]);
    expect(only?.content).toMatch(/^START .*\d+ characters were left out.* END$/s);
    expect(await tokensOf(messages)).toBeLessThanOrEqual(500);
  });

  it('shortens a turn with many results and keeps all of them', async () => {
    const calls = ['1', '2', '3'].map((id) => ({ id, name: 'search', arguments: '{}' }));
    const turn: Group = [
      { role: 'assistant', content: '', toolCalls: calls },
      ...calls.map(({ id }) => ({
        role: 'tool' as const,
        toolCallId: id,
        content: 'data '.repeat(3_000),
        isError: false,
      })),
    ];
    const messages = await fitContext({ history: [], question, turns: [turn] }, 1_000);
    expect(isWhole(messages)).toBe(true);
    expect(messages.filter(({ role }) => role === 'tool')).toHaveLength(3);
    expect(await tokensOf(messages)).toBeLessThanOrEqual(1_000);
  });

  it('leaves whole groups at every size', async () => {
    const big = (id: string) => exchange(id, 20, toolTurn(id, 'data '.repeat(40)));
    const parts = {
      history: ['A', 'B', 'C'].map(big),
      question,
      turns: ['1', '2'].map((id) => toolTurn(id, 'x')),
    };
    for (let budget = 60; budget < 800; budget += 37)
      expect(isWhole(await fitContext(parts, budget))).toBe(true);
  });
});

describe('how many tokens there are for messages', () => {
  it.each([
    [128_000, 16_000, 1_000],
    [8_000, 2_000, 500],
  ])('fits the window with its output and a count that is a fifth too low', (window, output, fixed) => {
    const budget = messageBudget(window, output, fixed);
    expect((budget + fixed) * 1.2 + output).toBeLessThanOrEqual(window);
  });

  it('leaves room for the question, whatever the agent’s settings', () => {
    expect(messageBudget(8_000, 16_000, 500)).toBeGreaterThan(0);
  });
});

describe('counting', () => {
  it.each([
    ['<|endoftext|> and <|im_start|>'],
    ['x'.repeat(100_000)],
    ['😀'.repeat(5_000)],
    ['\ud83d'.repeat(5_000)],
    [''],
  ])('takes any text: %#', async (text) => {
    const tokens = await countTokens(text);
    expect(tokens).toBeLessThanOrEqual(Buffer.byteLength(text));
    expect(tokens >= 1).toBe(text !== '');
  });

  it('cuts between characters, into slices whose cost is bounded', () => {
    const text = `x${'😀'.repeat(5_000)}`;
    const slices = [...slicesOf(text)];
    expect(slices.join('')).toBe(text);
    for (const slice of slices) {
      expect(slice.isWellFormed()).toBe(true);
      expect(slice.length).toBeLessThanOrEqual(2_000);
    }
  });

  it('gives others their turn after every slice', async () => {
    let turns = 0;
    const spin = () => {
      turns += 1;
      immediate = setImmediate(spin);
    };
    let immediate = setImmediate(spin);
    await countTokens('x'.repeat(100_000));
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(50);
  });

  it('holds nobody up for as long as a person notices', async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (const letter of 'abcdefgh') await countTokens(letter.repeat(100_000));
    delay.disable();
    // The median: single stalls are the machine's. In one piece each of these takes seconds.
    expect(delay.percentile(50) / 1e6).toBeLessThan(100);
  });
});

describe('a text that is cut in the middle', () => {
  it.each([0, 1, 2, 5, 10, 11])('keeps its ends and no half characters: %i', (chars) => {
    const text = '😀'.repeat(20);
    const cut = truncateMiddle(text, chars);
    expect(cut.isWellFormed()).toBe(true);
    const [, missing] = /(\d+) characters/.exec(cut) ?? [];
    expect(cut.replace(/\n\n\[.*\]\n\n/, '').length + Number(missing)).toBe(text.length);
  });
});
