import type { ThemeColor } from '../themes/theme';

export interface ThemeRow {
  id: string;
  businessId: string;
  userId: string;
  name: string;
  mode: 'light' | 'dark';
  colors: Record<ThemeColor, string>;
  tokens: Record<string, string>;
  borderRadius: string;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface PresentedTheme extends Omit<ThemeRow, 'businessId' | 'createdAt' | 'updatedAt'> {
  createdAt: string;
  updatedAt: string;
}

/** Whether it is active is not in it: that stands in the person's preferences, as `activeThemeId`. */
export const presentTheme = (row: ThemeRow): PresentedTheme => ({
  id: row.id,
  userId: row.userId,
  name: row.name,
  mode: row.mode,
  colors: row.colors,
  tokens: row.tokens,
  borderRadius: row.borderRadius,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
