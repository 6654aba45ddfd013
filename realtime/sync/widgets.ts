import type { Statement, Transaction } from '../../db/scope';
import { widgetPolicy, type WidgetAccess } from '../../domain/policies/widget';
import { presentWidgetData, type WidgetDataRow } from '../../domain/presenters/widget-data';
import { presentWidget, type WidgetRow } from '../../domain/presenters/widget';
import type { ChangedRow, SizedRows } from './changes';
import { SYNC_DATA_BYTES } from './limits';
import type { Since } from './since';

const VISIBLE = `(w.scope = 'business' or w.owner_id = $3)`;

const WIDGETS: Statement = {
  name: 'sync-widgets',
  text: `select w.id, w.business_id as "businessId", w.owner_id as "ownerId", w.name, w.type, w.config, w.source,
                w.schedule, w.ttl_seconds as "ttlSeconds", w.refresh_when as "refreshWhen", w.scope, w.version,
                w.created_at as "createdAt", w.updated_at as "updatedAt"
           from widgets w where w.business_id = $1 and w.xid >= $2::xid8 and ${VISIBLE}
          order by w.xid limit $4`,
};

/** @returns the visible widgets written since */
export async function changedWidgets(tx: Transaction, { actor, xmin, limit }: Since): Promise<ChangedRow[]> {
  const rows = await tx.query<WidgetRow>(WIDGETS, [actor.businessId, xmin, actor.userId, limit]);
  return rows
    .filter((row) => widgetPolicy.read(actor, row))
    .map((row) => ({ kind: 'widget', row: presentWidget(row) }));
}

const WIDGET_DATA: Statement = {
  name: 'sync-widget-data',
  // Data also counts as written when its widget was: one that becomes visible to someone brings its data along.
  // Stored sizes are compared first, since they are known without unpacking anything. LATERAL with OFFSET 0 makes
  // look-ups by key of what a plan for unknown cursors would join by reading whole tables.
  text: `
    with touched as materialized (
      (select d.widget_id, pg_column_size(d.data) as stored
         from widget_data d
        cross join lateral (select from widgets w where w.id = d.widget_id and ${VISIBLE} offset 0) w
        where d.business_id = $1 and d.xid >= $2::xid8 order by d.xid limit $4)
      union
      (select w.id, d.stored
         from widgets w
        cross join lateral (
          select pg_column_size(data) as stored from widget_data where widget_id = w.id offset 0) d
        where w.business_id = $1 and w.xid >= $2::xid8 and ${VISIBLE} order by w.xid limit $4)
    ), stored as materialized (
      select coalesce(sum(stored), 0) <= $5 as fits from touched
    ), sized as materialized (
      select coalesce(sum(d.bytes), 0)::int as bytes
        from stored join touched on stored.fits
        cross join lateral (
          select octet_length(data::text) as bytes from widget_data where widget_id = touched.widget_id offset 0) d
    )
    select stored.fits and sized.bytes <= $5 as fits, sized.bytes, found.*
      from stored cross join sized
      left join lateral (
        select shown.* from touched cross join lateral (
          select d.widget_id as "widgetId", d.data, d.version, d.status, d.error,
                 s.refreshed_at as "refreshedAt", w.ttl_seconds as "ttlSeconds", w.business_id as "businessId",
                 w.owner_id as "ownerId", w.scope
            from widget_data d join widgets w on w.id = d.widget_id
            join widget_schedules s on s.widget_id = d.widget_id
           where d.widget_id = touched.widget_id offset 0) shown
      ) found on stored.fits and sized.bytes <= $5`,
};

type DataRow = WidgetDataRow & WidgetAccess & { fits: boolean; bytes: number };

/** @returns undefined where it is more than {@link SYNC_DATA_BYTES} */
export async function changedWidgetData(
  tx: Transaction,
  { actor, xmin, limit }: Since,
): Promise<SizedRows | undefined> {
  const rows = await tx.query<DataRow & { widgetId: string | null }>(WIDGET_DATA, [
    actor.businessId,
    xmin,
    actor.userId,
    limit,
    SYNC_DATA_BYTES,
  ]);
  if (rows[0] && !rows[0].fits) return undefined;
  const changes = rows
    .filter((row) => row.widgetId !== null && widgetPolicy.read(actor, row))
    .map((row): ChangedRow => ({ kind: 'widgetData', row: presentWidgetData(row) }));
  return { changes, bytes: rows[0]?.bytes ?? 0 };
}
