import fc from 'fast-check';
import { parseNano } from '../../../domain/money/nano';
import {
  affordableOutput,
  boundOf,
  costOf,
  isComplete,
  wholeInput,
  wholeOutput,
} from '../../../domain/money/price';
import type { Price, PriceTier } from '../../../domain/money/price';
import type { TokenUsage } from '../../../domain/money/usage';
import { COSTS, PRICES, type Buckets } from './costs';
import { usage } from './fixture';

const usageOf = ([
  input,
  cacheRead,
  cacheWrite5m,
  cacheWrite1h,
  outputText,
  outputReasoning,
]: Buckets): TokenUsage => ({
  input,
  cacheRead,
  cacheWrite5m,
  cacheWrite1h,
  outputText,
  outputReasoning,
});

const priceOf = (tiers: PriceTier[]): Price => ({
  id: 'price',
  provider: 'p',
  model: 'm',
  effectiveFrom: new Date(0),
  tiers: tiers as [PriceTier, ...PriceTier[]],
});

const PUBLISHED = PRICES.map(({ tiers }) =>
  priceOf(
    tiers.map(([aboveInputTokens, input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning]) => ({
      aboveInputTokens,
      input: parseNano(input),
      cacheRead: parseNano(cacheRead),
      cacheWrite5m: parseNano(cacheWrite5m),
      cacheWrite1h: parseNano(cacheWrite1h),
      output: parseNano(output),
      reasoning: parseNano(reasoning),
    })),
  ),
);

it('has a table worth its name', () => {
  expect(COSTS.length * PRICES.length).toBeGreaterThanOrEqual(100);
});

it.each(COSTS)('%j costs to the nano-dollar what was computed by hand', (buckets, costs) => {
  expect(PUBLISHED.map((price) => costOf(usageOf(buckets), price))).toEqual(costs);
});

it('is complete only with plain input and output', () => {
  expect(isComplete(usage({ input: 0, outputText: 0 }))).toBe(true);
  expect(isComplete(usage({ input: 0, outputReasoning: 5 }))).toBe(false);
  expect(isComplete(usage({ cacheRead: 9, outputText: 0 }))).toBe(false);
});

const rate = fc.bigInt({ min: 0n, max: 100_000_000_000n });
const tierArbitrary = fc.record({
  aboveInputTokens: fc.nat(2_000),
  input: rate,
  cacheRead: rate,
  cacheWrite5m: rate,
  cacheWrite1h: rate,
  output: rate,
  reasoning: rate,
});
/** Also such that get cheaper with their tiers. */
const priceArbitrary = fc
  .array(tierArbitrary, { minLength: 1, maxLength: 4 })
  .map((tiers) => priceOf(tiers.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)));
const count = fc.option(fc.nat(1_500), { nil: null });
const usageArbitrary = fc.tuple(count, count, count, count, count, count).map(usageOf);

it('never costs more than its bound', () => {
  fc.assert(
    fc.property(usageArbitrary, priceArbitrary, fc.nat(3), fc.nat(3), (spent, price, moreIn, moreOut) => {
      const bound = boundOf(wholeInput(spent) + moreIn, wholeOutput(spent) + moreOut, price);
      expect(costOf(spent, price) <= bound).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

it('buys the largest output whose bound is not above the money', () => {
  const money = fc.bigInt({ min: 0n, max: 10_000_000_000n });
  const found = fc.check(
    fc.property(money, fc.nat(5_000), priceArbitrary, (left, inputBound, price) => {
      const cap = affordableOutput(left, inputBound, price);
      const isAffordable = cap === 0 || boundOf(inputBound, cap, price) <= left;
      return isAffordable && (cap === Number.MAX_SAFE_INTEGER || boundOf(inputBound, cap + 1, price) > left);
    }),
    { numRuns: 3_000 },
  );
  expect(found.counterexample).toBeNull();
});

it('buys as much as anyone can count where output is free', () => {
  const free = priceOf([{ ...PUBLISHED[0]!.tiers[0], output: 0n, reasoning: 0n }]);
  expect(affordableOutput(15_000n, 100, free)).toBe(Number.MAX_SAFE_INTEGER);
  expect(affordableOutput(14_999n, 100, free)).toBe(0);
});
