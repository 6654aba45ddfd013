import { TenantModel } from './tenant-model';

/** A row of `preferences`: one per person and business. */
export class Preferences extends TenantModel {
  static override tableName = 'preferences';

  userId!: string;
  locale!: string | null;
  themeMode!: 'light' | 'dark' | 'system';
  activeThemeId!: string | null;
  activeDashboardId!: string | null;
  defaultDashboardId!: string | null;
  sidebarCollapsed!: boolean;
  sidebarWidth!: number;
}
