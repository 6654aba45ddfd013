import type { Pool } from 'pg';
import { presentWidgetData } from '../../domain/presenters/widget-data';
import { sha256 } from '../../lib/ids';
import { envelope } from '../../realtime/envelope';
import type { CHART } from '../parts/widgets';

/**
 * What a refresh writes, with the same effect on the same tables, but without tenant scope, row-level security and
 * the questions that make it safe (is there room, whose claim is it, did the widget change meanwhile).
 */
const CLAIM = {
  name: 'bare-claim',
  text: `update widget_schedules set claimed_at = now(), claim_no = claim_no + 1, lane = 'interactive',
           lease_until = now() + interval '25 s', request_id = $2 where widget_id = $1`,
};
const START = {
  name: 'bare-start',
  text: `update widget_schedules s set started_at = now(), fence = fence + 1,
           lease_until = now() + interval '25 s'
           from widgets w where s.widget_id = $1 and w.id = s.widget_id
         returning w.source, w.business_id as "businessId"`,
};
const FINISH = {
  name: 'bare-finish',
  text: `with released as (
           update widget_schedules set started_at = null, claimed_at = null, lease_until = null, lane = 'scheduled',
             request_id = null, refreshed_at = now(), due_at = null where widget_id = $1 returning refreshed_at
         ), written as (
           update widget_data set data = $2::json, data_hash = $3, status = 'ok', error = null
            where widget_id = $1 returning widget_id, business_id, version
         ), kept as (
           insert into widget_data_history (widget_id, business_id, version, data)
           select widget_id, business_id, version, $2::json from written
         )
         select version::int, refreshed_at as "refreshedAt" from written, released`,
};

interface Started {
  source: { data: typeof CHART };
  businessId: string;
}

/** Claim and finish wait for the disk, as ours do; the start does not, and has a pool of its own for that. */
export interface Pools {
  durable: Pool;
  lazy: Pool;
}

/** The whole refresh, step by step as ours. @returns the event's payload, as ours */
export async function refreshBare({ durable, lazy }: Pools, widgetId: string, requestId: string) {
  await durable.query({ ...CLAIM, values: [widgetId, requestId] });
  const { rows } = await lazy.query<Started>({ ...START, values: [widgetId] });
  const [started] = rows;
  if (!started) throw new Error('There is no such widget.');
  return finishBare(durable, widgetId, requestId, started.businessId, started.source.data);
}

/** The last of the three writes alone: data, history and schedule in one statement and one commit. */
export async function finishBare(
  pool: Pool,
  widgetId: string,
  requestId: string,
  businessId: string,
  data: typeof CHART,
) {
  const json = JSON.stringify(data);
  const { rows } = await pool.query<{ version: number; refreshedAt: Date }>({
    ...FINISH,
    values: [widgetId, json, sha256(json)],
  });
  const [written] = rows;
  if (!written) throw new Error('There is no such widget.');
  return {
    ...presentWidgetData({ widgetId, data, ...written, status: 'ok', error: null, ttlSeconds: null }),
    ...envelope(businessId, written.version, requestId),
  };
}
