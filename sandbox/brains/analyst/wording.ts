import type { AnalysisResult, Column, Statistics } from './results';

/** Columns and groups that one sentence takes. */
const MOST_COLUMNS = 3;
const MOST_GROUPS = 5;

const large = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const small = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

export const figure = (value: number): string => (Math.abs(value) < 1 ? small : large).format(value);

/** An analysis in plain words, with its own numbers. */
export function describeAnalysis(analysis: AnalysisResult): string {
  const name = `"${analysis.widget.name}"`;
  const caution = analysis.caution ? ` ${analysis.caution}` : '';
  if (analysis.over === 'history') return `${name} ${describeFigure(analysis)}.${caution}`;
  if (analysis.rows === 0) return `${name} has no data to tell of.${caution}`;
  const rows = `${name} has ${count(analysis.rows, 'row')}`;
  const parts = analysis.groups
    ? analysis.groups
        .slice(0, MOST_GROUPS)
        .map(({ group, analysed }) => `${group}: ${describeColumns(analysed)}`)
    : [describeColumns(analysis.analysed ?? [])];
  const told = parts.filter((part) => part !== '').join('; ');
  return `${rows}${told ? `. ${told}` : ''}.${caution}`;
}

function describeFigure({ current, analysed }: AnalysisResult): string {
  const now = current === null || current === undefined ? 'has no figure now' : `is ${figure(current)} now`;
  const history = analysed?.[0]?.statistics;
  return history && history.count > 1 ? `${now}; over its history ${describeSeries(history)}` : now;
}

const describeColumns = (columns: Column[]): string =>
  columns.slice(0, MOST_COLUMNS).map(describeColumn).filter(Boolean).join('; ');

function describeColumn({ column, statistics, mostFrequent }: Column): string {
  if (statistics) {
    const sum = statistics.sum === null ? '' : `sum ${figure(statistics.sum)}, `;
    return `${column}: ${sum}${describeSeries(statistics)}`;
  }
  const [first] = mostFrequent ?? [];
  return first ? `${column}: most often ${first.value} (${first.count} times)` : '';
}

function describeSeries({ count: values, min, max, mean, changePercent }: Statistics): string {
  const average = mean === null ? '' : `on average ${figure(mean)}, `;
  const change =
    changePercent === null || values < 2
      ? ''
      : `, ${changePercent < 0 ? '' : '+'}${figure(changePercent)} % from first to last`;
  const span = `between ${figure(min.value)} (${min.label}) and ${figure(max.value)} (${max.label})`;
  return `${average}${span}, of ${count(values, 'value')}${change}`;
}

const count = (number: number, what: string): string => `${figure(number)} ${what}${number === 1 ? '' : 's'}`;
