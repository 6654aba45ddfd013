import type { ChangedRow, SizedRows } from './changes';
import { SYNC_DATA_BYTES } from './limits';

interface LargeText {
  /** The text's column. */
  text: string;
  /** The parameter with the most bytes. */
  bytes: string;
  /** The column by which the rows come. */
  order: string;
  select: string;
  /** Everything from the first table to the `limit`. */
  from: string;
}

/**
 * A statement that gives rows up to the one with which their texts together outgrow the limit. A text's size is
 * known without unpacking it, and a `rows` frame lets the scan end with the statement's own limit.
 */
export const upToBytes = ({ text, bytes, order, select, from }: LargeText): string =>
  `select found.* from (
     select ${select}, octet_length(${text}) as "textBytes",
            sum(octet_length(${text})) over (order by ${order} rows unbounded preceding) as "bytesSoFar"
       from ${from}) found
    where "bytesSoFar" - "textBytes" <= ${bytes}`;

/** @returns undefined where the texts alone, as JSON, are more than an answer holds */
export function sizedRows<Row>(
  rows: readonly Row[],
  textOf: (row: Row) => string,
  changeOf: (row: Row) => ChangedRow,
): SizedRows | undefined {
  const bytes = rows.reduce((sum, row) => sum + Buffer.byteLength(JSON.stringify(textOf(row))), 0);
  return bytes <= SYNC_DATA_BYTES ? { changes: rows.map(changeOf), bytes } : undefined;
}
