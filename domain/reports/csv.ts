import { toCsv, type CsvValue } from '../../lib/csv';
import { cellOf } from '../analysis/values';
import type { Section } from './markdown';

/** Rows and columns of a report's CSV: what spreadsheets open, and 10 MB at the very most in one row of Postgres. */
export const MAX_CSV_ROWS = 20_000;
export const MAX_CSV_COLUMNS = 100;

function csvValue(value: unknown): CsvValue {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === null || value === undefined) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replaceAll('\0', '').toWellFormed();
}

/** All widgets' rows one below the other, under the columns of all of them. `truncated`: there were more. */
export function reportCsv(sections: readonly Section[]): { csv: string; rows: number; truncated: boolean } {
  const all = [...new Set(sections.flatMap(({ table }) => table.columns))];
  const columns = all.slice(0, MAX_CSV_COLUMNS);
  const rows = sections.flatMap(({ name, table }) =>
    table.rows.map((row) => [name, ...columns.map((column) => csvValue(cellOf(row, column)))]),
  );
  const header = ['Widget', ...columns].map((name) => name.replaceAll('\0', '').toWellFormed());
  return {
    csv: toCsv(header, rows.slice(0, MAX_CSV_ROWS)),
    rows: Math.min(rows.length, MAX_CSV_ROWS),
    truncated: rows.length > MAX_CSV_ROWS || all.length > MAX_CSV_COLUMNS,
  };
}
