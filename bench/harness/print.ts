import { median } from './statistics';
import type { Calibration } from './calibrate';
import type { FigureSpec, Goal, Section } from './section';

const HEADINGS = [
  '',
  'ours: best',
  'median',
  'baseline: best',
  'median',
  'ours/baseline',
  'range',
  'goal',
  '',
];

/** The section as text: a table, how bad the minutes were, and notes. */
export function renderSection(section: Section): string {
  const rows = [HEADINGS, ...section.figures.map((figure) => rowOf(figure, section))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [
    '',
    `## ${section.title}`,
    `baseline: ${section.baseline}`,
    '',
    ...lines,
    '',
    `calibration: ${describeCalibrations(section.rounds.calibrations)}`,
    ...section.notes,
  ].join('\n');
}

function rowOf(figure: FigureSpec, { rounds }: Section): string[] {
  const ours = valuesOf(rounds.ours, figure.key);
  const baseline = valuesOf(rounds.baseline, figure.key);
  const ratios = ours.map((value, round) => value / (baseline[round] ?? Number.NaN));
  const added = ours.map((value, round) => value - (baseline[round] ?? Number.NaN));
  const best = figure.better === 'lower' ? Math.min(...ours) : Math.max(...ours);
  const baselineBest = figure.better === 'lower' ? Math.min(...baseline) : Math.max(...baseline);
  const { goal } = figure;
  const worst = figure.better === 'lower' ? Math.max(...ours) : Math.min(...ours);
  const held = goal && isMet(goal, { best, worst, ratio: median(ratios), added: median(added) }[goal.of]);
  return [
    `${figure.label} (${figure.unit})`,
    short(best),
    short(median(ours)),
    short(baselineBest),
    short(median(baseline)),
    short(median(ratios)),
    `${short(Math.min(...ratios))} to ${short(Math.max(...ratios))}`,
    goal ? describeGoal(goal, median(added)) : '',
    held === undefined ? '' : held ? 'met' : 'MISSED',
  ];
}

const valuesOf = (rounds: readonly Record<string, number>[], key: string): number[] =>
  rounds.map((figures) => figures[key] ?? Number.NaN);

const isMet = ({ atMost, atLeast }: Goal, value: number): boolean =>
  (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);

const describeGoal = ({ of, atMost, atLeast }: Goal, added: number): string =>
  `${of}${of === 'added' ? ` ${short(added)}` : ''} ${atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`}`;

/** Three digits that say something; whole numbers from a hundred on. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

/** Each moment relative to the section's quietest one: 1.00 everywhere is a quiet machine. */
function describeCalibrations(calibrations: readonly Calibration[]): string {
  const relative = (key: keyof Calibration) => {
    const values = calibrations.map((calibration) => calibration[key]);
    const least = Math.min(...values);
    return `${values.map((value) => (value / least).toFixed(2)).join(' ')} (1.00 = ${least.toFixed(0)} ms)`;
  };
  return `loop ${relative('loopMs')}; walk ${relative('walkMs')}`;
}
