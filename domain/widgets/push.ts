import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { badRequest, conflict, notFound } from '../../lib/errors';
import { sha256 } from '../../lib/ids';
import type { WidgetDataRow } from '../presenters/widget-data';
import type { WidgetHead } from './read';
import { checkWidgetData, type WidgetType } from './types';

const PUSH: Statement = {
  name: 'widget-push',
  text: `
    with touched as (
      update widget_schedules set refreshed_at = now(), paused_at = null where widget_id = $1
      returning widget_id, refreshed_at
    ), written as (
      update widget_data d set data = $2::json, data_hash = $3, status = 'ok', error = null
       where d.widget_id = $1 and (d.status <> 'ok' or d.data_hash is distinct from $3)
      returning d.widget_id, d.business_id, d.version
    ), kept as (
      insert into widget_data_history (widget_id, business_id, version, data)
      select widget_id, business_id, version, $2::json from written
    )
    select t.widget_id as "widgetId", coalesce(written.version, d.version) as version,
           written.version is not null as changed, t.refreshed_at as "refreshedAt", w.ttl_seconds as "ttlSeconds"
      from touched t join widget_data d using (widget_id) join widgets w on w.id = t.widget_id
      left join written using (widget_id)`,
};

/**
 * Writes pushed data. The same data again moves `refreshedAt` and nothing else.
 * @throws HttpError 409 for another kind of source, 400 where the data does not fit the widget's type, 404 when it is gone
 */
export async function pushData(
  db: Database,
  businessId: string,
  widgetId: string,
  widget: WidgetHead,
  data: unknown,
): Promise<{ row: WidgetDataRow; changed: boolean }> {
  if (widget.sourceKind !== 'push') {
    throw conflict(`This widget’s source is ${widget.sourceKind}; only push takes data.`, 'not_pushable');
  }
  const details = checkWidgetData(widget.type as WidgetType, data);
  if (details.length > 0) throw badRequest(`The data doesn’t fit a ${widget.type} widget.`, details);
  const json = JSON.stringify(data);
  const [row] = await tenantStatement<{
    widgetId: string;
    version: number;
    changed: boolean;
    refreshedAt: Date;
    ttlSeconds: number | null;
  }>(db, businessId, PUSH, [widgetId, json, sha256(json)]);
  // Deleted while its data was pushed.
  if (!row) throw notFound('Widget');
  const { changed, ...rest } = row;
  return { row: { ...rest, data, status: 'ok', error: null }, changed };
}
