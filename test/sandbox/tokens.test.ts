import fc from 'fast-check';
import type { SandboxMessage } from '../../sandbox/request';
import { countPrompt, countTokens, splitTokens } from '../../sandbox/tokens';
import { filler } from '../../sandbox/answer/pieces';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

it('splits a text into as many tokens as it counts, none empty, nothing lost', () => {
  fc.assert(
    fc.property(text, (given) => {
      const tokens = [...splitTokens(given)];
      expect(tokens).toHaveLength(countTokens(given));
      expect(tokens.join('')).toBe(given);
      expect(tokens).not.toContain('');
    }),
    { numRuns: 500 },
  );
});

it('never counts more tokens than a request has bytes', () => {
  const message = fc.record({ role: fc.constantFrom('user' as const, 'assistant' as const), text });
  fc.assert(
    fc.property(text, fc.array(message, { minLength: 1 }), (system, turns) => {
      const messages = turns.map((turn): SandboxMessage => ({ ...turn, at: '', toolCalls: [] }));
      const wire = JSON.stringify({
        messages: [
          { role: 'system', content: system },
          ...turns.map(({ role, text: content }) => ({ role, content })),
        ],
      });
      expect(countPrompt({ system, tools: [], messages })).toBeLessThan(Buffer.byteLength(wire));
    }),
  );
});

it('is fast on what stalls real tokenizers', () => {
  for (const hard of ['a'.repeat(5_000_000), '<|endoftext|>'.repeat(100_000), '\ud800'.repeat(100_000)])
    expect([...splitTokens(hard)]).toHaveLength(countTokens(hard));
});

it('makes texts of exactly so many tokens', () => {
  for (const tokens of [0, 1, 9, 10, 11, 12_345]) expect(countTokens(filler(tokens))).toBe(tokens);
});
