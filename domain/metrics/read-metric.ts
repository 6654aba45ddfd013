import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { MetricSource } from '../widgets/source-schemas';

type Metric = MetricSource['metric'];
type Range = MetricSource['range'];

/** How far back a range reaches, the width of its columns, and how many of the business's days it shows. */
const RANGES: Record<Range, { reach: string; step: string; days: number }> = {
  '1h': { reach: '1 hour', step: '1 minute', days: 1 },
  '24h': { reach: '24 hours', step: '1 hour', days: 1 },
  '7d': { reach: '7 days', step: '6 hours', days: 7 },
  '30d': { reach: '30 days', step: '1 day', days: 30 },
  '90d': { reach: '90 days', step: '1 day', days: 90 },
};

interface MetricReading {
  statement: Statement;
  /** Of the rows, where there is more than one value. */
  columns?: readonly { name: string; type: 'timestamp' | 'date' | 'number' }[];
  /** `steps`: $1 is the reach and $2 the step. `days`: $1 is the number of days. */
  over?: 'steps' | 'days';
}

const SLOTS = `generate_series(date_bin($2::interval, now(), 'epoch') - $1::interval,
                               date_bin($2::interval, now(), 'epoch'), $2::interval) slot`;
const SLOT_NAME = `to_char(slot at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at`;
const AT = { name: 'at', type: 'timestamp' } as const;

/** The business's last days, today included, as its own calendar has them, with the settled calls `l` of each. */
const CALLS_BY_DAY = `
  from (select timezone as zone, (now() at time zone timezone)::date as today
          from businesses where id = current_business()) here
  cross join generate_series(here.today - ($1::int - 1), here.today, interval '1 day') d
  left join ledger l on l.business_id = current_business() and l.status = 'settled'
    and l.created_at >= period_start('day', here.zone, (here.today - ($1::int - 1) + time '12:00') at time zone here.zone)
    and (l.created_at at time zone here.zone)::date = d::date
 group by d order by d`;
const DAY = { name: 'day', type: 'date' } as const;

const number = (name: string) => ({ name, type: 'number' }) as const;

const METRIC_READINGS: Record<Metric, MetricReading> = {
  members_online: {
    statement: {
      name: 'metric-members-online',
      text: `select count(distinct user_id)::int as value, 'members' as unit from presence_connections`,
    },
  },
  refresh_health: {
    statement: {
      name: 'metric-refresh-health',
      // The share of fetched widgets whose last refresh went well, in percent.
      text: `select coalesce(round(100.0 * count(*) filter (where d.status = 'ok') / nullif(count(*), 0), 1), 100)::float8
                    as value, '%' as unit, count(*)::int as widgets,
                    count(*) filter (where d.status = 'failing')::int as failing,
                    count(*) filter (where d.status = 'paused')::int as paused
               from widget_data d join widgets w on w.id = d.widget_id where w.source ->> 'kind' <> 'push'`,
    },
  },
  data_changes: {
    statement: {
      name: 'metric-data-changes',
      text: `select ${SLOT_NAME}, count(h.version)::int as changes
               from ${SLOTS}
               left join widget_data_history h
                 on h.refreshed_at >= slot and h.refreshed_at < slot + $2::interval
              group by slot order by slot`,
    },
    columns: [AT, number('changes')],
    over: 'steps',
  },
  runs: {
    statement: {
      name: 'metric-runs',
      text: `select ${SLOT_NAME}, count(r.id)::int as runs,
                    count(r.id) filter (where r.status = 'failed')::int as failed
               from ${SLOTS}
               left join runs r on r.business_id = current_business()
                 and r.created_at >= slot and r.created_at < slot + $2::interval
              group by slot order by slot`,
    },
    columns: [AT, number('runs'), number('failed')],
    over: 'steps',
  },
  usage: {
    statement: {
      name: 'metric-usage',
      text: `select d::date::text as day, count(l.id)::int as calls,
                    (coalesce(sum(l.input), 0) + coalesce(sum(l.cache_read), 0) + coalesce(sum(l.cache_write_5m), 0)
                      + coalesce(sum(l.cache_write_1h), 0))::float8 as input,
                    (coalesce(sum(l.output_text), 0) + coalesce(sum(l.output_reasoning), 0))::float8 as output
             ${CALLS_BY_DAY}`,
    },
    columns: [DAY, number('calls'), number('input'), number('output')],
    over: 'days',
  },
  cost: {
    statement: {
      name: 'metric-cost',
      // Dollars with all their digits, as figures may be written.
      text: `select d::date::text as day, trim_scale(coalesce(sum(l.cost_nano), 0) * 0.000000001)::text as cost
             ${CALLS_BY_DAY}`,
    },
    columns: [DAY, number('cost')],
    over: 'days',
  },
};

/**
 * One of the platform's own figures for a business: a single value (`{value, unit, …}`) or rows over the range
 * (`{columns, rows}`), fit for stats, chart and table widgets. Usage and cost are by day of the business's calendar.
 */
export async function readMetric(
  db: Database,
  businessId: string,
  metric: Metric,
  range: Range,
): Promise<unknown> {
  const { statement, columns, over } = METRIC_READINGS[metric];
  const { reach, step, days } = RANGES[range];
  const values = over === 'steps' ? [reach, step] : over === 'days' ? [days] : [];
  const rows = await tenantStatement<Record<string, unknown>>(db, businessId, statement, values);
  return columns ? { columns, rows } : rows[0];
}
