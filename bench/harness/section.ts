import type { Rounds } from './rounds';

/**
 * What a figure is held against: our best round, our worst (a promise that always holds), the median ratio, or the
 * median of what we add to the baseline.
 */
export interface Goal {
  of: 'best' | 'worst' | 'ratio' | 'added';
  atMost?: number;
  atLeast?: number;
}

/** One line of a section's table. */
export interface FigureSpec {
  key: string;
  label: string;
  unit: string;
  better: 'lower' | 'higher';
  goal?: Goal;
}

/** One comparison, measured. */
export interface Section {
  title: string;
  /** What the baseline is, in one line. */
  baseline: string;
  figures: readonly FigureSpec[];
  rounds: Rounds;
  /** What else is worth knowing of this run, such as how much really happened. */
  notes: readonly string[];
}
