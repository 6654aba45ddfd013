import type { BudgetPeriod } from './lock';

/** Shares of a limit of which people are told, percent, highest first. */
const THRESHOLDS = [100, 80];

/** A budget's spending reached a share of one of its limits, for the first time in this period. */
export interface Crossing {
  /** With its figures after the call that crossed. */
  budget: BudgetPeriod;
  limit: 'soft' | 'hard';
  percent: number;
}

/** The highest threshold that `spent` has reached, percent; 0 below all of them, and without a limit. */
export function thresholdOf(spent: bigint, limit: bigint | null): number {
  if (limit === null) return 0;
  return THRESHOLDS.find((percent) => spent * 100n >= limit * BigInt(percent)) ?? 0;
}

/**
 * @param before as it was told of
 * @param after the same with its new figures; its `told…` are what is told now
 */
export function crossingsOf(before: BudgetPeriod, after: BudgetPeriod): Crossing[] {
  const crossings: Crossing[] = [];
  if (after.toldSoft > before.toldSoft)
    crossings.push({ budget: after, limit: 'soft', percent: after.toldSoft });
  if (after.toldHard > before.toldHard)
    crossings.push({ budget: after, limit: 'hard', percent: after.toldHard });
  return crossings;
}
