import OpenAI from 'openai';
import type { ProviderConfig } from '../../../domain/providers/config';
import { providerFetch } from './network';

/** The SDK's client, which sends one request per call, writes no log, and takes nothing from the environment. */
export const openAiClient = (config: ProviderConfig): OpenAI =>
  new OpenAI({
    apiKey: config.apiKey,
    baseURL: config.baseUrl,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
    fetch: providerFetch,
  });
