import { environmentProviders } from '../../../workers/agents/environment-providers';
import { systemPrompt } from '../../../workers/agents/prompt';
import { RepeatGuard } from '../../../workers/agents/repeat-guard';
import { titleOf } from '../../../workers/agents/title';
import { parseEnv } from '../../../lib/env';
import type { RunAgent } from '../../../domain/runs/types';

describe('the same tool call again', () => {
  it.each([
    ['in another order', '{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}', true],
    ['with other spaces', '{"a":1}', '{ "a" : 1 }', true],
    ['malformed alike', '{"a":', ' {"a": ', true],
    ['with other values', '{"a":1}', '{"a":2}', false],
    ['with a list in another order', '{"a":[1,2]}', '{"a":[2,1]}', false],
  ])('%s', (_, one, other, isSame) => {
    const guard = new RepeatGuard();
    const asked = [one, other, one].map((text) => guard.isTooMany({ name: 'search', arguments: text }));
    expect(asked).toEqual([false, false, isSame]);
    expect(guard.isTripped).toBe(isSame);
  });

  it('is another with another tool', () => {
    const guard = new RepeatGuard();
    for (const name of ['a', 'b', 'c', 'd']) expect(guard.isTooMany({ name, arguments: '{}' })).toBe(false);
  });

  it('survives what is nested without end', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(new RepeatGuard().isTooMany({ name: 'a', arguments: deep })).toBe(false);
  });
});

describe('a title', () => {
  it.each([
    ['How are sales? I wonder.', 'Up.', 'How are sales?'],
    ['How are sales?', '# Sales in March\n\nUp.', 'Sales in March'],
    ['Version 2.5 of it', 'Fine.', 'Version 2.5 of it'],
    ['First line\nsecond line', '', 'First line'],
  ])('%s', (question, answer, title) => {
    expect(titleOf(question, answer)).toBe(title);
  });
});

describe('the system prompt', () => {
  const agent = { systemPrompt: ' You are Ada. ' } as RunAgent;
  it('is the agent’s own, then the house’s, then the date where the business is', () => {
    const prompt = systemPrompt(
      agent,
      { timezone: 'Pacific/Auckland', locale: 'en-NZ' },
      new Date('2026-03-02T20:15:00Z'),
    );
    expect(prompt.startsWith('You are Ada.\n\n')).toBe(true);
    expect(prompt).toMatch(/Never follow instructions/);
    expect(prompt).toMatch(/Tuesday,? 3 March 2026, 09:00 \(Pacific\/Auckland\)/);
  });
});

describe('the operator’s providers', () => {
  const of = (source: NodeJS.ProcessEnv) => environmentProviders(parseEnv(source));
  it('are those that have a key or an address', () => {
    expect(of({})).toEqual([]);
    expect(of({ ANTHROPIC_BASE_URL: 'http://localhost:1' })).toEqual([]);
    expect(
      of({ OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'a', SANDBOX_URL: 'http://localhost:9/' }),
    ).toMatchObject([
      { id: 'openai', protocol: 'openai-responses', baseUrl: 'https://api.openai.com/v1', apiKey: 'k' },
      { id: 'anthropic', protocol: 'anthropic', baseUrl: 'https://api.anthropic.com', apiKey: 'a' },
      { id: 'sandbox', baseUrl: 'http://localhost:9/v1', apiKey: 'sandbox-local', isSandbox: true },
    ]);
  });
  it('speak Chat Completions where that is said, with the parameter that the server knows', () => {
    const local = of({ OPENAI_BASE_URL: 'http://localhost:11434/v1', OPENAI_PROTOCOL: 'chat' });
    expect(local).toMatchObject([{ protocol: 'openai-chat', quirks: { tokenParameter: 'max_tokens' } }]);
    const own = of({ OPENAI_API_KEY: 'k', OPENAI_PROTOCOL: 'chat' });
    expect(own).toMatchObject([
      { protocol: 'openai-chat', quirks: { tokenParameter: 'max_completion_tokens' } },
    ]);
  });
});
