import { parseNano } from './nano';
import type { CataloguedPrice } from './price-catalogue';
import type { StoredTier } from './prices';

/**
 * What the sandbox pretends to cost: near a small model of today, so that usage and budgets show something.
 * Dollars per million tokens.
 */
const tier = (
  aboveInputTokens: number,
  rates: { input: string; cacheRead: string; cacheWrite: string; output: string },
): StoredTier => {
  const nano = (dollars: string) => parseNano(dollars).toString();
  return {
    aboveInputTokens,
    input: nano(rates.input),
    cacheRead: nano(rates.cacheRead),
    cacheWrite5m: nano(rates.cacheWrite),
    cacheWrite1h: nano(rates.cacheWrite),
    output: nano(rates.output),
    reasoning: nano(rates.output),
  };
};

const STANDARD = [tier(0, { input: '0.15', cacheRead: '0.075', cacheWrite: '0.15', output: '0.6' })];
const LONG_CONTEXT = [
  tier(0, { input: '1', cacheRead: '0.1', cacheWrite: '1.25', output: '5' }),
  tier(16_000, { input: '2', cacheRead: '0.2', cacheWrite: '2.5', output: '7.5' }),
];

const TIERS: Record<string, StoredTier[]> = {
  'sandbox-analyst': STANDARD,
  'sandbox-echo': STANDARD,
  'sandbox-script': STANDARD,
  'sandbox-small': [tier(0, { input: '0.05', cacheRead: '0.005', cacheWrite: '0.0625', output: '0.4' })],
  'sandbox-reasoner': LONG_CONTEXT,
};

export const SANDBOX_PRICES: CataloguedPrice[] = Object.entries(TIERS).map(([model, tiers]) => ({
  provider: 'sandbox',
  model,
  effectiveFrom: new Date(0),
  tiers,
  source: 'sandbox',
}));
