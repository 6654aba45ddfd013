export interface PreferencesRow {
  id: string;
  businessId: string;
  userId: string;
  locale: string | null;
  themeMode: 'light' | 'dark' | 'system';
  activeThemeId: string | null;
  activeDashboardId: string | null;
  defaultDashboardId: string | null;
  sidebarCollapsed: boolean;
  sidebarWidth: number;
  version: number;
  updatedAt: Date;
}

export interface PresentedPreferences extends Omit<
  PreferencesRow,
  'businessId' | 'sidebarCollapsed' | 'sidebarWidth' | 'updatedAt'
> {
  /** Width in CSS pixels. */
  sidebar: { collapsed: boolean; width: number };
  updatedAt: string;
}

export const presentPreferences = (row: PreferencesRow): PresentedPreferences => ({
  id: row.id,
  userId: row.userId,
  locale: row.locale,
  themeMode: row.themeMode,
  activeThemeId: row.activeThemeId,
  activeDashboardId: row.activeDashboardId,
  defaultDashboardId: row.defaultDashboardId,
  sidebar: { collapsed: row.sidebarCollapsed, width: row.sidebarWidth },
  version: row.version,
  updatedAt: row.updatedAt.toISOString(),
});
