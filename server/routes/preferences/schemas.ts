import { z } from 'zod';
import { idSchema } from '../../http/lists';
import { localeSchema } from '../../http/locale';

/** Narrowest and widest sidebar, CSS pixels: between an icon's column and half of a small screen. */
const MIN_SIDEBAR_WIDTH = 48;
const MAX_SIDEBAR_WIDTH = 640;

const themeMode = z.enum(['light', 'dark', 'system']);
const collapsed = z.boolean();
const width = z.number().int().min(MIN_SIDEBAR_WIDTH).max(MAX_SIDEBAR_WIDTH);

export const updatePreferencesBody = z
  .strictObject({
    locale: localeSchema.nullable(),
    themeMode,
    activeThemeId: idSchema.nullable(),
    activeDashboardId: idSchema.nullable(),
    defaultDashboardId: idSchema.nullable(),
    sidebar: z
      .strictObject({ collapsed, width })
      .partial()
      .refine((sidebar) => Object.keys(sidebar).length > 0, 'must change at least one field'),
  })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field');

export const preferencesSchema = z.strictObject({
  id: z.uuid(),
  userId: z.uuid(),
  locale: z.string().nullable(),
  themeMode,
  activeThemeId: z.uuid().nullable(),
  activeDashboardId: z.uuid().nullable(),
  defaultDashboardId: z.uuid().nullable(),
  sidebar: z.strictObject({ collapsed, width }),
  version: z.number().int(),
  updatedAt: z.string(),
});
