import fc from 'fast-check';
import { COLOR_NAMES } from '../../domain/themes/color-names';
import { THEME_COLORS } from '../../domain/themes/theme';

/** A number of CSS from `min` to `max`, in one of the ways in which it can be written. */
const number = (min: number, max: number) =>
  fc.tuple(fc.double({ min, max, noNaN: true }), fc.nat(8), fc.boolean()).map(([value, decimals, short]) => {
    const text = Math.min(max, Math.max(min, value)).toFixed(decimals);
    return short ? text.replace(/^(-?)0\./, '$1.') : text;
  });
const percent = number(0, 100).map((text) => `${text}%`);
const hue = fc.tuple(number(-720, 720), fc.constantFrom('', 'deg')).map((parts) => parts.join(''));
const alpha = fc.oneof(number(0, 1), percent);
const blank = fc.constantFrom(' ', '  ');

/** Channels and perhaps an alpha as `name(a b c / d)`, or with commas where the function has that form. */
const inFunction = (name: string, channels: fc.Arbitrary<string>[], hasCommas: boolean) =>
  fc
    .tuple(
      fc.tuple(...channels),
      fc.option(alpha, { nil: undefined }),
      blank,
      hasCommas ? fc.boolean() : fc.constant(false),
    )
    .map(([values, opacity, space, commas]) => {
      if (commas) return `${name}(${[...values, ...(opacity ? [opacity] : [])].join(`,${space}`)})`;
      return `${name}(${values.join(space)}${opacity ? `${space}/${space}${opacity}` : ''})`;
    });

const hexDigits = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdefABCDEF'.split('')), { minLength: length, maxLength: length })
    .map((digits) => `#${digits.join('')}`);

/** Every form of a colour that a theme takes. */
export const colorArbitrary = fc.oneof(
  ...[3, 4, 6, 8].map(hexDigits),
  fc.constantFrom(...COLOR_NAMES.keys(), 'transparent', 'RebeccaPurple'),
  inFunction('rgb', [number(0, 255), number(0, 255), number(0, 255)], true),
  inFunction('rgba', [percent, percent, percent], true),
  inFunction('hsl', [hue, percent, percent], true),
  inFunction('hsla', [hue, percent, percent], true),
  inFunction('oklch', [fc.oneof(number(0, 1), percent), number(0, 1), hue], false),
);

export const lengthArbitrary = fc.oneof(
  fc.constant('0'),
  number(0, 9_999).map((text) => `${text}px`),
  fc.tuple(number(0, 625), fc.constantFrom('rem', 'em', 'REM')).map((parts) => parts.join('')),
);

const tokenName = fc
  .array(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 1, maxLength: 4 })
  .map((words) => `x${words.join('-')}`);

/** A theme as a person may post it. */
export const themeArbitrary = fc.record({
  name: fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((name) => name.trim() !== '' && name.isWellFormed() && !name.includes('\0')),
  mode: fc.constantFrom('light', 'dark'),
  colors: fc.record(Object.fromEntries(THEME_COLORS.map((color) => [color, colorArbitrary]))),
  tokens: fc.dictionary(tokenName, fc.oneof(colorArbitrary, lengthArbitrary), { maxKeys: 20 }),
  borderRadius: lengthArbitrary,
});
