import type { ProviderConfig } from '../../../domain/providers/config';
import { sha256 } from '../../../lib/ids';
import { createAnthropic } from './anthropic';
import type { CallSetup } from './call';
import { IDLE_TIMEOUT_MS } from './idle-timeout';
import { createNetwork, type Network, type NetworkOptions } from './network';
import { createOpenAiChat } from './openai-chat';
import { createOpenAiResponses } from './openai-responses';
import type { Provider } from './provider';

export interface ProviderOptions extends NetworkOptions {
  /** {@link IDLE_TIMEOUT_MS} if not given. */
  idleTimeoutMs?: number;
}

/** Providers kept per process. A business's own ones come and go; each holds a client and, at most, its sockets. */
const MAX_KEPT = 200;

const ADAPTERS = {
  'openai-responses': createOpenAiResponses,
  'openai-chat': createOpenAiChat,
  anthropic: createAnthropic,
};

function create(config: ProviderConfig, network: Network, options: ProviderOptions): Provider {
  const setup: CallSetup = {
    network,
    idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    honoursOutputCap: config.quirks.honoursOutputCap,
  };
  return ADAPTERS[config.protocol](config, setup);
}

/** A provider with connections of its own, for one use. `close` ends what still runs. */
export function createProvider(
  config: ProviderConfig,
  options: ProviderOptions,
): Provider & { close(): Promise<void> } {
  const network = createNetwork(config, options);
  return { ...create(config, network, options), close: () => network.close() };
}

export interface Providers {
  /** The provider of a config, made once: the same again for the same config, another after a change of any field. */
  get(config: ProviderConfig): Provider;
  /** Ends every connection, and the calls on them. */
  close(): Promise<void>;
}

/** Two configs are one where everything is the same; the key stands in it as its hash only. */
const fingerprint = ({ apiKey, ...config }: ProviderConfig): string =>
  sha256(JSON.stringify([config, sha256(apiKey)]));

/** A process's providers. The least recently used one is dropped past {@link MAX_KEPT}; its calls run to their end. */
export function createProviders(options: ProviderOptions): Providers {
  const kept = new Map<string, ReturnType<typeof createProvider>>();
  return {
    get(config) {
      const key = fingerprint(config);
      const provider = kept.get(key) ?? createProvider(config, options);
      // A Map keeps the order of insertion: the first is the one that wasn't used for longest.
      kept.delete(key);
      kept.set(key, provider);
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
      return provider;
    },
    async close() {
      await Promise.all([...kept.values()].map((provider) => provider.close()));
      kept.clear();
    },
  };
}
