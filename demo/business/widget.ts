import type { Schedule } from '../../domain/refresh/schedule';
import type { WidgetSource } from '../../domain/widgets/source-schemas';
import type { WidgetType } from '../../domain/widgets/types';
import type { WidgetInput } from '../../domain/widgets/write';
import { HEALTH_CONNECTION_ID, SALES_CONNECTION_ID } from './ids';

/** A widget of the demo and its size on a dashboard of twelve columns. */
export interface DemoWidget extends WidgetInput {
  size: { w: number; h: number };
}

interface Options {
  name: string;
  type: WidgetType;
  source: WidgetSource;
  schedule: Schedule | null;
  size: [w: number, h: number];
  config?: Record<string, unknown>;
  ttlSeconds?: number | null;
  refreshWhen?: 'always' | 'watched';
  scope?: 'business' | 'user';
}

/** Data older than this, seconds, is shown as stale, unless a widget says otherwise: a dozen missed refreshes. */
const TTL_SECONDS = 60;

export function widget({ size: [w, h], ...options }: Options): DemoWidget {
  return {
    config: {},
    ttlSeconds: TTL_SECONDS,
    refreshWhen: 'always',
    scope: 'business',
    ...options,
    size: { w, h },
  };
}

/** A query to the simulated shop. */
export const sales = (query: string): WidgetSource => ({
  kind: 'sql',
  connectionId: SALES_CONNECTION_ID,
  query: query.replace(/\s+/g, ' ').trim(),
  params: [],
});

/** A part of the platform's own health report, polled over HTTP as any other JSON endpoint. */
export const health = (select: string): WidgetSource => ({
  kind: 'http',
  connectionId: HEALTH_CONNECTION_ID,
  path: '/health',
  method: 'GET',
  headers: {},
  select,
});
