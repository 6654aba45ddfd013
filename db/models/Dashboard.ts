import type { LayoutItem } from '../layout-item';
import { TenantModel } from './tenant-model';

/** A row of `dashboards`. */
export class Dashboard extends TenantModel {
  static override tableName = 'dashboards';
  static override jsonAttributes = ['layout'];

  ownerId!: string;
  name!: string;
  description!: string;
  shared!: boolean;
  layout!: LayoutItem[];
}
