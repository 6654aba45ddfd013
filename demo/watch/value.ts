import type { PresentedWidget } from '../../domain/presenters/widget';

/** Longest piece shown of data that has no form of its own, characters. */
const MAX_CHARACTERS = 70;
/** So many points of a chart are all shown: they are categories rather than a course of time. */
const FEW_POINTS = 4;

type Row = Record<string, unknown>;
type Shown = Pick<PresentedWidget, 'type' | 'config'>;

/** A widget's data in a few words: "€1,234.50", "table, 5 rows". */
export function describeData({ type, config }: Shown, data: unknown): string {
  if (data === null) return 'no data yet';
  const rows = rowsOf(data);
  switch (type) {
    case 'stats':
      return describeFigure(config, data, rows);
    case 'chart':
      return describeChart(config, data, rows);
    case 'table':
      return `table, ${count(rows?.length ?? 0, 'row')}`;
    case 'calendar':
      return count((rows ?? eventsOf(data)).length, 'event');
    case 'custom':
      return shorten(describeAnything(data));
  }
}

function describeFigure(config: Row, data: unknown, rows: Row[] | undefined): string {
  const first = rows?.[0];
  const form = isRow(data) ? data : {};
  const value = rows ? first?.[column(config.value, first)] : isRow(data) ? form.value : data;
  const before = rows ? first?.[String(config.previous)] : form.previous;
  const shown = formatFigure(value, { ...config, unit: config.unit ?? form.unit });
  return before === undefined || before === null
    ? shown
    : `${shown} (${change(Number(value), Number(before))})`;
}

/** The plain values of an object with their names; anything else as JSON. */
function describeAnything(data: unknown): string {
  if (!isRow(data)) return JSON.stringify(data);
  return Object.entries(data)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

function describeChart(config: Row, data: unknown, rows: Row[] | undefined): string {
  if (!rows) {
    const series = isRow(data) && Array.isArray(data.series) ? data.series.filter(isRow) : [];
    const points = series.flatMap(({ data: values }) => (Array.isArray(values) ? values.filter(isRow) : []));
    return points.map(({ x, y }) => `${String(x)}: ${formatFigure(y, config)}`).join(', ');
  }
  const [y] = [config.y].flat();
  const figure = (row: Row | undefined) => formatFigure(row?.[column(y, row)], config);
  if (rows.length > FEW_POINTS) return `${count(rows.length, 'point')}, last ${figure(rows.at(-1))}`;
  return rows.map((row) => `${String(Object.values(row)[0])}: ${figure(row)}`).join(', ');
}

/** The named column, or the last one where none is named. */
const column = (name: unknown, row: Row | undefined): string =>
  typeof name === 'string' ? name : (Object.keys(row ?? {}).at(-1) ?? '');

function formatFigure(value: unknown, { format, currency, decimals, unit }: Row): string {
  if (value === null || value === undefined) return 'none';
  const number = Number(value);
  if (format === 'bytes') return `${(number / 1_048_576).toFixed(1)} MB`;
  const digits = typeof decimals === 'number' ? decimals : undefined;
  const text = new Intl.NumberFormat('en', {
    ...(format === 'currency' && {
      style: 'currency',
      currency: typeof currency === 'string' ? currency : 'EUR',
    }),
    ...(digits !== undefined && { minimumFractionDigits: digits }),
    maximumFractionDigits: digits ?? 2,
  }).format(number);
  return typeof unit === 'string' ? `${text} ${unit}` : text;
}

function change(value: number, before: number): string {
  if (before === 0) return 'was 0';
  const percent = (100 * (value - before)) / before;
  return `${percent >= 0 ? '+' : '−'}${Math.abs(percent).toFixed(1)} %`;
}

function rowsOf(data: unknown): Row[] | undefined {
  const rows: unknown = isRow(data) ? data.rows : data;
  return Array.isArray(rows) ? rows.filter(isRow) : undefined;
}

const eventsOf = (data: unknown): unknown[] => (isRow(data) && Array.isArray(data.events) ? data.events : []);

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

export const shorten = (text: string): string =>
  text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1)}…`;
