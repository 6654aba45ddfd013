import { z } from 'zod';
import { canonicalColor, COLOR_SHAPE } from '../../../domain/themes/css-color';
import { canonicalLength, LENGTH_SHAPE } from '../../../domain/themes/css-length';
import { EXPORT_FORMAT, EXPORT_VERSION } from '../../../domain/themes/export';
import { RESERVED_NAMES, THEME_COLORS, type ThemeColor } from '../../../domain/themes/theme';

/** Most tokens beside the required colours. A theme at this limit is some 70 KB, and goes to each device at once. */
const MAX_TOKENS = 500;
const TOKEN_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_TOKEN_NAME = 64;

const NO_COLOR = 'is not a colour: use #rrggbb, rgb(), hsl(), oklch() or a colour’s name';
const NO_LENGTH = 'is not a length: use 0 to 9999 px, or 0 to 625 rem or em';
const NO_VALUE = 'is neither a colour (#rrggbb, rgb(), hsl(), oklch(), a name) nor a length (px, rem, em)';

/** A text that `parse` understands, as the canonical text that `parse` makes of it. `shape` is for OpenAPI. */
const parsed = (shape: RegExp, parse: (text: string) => string | undefined, message: string) =>
  z
    .string()
    .regex(shape, { error: message, abort: true })
    .refine((text) => parse(text) !== undefined, message)
    .overwrite((text) => parse(text) ?? text);

const color = parsed(COLOR_SHAPE, canonicalColor, NO_COLOR);
const length = parsed(LENGTH_SHAPE, canonicalLength, NO_LENGTH);
const value = parsed(
  new RegExp(`${COLOR_SHAPE.source}|${LENGTH_SHAPE.source}`),
  (text) => canonicalColor(text) ?? canonicalLength(text),
  NO_VALUE,
);

const tokenName = z
  .string()
  .max(MAX_TOKEN_NAME)
  .regex(TOKEN_NAME, 'is not a name like "chart-1": small letters, digits and single hyphens')
  .refine((name) => !RESERVED_NAMES.has(name), 'is a name that a theme’s own part has');

const colors = z.strictObject(
  Object.fromEntries(THEME_COLORS.map((name) => [name, color])) as Record<ThemeColor, typeof color>,
);
const tokens = z
  .record(tokenName, value)
  .refine((record) => Object.keys(record).length <= MAX_TOKENS, `must be at most ${MAX_TOKENS} tokens`);

const fields = {
  name: z.string().trim().min(1, 'must not be empty').max(200),
  mode: z.enum(['light', 'dark']),
  colors,
  tokens,
  borderRadius: length,
};

export const createThemeBody = z.strictObject({ ...fields, tokens: tokens.default({}) });

/** Colours are changed one by one; tokens as a whole, so that one can go. */
export const updateThemeBody = z
  .strictObject({ ...fields, colors: colors.partial() })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field');

export const exportedTheme = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  version: z.literal(EXPORT_VERSION),
  theme: z.strictObject(fields),
});

export const exportQuery = z.strictObject({ format: z.enum(['json', 'css']).default('json') });

export const themeSchema = z.strictObject({
  id: z.uuid(),
  userId: z.uuid(),
  name: z.string(),
  mode: fields.mode,
  colors: z.strictObject(
    Object.fromEntries(THEME_COLORS.map((name) => [name, z.string()])) as Record<ThemeColor, z.ZodString>,
  ),
  tokens: z.record(z.string(), z.string()),
  borderRadius: z.string(),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
