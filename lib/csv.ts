import { stringify } from 'csv-stringify/sync';

export type CsvValue = string | number | bigint | boolean | null | undefined;

/** Spreadsheets read `=`, `+`, `-` and `@` behind blanks as a formula, too; csv-stringify looks at the start only. */
const HIDDEN_FORMULA = /^\s+[=+\-@]/;

/**
 * CSV (RFC 4180, CRLF) with a line of column names. Text that a spreadsheet would run as a formula gets an
 * apostrophe in front (OWASP, "CSV Injection"); numbers stay as they are, nothing is an empty field.
 */
export const toCsv = (columns: readonly string[], rows: readonly (readonly CsvValue[])[]): string =>
  stringify([[...columns], ...rows.map((row) => [...row])], {
    record_delimiter: 'windows',
    escape_formulas: true,
    quoted_match: /[\r\n]/,
    cast: {
      string: (value) => (HIDDEN_FORMULA.test(value) ? `'${value}` : value),
      boolean: String,
    },
  });
