import type { Schedule } from '../refresh/schedule';
import type { WidgetSource } from '../widgets/source-schemas';
import type { WidgetType } from '../widgets/types';

export interface WidgetRow {
  id: string;
  businessId: string;
  ownerId: string | null;
  name: string;
  type: WidgetType;
  config: Record<string, unknown>;
  source: WidgetSource;
  schedule: Schedule | null;
  ttlSeconds: number | null;
  refreshWhen: 'always' | 'watched';
  scope: 'business' | 'user';
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface PresentedWidget extends Omit<WidgetRow, 'businessId' | 'createdAt' | 'updatedAt'> {
  createdAt: string;
  updatedAt: string;
}

/** A widget's definition. What it shows is beside it, at `/widgets/:id/data`. */
export const presentWidget = (row: WidgetRow): PresentedWidget => ({
  id: row.id,
  ownerId: row.ownerId,
  name: row.name,
  type: row.type,
  config: row.config,
  source: row.source,
  schedule: row.schedule,
  ttlSeconds: row.ttlSeconds,
  refreshWhen: row.refreshWhen,
  scope: row.scope,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
