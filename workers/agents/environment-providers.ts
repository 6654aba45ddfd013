import { DEFAULT_QUIRKS, type ProviderConfig } from '../../domain/providers/config';
import type { Env } from '../../lib/env';

/** What the sandbox takes for a key; it proves nothing. */
const SANDBOX_KEY = 'sandbox-local';
/** For servers that ask for none; the SDKs demand one. */
const NO_KEY = 'none';

type ProviderEnv = Pick<
  Env,
  | 'OPENAI_API_KEY'
  | 'OPENAI_BASE_URL'
  | 'OPENAI_PROTOCOL'
  | 'ANTHROPIC_API_KEY'
  | 'ANTHROPIC_BASE_URL'
  | 'SANDBOX_URL'
>;

/** The providers that the operator configured, for every business. */
export function environmentProviders(env: ProviderEnv): ProviderConfig[] {
  const of = (id: string, config: Pick<ProviderConfig, 'protocol' | 'baseUrl' | 'apiKey'>) => ({
    id,
    ...config,
    quirks: DEFAULT_QUIRKS,
    configuredBy: 'operator' as const,
    isSandbox: id === 'sandbox',
  });
  const { OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, SANDBOX_URL } = env;
  const providers: ProviderConfig[] = [];
  if (OPENAI_API_KEY || OPENAI_BASE_URL) {
    const isChat = env.OPENAI_PROTOCOL === 'chat';
    const openai = of('openai', {
      protocol: isChat ? 'openai-chat' : 'openai-responses',
      baseUrl: OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
      apiKey: OPENAI_API_KEY || NO_KEY,
    });
    // OpenAI's own newer models refuse `max_tokens`; servers that are compatible with it know it for certain.
    const tokenParameter = OPENAI_BASE_URL ? 'max_tokens' : 'max_completion_tokens';
    providers.push({ ...openai, quirks: { ...DEFAULT_QUIRKS, tokenParameter } });
  }
  if (ANTHROPIC_API_KEY) {
    const baseUrl = ANTHROPIC_BASE_URL ?? 'https://api.anthropic.com';
    providers.push(of('anthropic', { protocol: 'anthropic', baseUrl, apiKey: ANTHROPIC_API_KEY }));
  }
  if (SANDBOX_URL) {
    const baseUrl = `${SANDBOX_URL.replace(/\/$/, '')}/v1`;
    providers.push(of('sandbox', { protocol: 'openai-responses', baseUrl, apiKey: SANDBOX_KEY }));
  }
  return providers;
}
