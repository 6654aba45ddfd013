import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { sourceSchema, type WidgetSource } from '../../domain/widgets/source-schemas';
import type { Stage } from './stage';

/** Points of the chart that every widget shows: about a kilobyte of JSON, as a month of days has. */
const POINTS = 31;

/** A month of daily figures. */
export const CHART = {
  series: [
    {
      name: 'Revenue',
      data: Array.from({ length: POINTS }, (_, day) => ({
        x: new Date(Date.UTC(2026, 0, day + 1)).toISOString().slice(0, 10),
        y: 1_000 + ((day * 37) % 101) / 4,
      })),
    },
  ],
};

const SOURCE: WidgetSource = { kind: 'static', data: CHART };

interface WidgetOptions {
  /** Default: the static chart. */
  source?: z.input<typeof sourceSchema>;
  schedule?: object;
  /** Holds data already, as after a refresh. Others are fresh: their first refresh writes and announces. */
  refreshed?: boolean;
}

/** Makes widgets straight in the tables. Not due; see {@link makeDue}. @returns their ids */
export async function makeWidgets(
  stage: Stage,
  businessId: string,
  count: number,
  { source = SOURCE, schedule, refreshed = false }: WidgetOptions = {},
): Promise<string[]> {
  const { rows } = await stage.sql.query<{ id: string }>(
    `with made as (
       insert into widgets (id, business_id, name, type, source, schedule)
       select uuidv7(), $1, 'Widget ' || n, 'chart', $3, $4 from generate_series(1, $2::int) as n
       returning id
     ), data as (
       insert into widget_data (widget_id, business_id, status, data)
       select id, $1, case when $5::boolean then 'ok' else 'pending' end,
              case when $5::boolean then $6::json end from made
     ), scheduled as (
       insert into widget_schedules (widget_id, business_id, refreshed_at)
       select id, $1, case when $5::boolean then now() end from made
     )
     select id from made`,
    [
      businessId,
      count,
      // As POST /widgets would store it, with its defaults.
      JSON.stringify(sourceSchema.parse(source)),
      schedule ? JSON.stringify(schedule) : null,
      refreshed,
      JSON.stringify(CHART),
    ],
  );
  return rows.map((row) => row.id);
}

/** What a planner would know in a database that has lived a while. */
export async function settle(stage: Stage): Promise<void> {
  await stage.sql.query('vacuum (analyze)');
  await stage.sql.query('checkpoint');
}

/** All of them, at this moment. */
export async function makeDue(stage: Stage, widgetIds: readonly string[]): Promise<void> {
  await stage.sql.query('update widget_schedules set due_at = now() where widget_id = any($1)', [widgetIds]);
}

/** Refreshes that wrote something, of all widgets of the database. */
export async function countRefreshes(stage: Stage): Promise<number> {
  const { rows } = await stage.sql.query<{ count: number }>(
    'select count(*)::int as count from widget_data_history',
  );
  return rows[0]?.count ?? 0;
}

/** Widgets that wait for their turn now. */
export async function countDue(stage: Stage): Promise<number> {
  const { rows } = await stage.sql.query<{ count: number }>(
    'select count(*)::int as count from widget_schedules where due_at <= now() and claimed_at is null',
  );
  return rows[0]?.count ?? 0;
}

/** Where a refresh stands in the database, for the report of one that went missing. */
export async function describeRefresh(stage: Stage, widgetId: string): Promise<string> {
  const { rows } = await stage.sql.query(
    `select s.*, d.status, d.version, d.error, now()
       from widget_schedules s join widget_data d using (widget_id) where widget_id = $1`,
    [widgetId],
  );
  return JSON.stringify(rows[0]);
}

/** @throws Error where a refresh failed: then something else was measured than meant */
export async function assertNoneFailing(stage: Stage): Promise<void> {
  const { rows } = await stage.sql.query<{ error: unknown }>(
    `select error from widget_data where status in ('failing', 'paused') limit 1`,
  );
  if (rows[0]) throw new Error(`Refreshes failed: ${JSON.stringify(rows[0].error)}`);
}

/** How often the sweep's mark is looked at, ms. */
const LOOK_EVERY_MS = 50;

/**
 * Waits until a worker swept: to its first sweep the database has been out of service since it was made, and what
 * is due already would be spread over a minute.
 */
export async function awaitFirstSweep(stage: Stage): Promise<void> {
  const isFresh = async () => {
    const { rows } = await stage.sql.query<{ fresh: boolean }>(
      `select last_at > now() - interval '2 s' as fresh from refresh_sweeps`,
    );
    return rows[0]?.fresh;
  };
  while (!(await isFresh())) await sleep(LOOK_EVERY_MS);
}
