import { backoffMs } from '../../../domain/refresh/backoff';
import { seeded } from './random';

const lowest = () => 0;
const highest = () => 1 - Number.EPSILON;
const HOUR_MS = 3_600_000;

describe('backoffMs', () => {
  it('doubles its ceiling with each failure, up to an hour, and never falls below a second', () => {
    const ceilings = Array.from({ length: 13 }, (_, index) => backoffMs(index + 1, 0, highest) - 1_000);
    expect(ceilings.slice(0, 5)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000]);
    expect(ceilings.at(-1)).toBe(HOUR_MS);
    expect(backoffMs(1, 0, lowest)).toBe(1_000);
    expect(backoffMs(10_000, 0, lowest)).toBe(1_000);
    expect(backoffMs(10_000, 0, highest)).toBe(HOUR_MS + 1_000);
  });

  it('spreads its tries evenly below the ceiling', () => {
    const random = seeded(1);
    const tries = Array.from({ length: 5_000 }, () => backoffMs(4, 0, random));
    expect(Math.min(...tries)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...tries)).toBeLessThanOrEqual(41_000);
    const early = tries.filter((ms) => ms < 21_000).length / tries.length;
    expect(early).toBeGreaterThan(0.45);
    expect(early).toBeLessThan(0.55);
  });

  it('waits as long as the other side asked for, but not beyond an hour', () => {
    expect(backoffMs(1, 120_000, lowest)).toBe(120_000);
    expect(backoffMs(1, 24 * HOUR_MS, lowest)).toBe(HOUR_MS);
    expect(backoffMs(10, 2_000, highest)).toBeGreaterThan(2_000);
  });
});
