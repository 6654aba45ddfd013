/** Colours that every theme has (product.md, themes). */
export const THEME_COLORS = [
  'background',
  'foreground',
  'primary',
  'secondary',
  'muted',
  'accent',
  'destructive',
] as const;
export type ThemeColor = (typeof THEME_COLORS)[number];

/** What a person writes into a theme. Every value is in its canonical text (css-color, css-length). */
export interface ThemeInput {
  name: string;
  mode: 'light' | 'dark';
  colors: Record<ThemeColor, string>;
  /** Further colours and lengths, by the name that their CSS variable has. */
  tokens: Record<string, string>;
  borderRadius: string;
}

/** The CSS variable of the border radius. */
export const RADIUS_VARIABLE = 'radius';

/** Names that a theme's own parts have in CSS, so that no further token may take them. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([...THEME_COLORS, RADIUS_VARIABLE]);
