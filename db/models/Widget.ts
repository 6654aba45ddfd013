import { TenantModel } from './tenant-model';

/** A row of `widgets`. The JSON columns are valid: only parsed input is written. */
export class Widget extends TenantModel {
  static override tableName = 'widgets';
  static override jsonAttributes = ['config', 'source', 'schedule'];

  ownerId!: string | null;
  name!: string;
  type!: 'stats' | 'chart' | 'table' | 'calendar' | 'custom';
  config!: Record<string, unknown>;
  source!: Record<string, unknown>;
  connectionId!: string | null;
  schedule!: Record<string, unknown> | null;
  ttlSeconds!: number | null;
  refreshWhen!: 'always' | 'watched';
  scope!: 'business' | 'user';
}
