/**
 * A provider as a run uses it: from the environment (`openai`, `anthropic`, `sandbox`) or a business's own row.
 * Models are named `<provider id>/<the provider's name of it>` everywhere outside of the adapter.
 */
export interface ProviderConfig {
  /** First part of the names of its models: `openai`, `anthropic`, `sandbox`, or the business's own slug. */
  id: string;
  /** Which wire protocol it speaks. */
  protocol: ProviderProtocol;
  /** Up to and including the version (`https://api.openai.com/v1`); Anthropic's without it, as its SDK takes it. */
  baseUrl: string;
  apiKey: string;
  quirks: ProviderQuirks;
  /** A business's address is checked as a source's is; the operator's own is believed. */
  configuredBy: 'operator' | 'business';
  isSandbox: boolean;
}

export const PROVIDER_PROTOCOLS = ['openai-responses', 'openai-chat', 'anthropic'] as const;
export type ProviderProtocol = (typeof PROVIDER_PROTOCOLS)[number];

/** Where servers that speak Chat Completions differ (Ollama, vLLM, llama.cpp, LM Studio, gateways). */
export interface ProviderQuirks {
  tokenParameter: 'max_tokens' | 'max_completion_tokens';
  /** Takes `stream_options.include_usage`. Without it the usage is counted by us, and marked an estimate. */
  includesUsage: boolean;
  tools: boolean;
  /** false: it may put out more than the cap, so we count and cut the connection ourselves. */
  honoursOutputCap: boolean;
}

export const DEFAULT_QUIRKS: ProviderQuirks = {
  tokenParameter: 'max_tokens',
  includesUsage: true,
  tools: true,
  honoursOutputCap: true,
};
