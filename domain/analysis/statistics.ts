import { linearRegression, mean, median, quantile, sampleStandardDeviation, sum } from 'simple-statistics';

/** One value of a series, and what it is the value of. */
export interface Point {
  label: string;
  value: number;
}

/** What there is to say of a series of numbers, in the order in which they came. */
export interface SeriesStatistics {
  count: number;
  sum: number | null;
  min: Point;
  max: Point;
  mean: number | null;
  median: number | null;
  /** Of a sample (n - 1); null for fewer than two values. */
  standardDeviation: number | null;
  first: Point;
  last: Point;
  /** From first to last. */
  change: number | null;
  /** The same in per cent of the first; null where that is 0. */
  changePercent: number | null;
  /** Of the straight line through all values, per step from one to the next; null for fewer than two. */
  slopePerStep: number | null;
  /** Beyond 1.5 times the interquartile range (Tukey); only of five values and more. */
  outliers: Point[];
  outlierCount: number;
}

const MIN_FOR_OUTLIERS = 5;
const MAX_OUTLIERS = 10;
/** Digits that are not the noise of binary fractions. */
const PRECISION = 12;

/** null where it can't be told: an overflow is no number. */
const rounded = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(PRECISION)) : null;

/** undefined for no points. */
export function describeSeries(points: readonly Point[]): SeriesStatistics | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return undefined;
  const values = points.map(({ value }) => value);
  const several = values.length > 1;
  const outliers = outliersOf(points, values);
  return {
    count: values.length,
    sum: rounded(sum(values)),
    min: points.reduce((least, point) => (point.value < least.value ? point : least)),
    max: points.reduce((most, point) => (point.value > most.value ? point : most)),
    mean: rounded(mean(values)),
    median: rounded(median(values)),
    standardDeviation: several ? rounded(sampleStandardDeviation(values)) : null,
    first,
    last,
    change: rounded(last.value - first.value),
    changePercent:
      first.value === 0 ? null : rounded(((last.value - first.value) / Math.abs(first.value)) * 100),
    slopePerStep: several ? rounded(linearRegression(values.map((value, index) => [index, value])).m) : null,
    outliers: outliers.slice(0, MAX_OUTLIERS),
    outlierCount: outliers.length,
  };
}

function outliersOf(points: readonly Point[], values: number[]): Point[] {
  if (values.length < MIN_FOR_OUTLIERS) return [];
  const [lower, upper] = quantile(values, [0.25, 0.75]) as [number, number];
  const reach = 1.5 * (upper - lower);
  return points.filter(({ value }) => value < lower - reach || value > upper + reach);
}
