import type { Context } from 'koa';
import { z } from 'zod';

/** Most rows of one CSV: 10,000 are about 4 MB. The next begins behind the last (X-Next-Before). */
export const MAX_CSV_ROWS = 10_000;
const MAX_PAGE_ROWS = 100;
const PAGE_ROWS = 20;

export const csvFormat = z.enum(['json', 'csv']).optional().describe('`Accept: text/csv` asks for the same.');

/** `?before=&limit=&format=` of a list that is read from its newest row on, as JSON or CSV. */
export const csvPageQuery = z.strictObject({
  before: z.uuid().optional(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_CSV_ROWS)
    .optional()
    .describe(`At most ${MAX_PAGE_ROWS} as JSON, ${PAGE_ROWS} where not given; as CSV ${MAX_CSV_ROWS}.`),
  format: csvFormat,
});

export const limitOf = (limit: number | undefined, isCsv: boolean): number =>
  isCsv ? (limit ?? MAX_CSV_ROWS) : Math.min(limit ?? PAGE_ROWS, MAX_PAGE_ROWS);

/** The query's word counts before the header's. */
export const asksForCsv = (koa: Context, format: z.output<typeof csvFormat>): boolean =>
  format === undefined ? koa.accepts('json', 'text/csv') === 'text/csv' : format === 'csv';

/** Where a CSV goes on: it has no place for `meta.nextBefore`. */
export const nextBeforeHeader = (nextBefore: string | null): Record<string, string> =>
  nextBefore ? { 'X-Next-Before': nextBefore } : {};
