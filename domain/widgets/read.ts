import type { Database } from '../../db/database';
import { createBatcher } from '../../lib/batcher';
import { tenantStatement, type Statement } from '../../db/scope';
import type { WidgetAccess } from '../policies/widget';
import type { WidgetDataRow } from '../presenters/widget-data';
import type { SourceKind } from './source-schemas';

/** What the policies and the refresh road need of a widget; nothing large. */
export type WidgetHead = WidgetAccess & { type: string; sourceKind: SourceKind; version: number };

const HEADS: Statement = {
  name: 'widget-heads',
  text: `select id, business_id as "businessId", owner_id as "ownerId", scope, type,
                source ->> 'kind' as "sourceKind", version
           from widgets where id = any($1::uuid[])`,
};

/** Resolves to undefined where the business has no such widget. */
export type FindWidgetHead = (businessId: string, widgetId: string) => Promise<WidgetHead | undefined>;

export const createFindWidgetHead = (db: Database): FindWidgetHead =>
  createBatcher<string, WidgetHead | undefined>({
    idOf: (widgetId) => widgetId,
    share: true,
    async run(businessId, widgetIds) {
      const rows = await tenantStatement<WidgetHead & { id: string }>(db, businessId, HEADS, [widgetIds]);
      const found = new Map(rows.map((row) => [row.id, row]));
      return widgetIds.map((id) => found.get(id));
    },
  });

/** The same outside of a server's request road. */
export const findWidgetHead = (
  db: Database,
  businessId: string,
  widgetId: string,
): Promise<WidgetHead | undefined> => createFindWidgetHead(db)(businessId, widgetId);

/** Within a scope it gives what the business has. */
export const WIDGET_DATA: Statement = {
  name: 'widget-data',
  text: `select d.widget_id as "widgetId", d.data, d.version, d.status, d.error, s.refreshed_at as "refreshedAt",
                s.paused_at is not null as paused, w.ttl_seconds as "ttlSeconds", w.business_id as "businessId",
                w.owner_id as "ownerId", w.scope, w.source ->> 'kind' as "sourceKind"
           from widgets w join widget_data d on d.widget_id = w.id join widget_schedules s on s.widget_id = w.id
          where w.id = any($1::uuid[])`,
};

export type WidgetWithData = WidgetDataRow & WidgetAccess & { sourceKind: SourceKind; paused: boolean };

/** A widget's data with what its policy and its staleness need. undefined where the business has no such widget. */
export type FindWidgetData = (businessId: string, widgetId: string) => Promise<WidgetWithData | undefined>;

export const createFindWidgetData = (db: Database): FindWidgetData =>
  createBatcher<string, WidgetWithData | undefined>({
    idOf: (widgetId) => widgetId,
    share: true,
    async run(businessId, widgetIds) {
      const rows = await tenantStatement<WidgetWithData>(db, businessId, WIDGET_DATA, [widgetIds]);
      const found = new Map(rows.map((row) => [row.widgetId, row]));
      return widgetIds.map((id) => found.get(id));
    },
  });
