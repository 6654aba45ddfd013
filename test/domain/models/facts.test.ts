import { currentModels } from '../../../domain/models/catalogue';
import { DEFAULT_CONTEXT_WINDOW, DEFAULT_MAX_OUTPUT_TOKENS, modelFacts } from '../../../domain/models/facts';
import { environmentProviderIds } from '../../../domain/models/available';
import { SANDBOX_MODEL_FACTS } from '../../../domain/models/sandbox';
import { parseEnv } from '../../../lib/env';
import { SANDBOX_MODELS } from '../../../sandbox/models';
import { environmentProviders } from '../../../workers/agents/environment-providers';

describe('what is known of a model', () => {
  it.each([
    ['openai', 'gpt-4o', 128_000, 16_384],
    ['openai', 'gpt-4o-mini-2024-07-18', 128_000, 16_384],
    ['openai', 'gpt-4.1-mini', 1_000_000, 32_768],
    ['openai', 'gpt-5-mini', 400_000, 128_000],
    ['openai', 'o4-mini', 200_000, 100_000],
    ['anthropic', 'claude-haiku-4-5', 200_000, 64_000],
    ['anthropic', 'claude-haiku-4-5-20251001', 200_000, 64_000],
    ['anthropic', 'claude-opus-4-1', 200_000, 32_000],
    ['anthropic', 'claude-sonnet-4-6', 1_000_000, 128_000],
    ['anthropic', 'claude-opus-5-5', 1_000_000, 128_000],
    ['sandbox', 'sandbox-small', 8_000, 2_000],
  ])('%s/%s', (provider, model, contextWindow, maxOutputTokens) => {
    expect(modelFacts(provider, model)).toEqual({ contextWindow, maxOutputTokens, known: true });
  });

  it.each([
    ['openai', 'no-such-model'],
    ['openai', 'text-davinci-003'],
    ['openai', 'whisper-1'],
    ['sandbox', 'gpt-4o'],
    // The name alone says nothing where someone else serves it.
    ['ours', 'gpt-4o'],
    ['ours', ''],
    ['', ''],
    ['__proto__', 'constructor'],
  ])('is a default where nobody told: %s/%s', (provider, model) => {
    expect(modelFacts(provider, model)).toEqual({
      contextWindow: DEFAULT_CONTEXT_WINDOW,
      maxOutputTokens: DEFAULT_MAX_OUTPUT_TOKENS,
      known: false,
    });
  });

  it('is what the business says of its own', () => {
    const own = [{ name: 'gpt-4o', contextWindow: 9_000, maxOutputTokens: 900 }];
    for (const provider of ['ours', 'openai']) {
      expect(modelFacts(provider, 'gpt-4o', own)).toEqual({
        contextWindow: 9_000,
        maxOutputTokens: 900,
        known: true,
      });
    }
    expect(modelFacts('openai', 'gpt-5-mini', own).contextWindow).toBe(400_000);
  });

  it('is of the sandbox what the sandbox does', () => {
    expect(SANDBOX_MODEL_FACTS).toEqual(
      SANDBOX_MODELS.map(({ id, name, contextWindow, maxOutput }) => ({
        id,
        name,
        contextWindow,
        maxOutputTokens: maxOutput,
      })),
    );
  });
});

describe('the models offered', () => {
  it.each(['openai', 'anthropic'])('of %s are today’s, for text, and all known', (provider) => {
    const ids = currentModels(provider).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(5);
    for (const id of ids) expect([id, modelFacts(provider, id).known]).toEqual([id, true]);
    const others =
      /embedding|audio|image|whisper|realtime|davinci|gpt-3|gpt-4$|claude-(2|3)|tts|transcribe|moderation|computer|ft:/;
    expect(ids.filter((id) => others.test(id))).toEqual([]);
  });

  it('hold those that people look for', () => {
    const ids = [...currentModels('openai'), ...currentModels('anthropic')].map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining(['gpt-4o', 'gpt-5', 'gpt-5-mini', 'claude-haiku-4-5', 'claude-sonnet-4-6']),
    );
  });
});

it('knows the same providers of an environment as the workers do', () => {
  const KEYS = { OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k' };
  const URLS = { OPENAI_BASE_URL: 'http://a.test/v1', SANDBOX_URL: 'http://b.test' };
  const environments = [
    {},
    KEYS,
    URLS,
    { ...KEYS, ...URLS },
    { OPENAI_API_KEY: '' },
    { ANTHROPIC_BASE_URL: 'http://c.test' },
    { OPENAI_API_KEY: 'k', OPENAI_PROTOCOL: 'chat' },
  ];
  for (const environment of environments) {
    const env = parseEnv(environment);
    expect(environmentProviderIds(env)).toEqual(environmentProviders(env).map(({ id }) => id));
  }
});
