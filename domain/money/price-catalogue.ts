import { findProvider, type ModelPrice } from '@pydantic/genai-prices';
import { parseNano } from './nano';
import type { StoredTier } from './prices';
import { SANDBOX_PRICES } from './sandbox-prices';

/** A platform's price as it is to be stored. */
export interface CataloguedPrice {
  provider: string;
  model: string;
  effectiveFrom: Date;
  tiers: StoredTier[];
  /** Where it comes from. */
  source: string;
}

/** The providers of the environment; a business sets the prices of its own ones. */
const PROVIDERS = ['openai', 'anthropic'];
/** Since ever, for a price without a date. */
export const SINCE_EVER = new Date(0);

/** Every price that the platform knows by itself: the catalogue's package, and the sandbox. */
export const cataloguedPrices = (): CataloguedPrice[] => [
  ...PROVIDERS.flatMap((provider) => pricesOf(provider)),
  ...SANDBOX_PRICES,
];

function pricesOf(providerId: string): CataloguedPrice[] {
  const provider = findProvider({ providerId });
  if (!provider) throw new Error(`The price catalogue has no provider ${providerId}.`);
  return provider.models.flatMap(({ id, prices }) => {
    const versions = Array.isArray(prices) ? prices : [{ prices }];
    return versions.flatMap((version) => {
      const constraint = 'constraint' in version ? version.constraint : undefined;
      // A price by the hour of the day: none of these providers has one, and guessing could overshoot a budget.
      if (constraint && constraint.type !== 'start_date') return [];
      const tiers = tiersOf(version.prices);
      if (!tiers) return [];
      const effectiveFrom = constraint ? new Date(`${constraint.start_date}T00:00:00Z`) : SINCE_EVER;
      return [{ provider: providerId, model: id, effectiveFrom, tiers, source: '@pydantic/genai-prices' }];
    });
  });
}

/** @returns undefined for a model that is not billed by text tokens in and out (embeddings, speech, images) */
function tiersOf(prices: ModelPrice): StoredTier[] | undefined {
  if (prices.input_mtok === undefined || prices.output_mtok === undefined) return undefined;
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  );
  return [0, ...[...new Set(starts)].sort((a, b) => a - b)].map((above) => tierAt(prices, above));
}

/** The catalogue leaves out what costs the same as plain input or output. */
function tierAt(prices: ModelPrice, aboveInputTokens: number): StoredTier {
  const rate = (key: string) => rateAt(prices[key], aboveInputTokens);
  const input = rate('input_mtok') ?? '0';
  const output = rate('output_mtok') ?? '0';
  const write = rate('cache_write_mtok') ?? input;
  return {
    aboveInputTokens,
    input,
    output,
    cacheRead: rate('cache_read_mtok') ?? input,
    cacheWrite5m: write,
    cacheWrite1h: rate('cache_write_1h_mtok') ?? write,
    reasoning: output,
  };
}

/** Nano-dollars per million tokens, as text. */
function rateAt(price: ModelPrice[string], aboveInputTokens: number): string | undefined {
  if (price === undefined) return undefined;
  if (typeof price === 'number') return nanoText(price);
  const tier = price.tiers.findLast(({ start }) => start <= aboveInputTokens);
  return nanoText(tier?.price ?? price.base);
}

/** Nine decimals of a double below a million are the decimal that someone wrote: 0.075 is "0.075000000". */
const nanoText = (dollars: number): string => parseNano(dollars.toFixed(9)).toString();
