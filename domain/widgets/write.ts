import type { Knex } from 'knex';
import { Dashboard } from '../../db/models/Dashboard';
import { Widget } from '../../db/models/Widget';
import { newId } from '../../lib/ids';
import { nextDue, type Schedule } from '../refresh/schedule';
import { isFetched } from './fetched-kinds';
import type { WidgetSource } from './source-schemas';
import type { WidgetType } from './types';

export interface WidgetInput {
  name: string;
  type: WidgetType;
  config: Record<string, unknown>;
  source: WidgetSource;
  schedule: Schedule | null;
  ttlSeconds: number | null;
  refreshWhen: 'always' | 'watched';
  scope: 'business' | 'user';
}

export const connectionIdOf = (source: WidgetSource): string | null =>
  ('connectionId' in source && source.connectionId) || null;

/**
 * Makes a widget with its data row and its place in the schedule, in the caller's transaction. What has a source
 * to fetch is due at once, whatever its schedule, so that a new widget does not stay empty.
 */
export async function createWidget(
  trx: Knex.Transaction,
  businessId: string,
  ownerId: string,
  input: WidgetInput,
): Promise<Widget> {
  const id = newId();
  const widget = await Widget.query(trx)
    .insert({ id, businessId, ownerId, ...input, connectionId: connectionIdOf(input.source) } as never)
    .returning('*');
  await trx('widget_data').insert({ widget_id: id, business_id: businessId });
  await trx('widget_schedules').insert({
    widget_id: id,
    business_id: businessId,
    due_at: isFetched(input.source) && input.refreshWhen === 'always' ? trx.fn.now() : null,
  });
  return widget;
}

/**
 * Changes a widget. A new source or schedule takes hold at once: what is being fetched from the old source is
 * dropped when it comes (domain/refresh/end), and a pause ends, since its cause may be gone.
 * @returns the row, or undefined when it is gone or `version` is no longer its version
 */
export async function updateWidget(
  trx: Knex.Transaction,
  widgetId: string,
  version: number | undefined,
  changes: Partial<WidgetInput>,
): Promise<Widget | undefined> {
  const query = Widget.query(trx)
    .patch({
      ...changes,
      ...(changes.source && { connectionId: connectionIdOf(changes.source) }),
    } as never)
    .where('id', widgetId)
    .returning('*');
  if (version !== undefined) query.where('version', version);
  const [widget] = await query;
  if (!widget) return undefined;
  const affectsRefresh =
    changes.source ?? changes.config ?? changes.refreshWhen ?? changes.schedule !== undefined;
  if (affectsRefresh)
    await reschedule(trx, widget, changes.source !== undefined || changes.config !== undefined);
  return widget;
}

async function reschedule(trx: Knex.Transaction, widget: Widget, refreshNow: boolean): Promise<void> {
  const source = widget.source as WidgetSource;
  const next = nextDue(widget.schedule as Schedule | null, widget.id, new Date());
  const due = !isFetched(source) ? null : refreshNow ? trx.fn.now() : next;
  await trx('widget_schedules')
    .where({ widget_id: widget.id })
    .update({
      due_at:
        due === null || widget.refreshWhen === 'always'
          ? due
          : trx.raw('case when watched then ?::timestamptz end', [due as never]),
      paused_at: null,
      failures: 0,
      crashes: 0,
    });
}

/** A layout without the widget, in its order. */
const LAYOUT_WITHOUT = `(
  select coalesce(jsonb_agg(place order by position), '[]')
    from jsonb_array_elements(layout) with ordinality as places (place, position)
   where place ->> 'widgetId' <> ?)`;

/**
 * Deletes a widget with its data, history and schedule, and takes it off the dashboards that show it: a layout with
 * a widget that is gone could not be sent back as it was read. The rows are locked in the order that an edit takes
 * them, dashboards before widgets and the schedule before the widget is gone, as the end of a refresh takes them:
 * none can deadlock with it.
 * @returns the dashboards that changed
 */
export async function deleteWidget(trx: Knex.Transaction, widgetId: string): Promise<Dashboard[]> {
  const showing = await trx('dashboards')
    .whereIn('id', trx('dashboard_widgets').select('dashboard_id').where({ widget_id: widgetId }))
    .orderBy('id')
    .forNoKeyUpdate()
    .select<{ id: string }[]>('id');
  const dashboards = await Dashboard.query(trx)
    .patch({ layout: trx.raw(LAYOUT_WITHOUT, [widgetId]) as never })
    .whereIn(
      'id',
      showing.map(({ id }) => id),
    )
    .returning('*');
  await trx('widgets').where({ id: widgetId }).forNoKeyUpdate().select('id');
  await trx('widget_schedules').where({ widget_id: widgetId }).delete();
  await trx('widgets').where({ id: widgetId }).delete();
  return dashboards;
}
