/** A widget's data as REST, events and sync show it (product.md, `GET /widgets/:id/data`). */
export interface PresentedWidgetData {
  widgetId: string;
  data: unknown;
  version: number;
  status: 'ok' | 'pending' | 'failing' | 'paused';
  error: { code: string; message: string } | null;
  /** ISO 8601; null before the first success. */
  refreshedAt: string | null;
  /** Older than the widget's time to live. */
  stale: boolean;
}

export interface WidgetDataRow {
  widgetId: string;
  data: unknown;
  version: number;
  status: PresentedWidgetData['status'];
  error: { code: string; message: string } | null;
  refreshedAt: Date | null;
  ttlSeconds: number | null;
}

export function isStale(refreshedAt: Date | null, ttlSeconds: number | null, now = Date.now()): boolean {
  if (!refreshedAt) return true;
  return ttlSeconds !== null && now - refreshedAt.getTime() > ttlSeconds * 1000;
}

export const presentWidgetData = (row: WidgetDataRow): PresentedWidgetData => ({
  widgetId: row.widgetId,
  data: row.data,
  version: row.version,
  status: row.status,
  error: row.error,
  refreshedAt: row.refreshedAt?.toISOString() ?? null,
  stale: isStale(row.refreshedAt, row.ttlSeconds),
});
