const DIGITS = /^-?\d+(\.\d+)?$/;

/** A figure as widgets hold it: a number, or all its digits as text. undefined for everything else. */
export function figureOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !DIGITS.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

const MOMENT = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** ISO 8601 as ms since 1970, UTC where it names no offset. undefined for everything else. */
export function momentOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !MOMENT.test(value)) return undefined;
  const text = value.replace(' ', 'T');
  const hasOffset = text.length === 10 || /(Z|[+-]\d\d:?\d\d)$/.test(text.slice(10));
  const ms = Date.parse(hasOffset ? text : `${text}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Longest text of one value in a result, UTF-16 code units. */
const MAX_LABEL = 200;

/** A value as one short text: what is nested as JSON. */
export function labelOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_LABEL ? `${text.slice(0, MAX_LABEL - 1)}…`.toWellFormed() : text;
}

/** Is there no value? */
export const isMissing = (value: unknown): boolean => value === null || value === undefined || value === '';

/** An object's own value: a column named like something every object inherits is only itself. */
export const cellOf = (row: Record<string, unknown>, column: string): unknown =>
  Object.hasOwn(row, column) ? row[column] : undefined;
