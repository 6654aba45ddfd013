import type OpenAI from 'openai' with { 'resolution-mode': 'import' };
import type { ProviderConfig } from '../../../domain/providers/config';
import { providerFetch } from './network';

/**
 * The SDK's client, which sends one request per call, writes no log, and takes nothing from the environment. Made with
 * the first call: a process loads the SDKs that its agents use.
 */
export function openAiClient(config: ProviderConfig): () => Promise<OpenAI> {
  let client: OpenAI | undefined;
  return async () => {
    const { default: Client } = await import('openai');
    return (client ??= new Client({
      apiKey: config.apiKey,
      baseURL: config.baseUrl,
      organization: null,
      project: null,
      webhookSecret: null,
      maxRetries: 0,
      logLevel: 'off',
      fetch: providerFetch,
    }));
  };
}
