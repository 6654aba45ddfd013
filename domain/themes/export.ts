import type { ThemeRow } from '../presenters/theme';
import { RADIUS_VARIABLE, type ThemeInput } from './theme';

/** A theme as a file: what a person wrote, without what ties it to them. */
export interface ExportedTheme {
  format: typeof EXPORT_FORMAT;
  /** Of the format. */
  version: typeof EXPORT_VERSION;
  theme: ThemeInput;
}

export const EXPORT_FORMAT = 'liveboard-theme';
export const EXPORT_VERSION = 1;

export const exportTheme = ({ name, mode, colors, tokens, borderRadius }: ThemeRow): ExportedTheme => ({
  format: EXPORT_FORMAT,
  version: EXPORT_VERSION,
  theme: { name, mode, colors, tokens, borderRadius },
});

/**
 * A style sheet that sets the theme's values as variables. Safe to include: names and values were parsed when they
 * were stored, and the theme's name, which is free text, is not in it.
 */
export function themeCss({ mode, colors, tokens, borderRadius }: ThemeRow): string {
  const variables = { ...colors, [RADIUS_VARIABLE]: borderRadius, ...tokens };
  const lines = Object.entries(variables).map(([name, value]) => `  --${name}: ${value};`);
  return [':root {', `  color-scheme: ${mode};`, ...lines, '}', ''].join('\n');
}
