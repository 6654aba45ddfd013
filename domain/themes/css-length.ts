import { NUMBER, numberText, round } from './css-number';

const LENGTH = new RegExp(`^(${NUMBER})(px|rem|em)$`);

/** Longest length of each unit: `9999px` is how a pill is written. */
const MOST: Record<string, number> = { px: 9_999, rem: 625, em: 625 };

/** What of a length JSON Schema can tell. */
export const LENGTH_SHAPE = /^\s*(?:0|\+?(?:\d+(?:\.\d+)?|\.\d+)(?:px|rem|em|PX|REM|EM))\s*$/;

/**
 * Parses a CSS length of zero or more.
 * @returns its canonical text, like `8px` or `0.5rem` (zero with its unit: in `calc()` a bare 0 is no length), or
 *   undefined for whatever else
 */
export function canonicalLength(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === '0') return '0px';
  const [, number, unit = ''] = LENGTH.exec(trimmed) ?? [];
  if (number === undefined) return undefined;
  const value = round(Number(number));
  return value >= 0 && value <= (MOST[unit] ?? 0) ? `${numberText(value)}${unit}` : undefined;
}
