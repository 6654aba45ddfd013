import { z } from 'zod';
import { isObject } from './shape';

/** A column's name in a config that maps columns to a widget. */
export const columnName = z.string().min(1).max(200);

const column = z.union([z.string(), z.looseObject({ name: z.string(), type: z.string().optional() })]);

const row = z.looseObject({});

/** Rows with what a `sql` source adds; `columns` gives their order. */
export const tableForm = z.looseObject({
  rows: z.array(row).describe('One object per row, keyed by column.'),
  columns: z.array(column).optional().describe('Their names, or {name, type}, in order.'),
  truncated: z.boolean().optional().describe('There were more rows than the limit lets through.'),
});

/** Just the rows, as a JSON API sends them. */
export const rowsForm = z.array(row);

/** The rows of either form; undefined for data that is not tabular. */
export function rowsOf(data: unknown): Record<string, unknown>[] | undefined {
  const rows: unknown = isObject(data) ? data.rows : data;
  return Array.isArray(rows) && rows.every(isObject) ? rows : undefined;
}

/** A number as JSON has it, or with all its digits as text where JSON's can't hold it. */
export const figure = z.union(
  [z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)],
  'must be a number, or decimal digits as text',
);

/** null: there is none (a gap, nothing to show). */
export const figureOrNull = z.union([figure, z.null()], 'must be a number, decimal digits as text, or null');

/** How a figure is written; the client does it. */
export const figureFormat = {
  format: z.enum(['number', 'currency', 'percent', 'duration', 'bytes']).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be a currency code of three letters (ISO 4217)')
    .optional(),
  decimals: z.number().int().min(0).max(10).optional(),
  unit: z.string().max(20).optional().describe('Written behind the figure.'),
};
