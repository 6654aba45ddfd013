import { COLOR_NAMES } from './color-names';
import { NUMBER, numberText, round } from './css-number';

/** Longest text that is looked at: with every number at its longest and single spaces, none of the forms is longer. */
const MAX_CHARACTERS = 120;
const FULL_TURN = 360;
/** The chroma that CSS Color 4 calls 100 %, and the most that we take: no screen shows half of it. */
const CHROMA_OF_100_PERCENT = 0.4;
const MAX_CHROMA = 1;

const HEX = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/;
const FUNCTION = /^(?:(rgb|hsl)a?|(oklch))\(([^()]*)\)$/;
const COMPONENT = new RegExp(`^(${NUMBER})(%|deg)?$`);

/** What of a colour JSON Schema can tell: its outer form. */
export const COLOR_SHAPE =
  /^\s*(?:#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,20}|[a-zA-Z]{3,5}\([0-9a-zA-Z%.,/ +-]{5,110}\))\s*$/;

interface Component {
  value: number;
  unit: '' | '%' | 'deg';
}

/**
 * Parses a colour: `#rgb[a]`, `#rrggbb[aa]`, `rgb()`, `hsl()`, `oklch()` with commas or spaces, or a name of CSS
 * Color 4. Values beyond their range are refused, not clamped. Our own grammar, since what it lets through goes
 * into style sheets: it makes the text anew from parsed numbers and passes on no character of the input.
 * @returns the canonical text, or undefined for whatever else: `#rrggbb[aa]` for all that is sRGB, else the
 *   function with spaces (`oklch(0.7 0.1 200 / 0.5)`). It is the canonical text of itself.
 */
export function canonicalColor(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const lower = text.trim().toLowerCase();
  if (HEX.test(lower)) return hexText(lower.slice(1));
  const named = lower === 'transparent' ? '00000000' : COLOR_NAMES.get(lower);
  if (named !== undefined) return hexText(named);
  const [, srgb, name = srgb, inside = ''] = FUNCTION.exec(lower) ?? [];
  if (name === undefined) return undefined;
  const parts = partsOf(inside, name);
  if (!parts) return undefined;
  const alpha = parts.alpha === undefined ? 1 : alphaOf(parts.alpha);
  if (alpha === undefined) return undefined;
  if (name === 'rgb') return rgbText(parts.channels, alpha);
  return name === 'hsl' ? hslText(parts.channels, alpha) : oklchText(parts.channels, alpha);
}

/** `1, 2, 3[, 4]` or `1 2 3[ / 4]`. oklch has no form with commas. */
function partsOf(inside: string, name: string) {
  const hasCommas = inside.includes(',');
  if (hasCommas && (inside.includes('/') || name === 'oklch')) return undefined;
  const [front = '', back, ...more] = inside.split('/');
  if (more.length > 0) return undefined;
  const texts = front.trim().split(hasCommas ? /\s*,\s*/ : /\s+/);
  if (texts.length !== 3 && !(hasCommas && texts.length === 4)) return undefined;
  const components = [...texts, ...(back === undefined ? [] : [back.trim()])].map(componentOf);
  const [a, b, c, alpha] = components;
  if (!a || !b || !c || components.includes(undefined)) return undefined;
  return { channels: [a, b, c] as const, alpha };
}

function componentOf(text: string): Component | undefined {
  const [, number, unit = ''] = COMPONENT.exec(text) ?? [];
  return number === undefined ? undefined : { value: Number(number), unit: unit as Component['unit'] };
}

/** @returns 0 to 1, or undefined beyond it */
function alphaOf({ value, unit }: Component): number | undefined {
  if (unit === 'deg') return undefined;
  return within(round(unit === '%' ? value / 100 : value), 1);
}

const within = (value: number, most: number): number | undefined =>
  value >= 0 && value <= most ? value : undefined;

type Channels = readonly [Component, Component, Component];

const byteText = (value: number): string => Math.round(value).toString(16).padStart(2, '0');

function rgbText(channels: Channels, alpha: number): string | undefined {
  const units = new Set(channels.map(({ unit }) => unit));
  if (units.size > 1 || units.has('deg')) return undefined;
  const bytes = channels.map(({ value, unit }) => within(unit === '%' ? value * 2.55 : value, 255));
  if (bytes.includes(undefined)) return undefined;
  return hexText([...bytes, alpha * 255].map((value) => byteText(value ?? 0)).join(''));
}

function hslText([hue, saturation, lightness]: Channels, alpha: number): string | undefined {
  const [s, l] = [percentOf(saturation), percentOf(lightness)];
  const h = hueOf(hue);
  if (h === undefined || s === undefined || l === undefined) return undefined;
  return `hsl(${numberText(h)} ${numberText(s)}% ${numberText(l)}%${alphaText(alpha)})`;
}

function oklchText([lightness, chroma, hue]: Channels, alpha: number): string | undefined {
  const l = within(lightness.unit === '%' ? lightness.value / 100 : lightness.value, 1);
  const c = within(
    chroma.unit === '%' ? (chroma.value / 100) * CHROMA_OF_100_PERCENT : chroma.value,
    MAX_CHROMA,
  );
  const h = hueOf(hue);
  if (h === undefined || l === undefined || c === undefined) return undefined;
  if (lightness.unit === 'deg' || chroma.unit === 'deg') return undefined;
  return `oklch(${numberText(l)} ${numberText(c)} ${numberText(h)}${alphaText(alpha)})`;
}

const percentOf = ({ value, unit }: Component): number | undefined =>
  unit === '%' ? within(value, 100) : undefined;

/** Any number of degrees, as the one from 0 to 360 that it means. */
function hueOf({ value, unit }: Component): number | undefined {
  if (unit === '%') return undefined;
  return round(((value % FULL_TURN) + FULL_TURN) % FULL_TURN) % FULL_TURN;
}

const alphaText = (alpha: number): string => (alpha === 1 ? '' : ` / ${numberText(alpha)}`);

/** 3, 4, 6 or 8 digits as 6, or as 8 where they are not opaque. */
function hexText(digits: string): string {
  const long = digits.length < 6 ? digits.replace(/./g, '$&$&') : digits;
  return `#${long.endsWith('ff') && long.length === 8 ? long.slice(0, 6) : long}`;
}
