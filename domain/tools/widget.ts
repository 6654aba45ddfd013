import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { forbidden, notFound } from '../../lib/errors';
import { widgetPolicy } from '../policies/widget';
import { isStale, type WidgetDataRow } from '../presenters/widget-data';
import type { WidgetRow } from '../presenters/widget';
import type { Actor } from '../roles';

const WIDGET: Statement = {
  name: 'tool-widget',
  text: `select w.id, w.id as "widgetId", w.business_id as "businessId", w.owner_id as "ownerId", w.name, w.type,
                w.scope, w.config, w.source, w.schedule, w.ttl_seconds as "ttlSeconds",
                d.data, d.status, d.error, d.version, s.refreshed_at as "refreshedAt"
           from widgets w join widget_data d on d.widget_id = w.id join widget_schedules s on s.widget_id = w.id
          where w.id = $1`,
};

/** A widget's definition and what it shows. */
export type ToolWidget = WidgetDataRow &
  Pick<
    WidgetRow,
    'id' | 'businessId' | 'ownerId' | 'name' | 'type' | 'scope' | 'config' | 'source' | 'schedule'
  >;

/** What a tool may do to a widget. */
export type WidgetRight = 'read' | 'refresh' | 'update';

/**
 * The widget, where the actor may do this to it.
 * @throws HttpError 404 where they may not see it, in the words for one that does not exist; 403 for the rest
 */
export async function findToolWidget(
  trx: Knex.Transaction,
  actor: Actor,
  widgetId: string,
  action: WidgetRight,
): Promise<ToolWidget> {
  const [widget] = await trxStatement<ToolWidget>(trx, WIDGET, [widgetId]);
  if (!widget || !widgetPolicy.read(actor, widget)) throw notFound(`Widget ${widgetId}`);
  if (!widgetPolicy[action](actor, widget)) {
    throw forbidden(`The role of the person who asked does not allow to ${action} this widget.`);
  }
  return widget;
}

/** How far the data can be relied on, as tools tell it with every result. */
export interface Freshness {
  status: WidgetDataRow['status'];
  refreshedAt: string | null;
  /** What the reader must be told, if anything. */
  caution: string | null;
}

export function freshnessOf(widget: ToolWidget): Freshness {
  const refreshedAt = widget.refreshedAt?.toISOString() ?? null;
  return { status: widget.status, refreshedAt, caution: cautionOf(widget, refreshedAt) };
}

function cautionOf(widget: ToolWidget, refreshedAt: string | null): string | null {
  if (refreshedAt === null || widget.status === 'pending') {
    return widget.error ? `It has no data yet: ${widget.error.message}` : 'It has no data yet.';
  }
  const reason = widget.error ? ` (${widget.error.message})` : '';
  if (widget.status === 'failing')
    return `Its last refresh failed${reason}; this is its last good data, from ${refreshedAt}.`;
  if (widget.status === 'paused')
    return `It is paused after failures${reason}; this is its last good data, from ${refreshedAt}.`;
  return isStale(widget.refreshedAt, widget.ttlSeconds)
    ? `The data is stale: it is from ${refreshedAt}.`
    : null;
}
