import type { TokenUsage } from './usage';

/** Nano-dollars per million tokens, by bucket. */
export interface Rates {
  input: bigint;
  cacheRead: bigint;
  cacheWrite5m: bigint;
  cacheWrite1h: bigint;
  output: bigint;
  reasoning: bigint;
}

/** Rates of calls whose whole input is above `aboveInputTokens`, up to the next tier's. */
export interface PriceTier extends Rates {
  aboveInputTokens: number;
}

/** What a model costs from a moment on. Never changed once written: the ledger names it by its id. */
export interface Price {
  id: string;
  provider: string;
  model: string;
  effectiveFrom: Date;
  /** Ascending by `aboveInputTokens`; the first is for every smaller input, too. */
  tiers: readonly [PriceTier, ...PriceTier[]];
}

const TOKENS_PER_RATE = 1_000_000n;

const ceilDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const tokens = (count: number | null): bigint => BigInt(count ?? 0);

/** Everything that went in, read from or written to a cache or not. */
export const wholeInput = (usage: TokenUsage): number =>
  (usage.input ?? 0) + (usage.cacheRead ?? 0) + (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);

/** Everything that came out, thinking included. */
export const wholeOutput = (usage: TokenUsage): number =>
  (usage.outputText ?? 0) + (usage.outputReasoning ?? 0);

/**
 * Whether the usage tells the whole cost. Cache and reasoning buckets stay null where a provider has no such
 * thing; without plain input or output the cost would lack something that surely was billed.
 */
export const isComplete = (usage: TokenUsage): boolean => usage.input !== null && usage.outputText !== null;

/**
 * What a call cost, nano-dollars: every bucket at the rate of the tier that its whole input is in, rounded up
 * once. A bucket that the provider did not tell of costs nothing here: see {@link isComplete}.
 */
export function costOf(usage: TokenUsage, price: Price): bigint {
  const whole = wholeInput(usage);
  const rates = price.tiers.findLast((tier) => tier.aboveInputTokens < whole) ?? price.tiers[0];
  return ceilDivide(
    tokens(usage.input) * rates.input +
      tokens(usage.cacheRead) * rates.cacheRead +
      tokens(usage.cacheWrite5m) * rates.cacheWrite5m +
      tokens(usage.cacheWrite1h) * rates.cacheWrite1h +
      tokens(usage.outputText) * rates.output +
      tokens(usage.outputReasoning) * rates.reasoning,
    TOKENS_PER_RATE,
  );
}

/** The dearest input and the dearest output rate of any tier that an input of at most `inputBound` tokens can be in. */
function dearest(inputBound: number, price: Price): { input: bigint; output: bigint } {
  const reachable = price.tiers.filter((tier, index) => index === 0 || tier.aboveInputTokens < inputBound);
  return reachable.reduce(
    (most, tier) => ({
      input: [tier.input, tier.cacheRead, tier.cacheWrite5m, tier.cacheWrite1h].reduce(larger, most.input),
      output: larger(most.output, larger(tier.output, tier.reasoning)),
    }),
    { input: 0n, output: 0n },
  );
}

/**
 * The most that a call can cost, nano-dollars, of whose tokens are known only that at most `inputBound` go in and
 * at most `outputCap` come out (architecture.md, "A hold that cannot overshoot").
 */
export function boundOf(inputBound: number, outputCap: number, price: Price): bigint {
  const rates = dearest(inputBound, price);
  return ceilDivide(BigInt(inputBound) * rates.input + BigInt(outputCap) * rates.output, TOKENS_PER_RATE);
}

/** The largest output cap, tokens, whose {@link boundOf} is not above `moneyLeft`; 0 where not even the input fits. */
export function affordableOutput(moneyLeft: bigint, inputBound: number, price: Price): number {
  const rates = dearest(inputBound, price);
  const left = moneyLeft * TOKENS_PER_RATE - BigInt(inputBound) * rates.input;
  if (left < 0n) return 0;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  const affordable = rates.output === 0n ? most : left / rates.output;
  return Number(affordable < most ? affordable : most);
}
