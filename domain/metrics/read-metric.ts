import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { MetricSource } from '../widgets/source-schemas';

type Metric = MetricSource['metric'];
type Range = MetricSource['range'];

/** How far back a range reaches, and the width of its columns. */
const RANGES: Record<Range, { reach: string; step: string }> = {
  '1h': { reach: '1 hour', step: '1 minute' },
  '24h': { reach: '24 hours', step: '1 hour' },
  '7d': { reach: '7 days', step: '6 hours' },
  '30d': { reach: '30 days', step: '1 day' },
  '90d': { reach: '90 days', step: '1 day' },
};

const STATEMENTS: Record<Metric, Statement> = {
  members_online: {
    name: 'metric-members-online',
    text: `select count(distinct user_id)::int as value, 'members' as unit from presence_connections`,
  },
  refresh_health: {
    name: 'metric-refresh-health',
    // The share of fetched widgets whose last refresh went well, in percent.
    text: `select coalesce(round(100.0 * count(*) filter (where d.status = 'ok') / nullif(count(*), 0), 1), 100)::float8
                  as value, '%' as unit, count(*)::int as widgets,
                  count(*) filter (where d.status = 'failing')::int as failing,
                  count(*) filter (where d.status = 'paused')::int as paused
             from widget_data d join widgets w on w.id = d.widget_id where w.source ->> 'kind' <> 'push'`,
  },
  data_changes: {
    name: 'metric-data-changes',
    text: `select to_char(slot at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, count(h.version)::int as changes
             from generate_series(date_bin($2::interval, now(), 'epoch') - $1::interval,
                                  date_bin($2::interval, now(), 'epoch'), $2::interval) slot
             left join widget_data_history h
               on h.refreshed_at >= slot and h.refreshed_at < slot + $2::interval
            group by slot order by slot`,
  },
};

/**
 * One of the platform's own figures for a business: a single value (`{value, unit, …}`) or rows over the range
 * (`{columns, rows}`), fit for stats, chart and table widgets.
 */
export async function readMetric(
  db: Database,
  businessId: string,
  metric: Metric,
  range: Range,
): Promise<unknown> {
  const { reach, step } = RANGES[range];
  const values = metric === 'data_changes' ? [reach, step] : [];
  const rows = await tenantStatement<Record<string, unknown>>(db, businessId, STATEMENTS[metric], values);
  if (metric !== 'data_changes') return rows[0];
  return {
    columns: [
      { name: 'at', type: 'timestamp' },
      { name: 'changes', type: 'number' },
    ],
    rows,
  };
}
