import type { WidgetType } from '../widgets/types';
import { isObject } from '../widgets/shapes/shape';
import { rowsOf } from '../widgets/shapes/tabular';
import { cellOf, figureOf, momentOf } from './values';

export type Row = Record<string, unknown>;

/** Any widget's data as rows and columns. */
export interface Table {
  columns: string[];
  rows: Row[];
  /** The column that splits the rows into series of their own; a chart's. */
  seriesColumn?: string;
}

/**
 * What the widget shows as one table: a chart's points as {series, x, y}, a calendar's events with their hours, a
 * figure or any other single thing as one row. No rows where there is no data.
 */
export function tableOf(type: WidgetType, data: unknown): Table {
  if (data === null || data === undefined) return { columns: [], rows: [] };
  if (type === 'chart' && isObject(data) && Array.isArray(data.series)) return chartTable(data.series);
  if (type === 'calendar') {
    const events: unknown = isObject(data) && 'events' in data ? data.events : data;
    const rows = rowsOf(events);
    if (rows?.every((row) => 'start' in row)) return calendarTable(rows);
  }
  const rows = rowsOf(data);
  if (rows) return { columns: columnsOf(data, rows), rows };
  if (Array.isArray(data)) return { columns: ['value'], rows: data.map((value: unknown) => ({ value })) };
  return isObject(data)
    ? { columns: Object.keys(data), rows: [data] }
    : { columns: ['value'], rows: [{ value: data }] };
}

function chartTable(series: unknown[]): Table {
  const rows = series
    .filter(isObject)
    .flatMap(({ name, data }) =>
      (Array.isArray(data) ? data : []).filter(isObject).map(({ x, y }) => ({ series: name, x, y })),
    );
  return { columns: ['series', 'x', 'y'], rows, seriesColumn: 'series' };
}

const MS_PER_HOUR = 3_600_000;

function calendarTable(events: Row[]): Table {
  const rows = events.map((event) => {
    const [start, end] = [momentOf(event.start), momentOf(event.end)];
    return { ...event, hours: start === undefined || end === undefined ? null : (end - start) / MS_PER_HOUR };
  });
  return { columns: columnsOf(undefined, rows), rows };
}

/** In the order that the data gives, else in that in which the rows have them. */
function columnsOf(data: unknown, rows: Row[]): string[] {
  const given = isObject(data) && Array.isArray(data.columns) ? data.columns : [];
  const names = given.map((column: unknown) => (isObject(column) ? column.name : column));
  return [
    ...new Set([
      ...names.filter((name): name is string => typeof name === 'string'),
      ...rows.flatMap((row) => Object.keys(row)),
    ]),
  ];
}

/** Does the column hold figures, and nothing else but gaps? */
export function isNumeric(rows: readonly Row[], column: string): boolean {
  let figures = 0;
  for (const row of rows) {
    const value = cellOf(row, column);
    if (value === null || value === undefined || value === '') continue;
    if (figureOf(value) === undefined) return false;
    figures += 1;
  }
  return figures > 0;
}

/** The column that says when: the one called so, else the first whose every value is a time. */
export function timeColumnOf({ columns, rows }: Table): string | undefined {
  const [first] = rows;
  if (!first) return undefined;
  const isTime = (column: string) => rows.every((row) => momentOf(cellOf(row, column)) !== undefined);
  return columns.filter((column) => momentOf(cellOf(first, column)) !== undefined).find(isTime);
}
