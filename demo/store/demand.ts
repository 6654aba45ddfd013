/**
 * How often the simulated shop sells. Its clock is Berlin's: quiet nights, a small peak at noon and a large one in
 * the evening, and Sundays on the sofa.
 */

export const STORE_TIMEZONE = 'Europe/Berlin';

/** Days of sales that a new shop already has. */
export const DAYS_BEFORE_START = 90;
/** Orders older than this, days, are forgotten, so that the database stays small however long the demo runs. */
export const DAYS_KEPT = 120;

/** Length of a slot, seconds. At most one order is placed in each, so this also bounds the rate. */
export const SLOT_SECONDS = 10;

/**
 * Growth of a young shop, as a logistic curve over the days since it opened: a tenth of an order a minute on the
 * first day, about one on the 90th, and in the long run not more than {@link CEILING_PER_MINUTE}.
 */
export const CEILING_PER_MINUTE = 1.7;
export const GROWTH_PER_DAY = 0.033;
export const HALF_WAY_DAY = 78;

/** Weights of the hours 0 to 23; 1 is the mean of a day. */
export const HOUR_WEIGHTS = [
  0.45, 0.32, 0.28, 0.26, 0.28, 0.36, 0.55, 0.75, 0.9, 1.02, 1.12, 1.25, 1.32, 1.2, 1.08, 1.05, 1.12, 1.28,
  1.55, 1.78, 1.86, 1.68, 1.2, 0.74,
] as const;

/** Weights of Monday to Sunday. */
export const WEEKDAY_WEIGHTS = [1.02, 0.94, 0.93, 0.96, 0.9, 1.02, 1.23] as const;

/** What a promotion adds to demand: 0.35 is 35 % more. */
export const PROMOTION_UPLIFT = 0.35;
