import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';

/** Longest span of one report, days. */
export const MAX_SPAN_DAYS = 366;

/** Whole days of the business's own calendar, both included, and the instants that bound them. */
export interface Span {
  /** YYYY-MM-DD. */
  from: string;
  to: string;
  timezone: string;
  start: Date;
  end: Date;
}

const RESOLVE: Statement = {
  name: 'usage-span',
  // Noon is on every day of every zone; midnight is not.
  text: `
    with today as (
      select timezone, (now() at time zone timezone)::date as day from businesses where id = current_business()
    ), span as (
      select timezone, coalesce($2::date, day) as last,
             coalesce($1::date, date_trunc('month', coalesce($2::date, day)::timestamp)::date) as first from today
    )
    select first::text as "from", last::text as "to", timezone, last - first as days,
           period_start('day', timezone, (first + time '12:00') at time zone timezone) as start,
           period_end('day', timezone, (last + time '12:00') at time zone timezone) as "end" from span`,
};

/**
 * The days that a report is about.
 * @param from YYYY-MM-DD; undefined: the first of `to`'s month
 * @param to YYYY-MM-DD; undefined: today
 * @returns what is wrong with them, where something is
 */
export async function resolveSpan(
  db: Database,
  businessId: string,
  from: string | undefined,
  to: string | undefined,
): Promise<Span | 'backwards' | 'too_long'> {
  const values = [from ?? null, to ?? null];
  const [row] = await tenantStatement<Span & { days: number }>(db, businessId, RESOLVE, values);
  if (!row) throw new Error(`The business ${businessId} is not there.`);
  const { days, ...span } = row;
  if (days < 0) return 'backwards';
  return days < MAX_SPAN_DAYS ? span : 'too_long';
}
