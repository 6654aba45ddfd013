import fc from 'fast-check';
import { canonicalColor } from '../../../domain/themes/css-color';
import { canonicalLength } from '../../../domain/themes/css-length';
import { colorArbitrary, lengthArbitrary } from '../../factories/themes';

/** What may reach a style sheet: no quote, colon, semicolon, brace, backslash or star. */
const SAFE = /^[a-z0-9#%.,() /-]+$/;

describe('a colour', () => {
  it.each([
    ['#FFF', '#ffffff'],
    ['#abcd', '#aabbccdd'],
    ['#12345678', '#12345678'],
    ['#123456FF', '#123456'],
    [' Red ', '#ff0000'],
    ['transparent', '#00000000'],
    ['rebeccapurple', '#663399'],
    ['rgb(1,2,3)', '#010203'],
    ['rgb(1 2 3 / 50%)', '#01020380'],
    ['rgba(1, 2, 3, .5)', '#01020380'],
    ['rgb(100% 0% 20%)', '#ff0033'],
    ['hsl(210 40% 98%)', 'hsl(210 40% 98%)'],
    ['hsla(-30deg, 10%, 20%, 1)', 'hsl(330 10% 20%)'],
    ['hsl(359.99999 0% 0.00001%)', 'hsl(0 0% 0%)'],
    ['oklch(70% 50% 200)', 'oklch(0.7 0.2 200)'],
    ['OKLCH(0.7 0.123456 90deg / 25%)', 'oklch(0.7 0.1235 90 / 0.25)'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalColor(text)).toBe(canonical);
  });

  it.each([
    '',
    '#12',
    '#12345',
    '#ggg',
    'nocolor',
    'currentcolor',
    'inherit',
    'var(--x)',
    'url(x)',
    'url(https://example.test/#fff)',
    'expression(alert(1))',
    'red;',
    'red}',
    'red /* */',
    'red !important',
    String.raw`\72 ed`,
    '#fff;background:url(x)',
    'rgb(1 2)',
    'rgb(1 2 3 4)',
    'rgb(1,2,3 / 4)',
    'rgb(1,,2,3)',
    'rgb(1 2% 3)',
    'rgb(256 0 0)',
    'rgb(-1 0 0)',
    'rgb(1e2 0 0)',
    'rgb(1 2 3 /)',
    'rgb(1 2 3 / 2)',
    'rgb(1 2 3 / 1deg)',
    'rgb(calc(1) 2 3)',
    'rgb(1 2 3) rgb(1 2 3)',
    'hsl(1 2 3)',
    'hsl(1% 2% 3%)',
    'hsl(1 101% 3%)',
    'oklch(none 0 0)',
    'oklch(0.7, 0.1, 20)',
    'oklcha(0.7 0.1 20)',
    'oklch(2 0.1 20)',
    'oklch(0.7 1.1 20)',
    'color(display-p3 1 0 0)',
    `rgb(${'1'.repeat(200)} 0 0)`,
  ])('is not %j', (text) => {
    expect(canonicalColor(text)).toBeUndefined();
  });

  it('comes out of whole bytes as they went in', () => {
    const byte = fc.nat(255);
    fc.assert(
      fc.property(byte, byte, byte, (...bytes) => {
        const hex = `#${Buffer.from(bytes).toString('hex')}`;
        expect(canonicalColor(`rgb(${bytes.join(' ')})`)).toBe(hex);
        expect(canonicalColor(hex.toUpperCase())).toBe(hex);
      }),
    );
  });
});

describe('a length', () => {
  it.each([
    ['0', '0px'],
    ['-0px', '0px'],
    ['.5rem', '0.5rem'],
    ['8PX', '8px'],
    ['9999px', '9999px'],
    ['1.23456em', '1.2346em'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalLength(text)).toBe(canonical);
  });

  it.each(['', '8', '8%', '-1px', '10000px', '626rem', '1e3px', '1px 2px', 'calc(1px)', '8px;', '8vw', 'px'])(
    'is not %j',
    (text) => {
      expect(canonicalLength(text)).toBeUndefined();
    },
  );
});

/** Texts near to what is accepted: its pieces and an attacker's, in any order. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'rgb(',
        'hsl(',
        'oklch(',
        'url(',
        'expression(',
        ')',
        ',',
        '/',
        ' ',
        '#',
        '%',
        'deg',
        'px',
      ),
      fc.constantFrom(
        'red',
        '0',
        '1',
        '.5',
        '255',
        '100%',
        ';',
        '}',
        '{',
        '/*',
        '*/',
        '\\',
        ':',
        '"',
        "'",
        '\n',
      ),
      fc.constantFrom('\u00a0', '\uff10', '\u212a', '\u0130', '<', '@import'),
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));
/** A valid text with something put into it. */
const spoiled = fc
  .tuple(fc.oneof(colorArbitrary, lengthArbitrary), fc.nat(40), fc.oneof(pieces, fc.string({ maxLength: 3 })))
  .map(([text, at, extra]) => text.slice(0, at) + extra + text.slice(at));
const anyText = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), pieces, spoiled);

describe.each([
  ['a colour', canonicalColor, colorArbitrary],
  ['a length', canonicalLength, lengthArbitrary],
] as const)('whatever is %s', (_, canonical, valid) => {
  it('is accepted in each of its forms, and is then the canonical text of itself', () => {
    fc.assert(
      fc.property(valid, (text) => {
        const result = canonical(text);
        expect([text, result]).toEqual([text, expect.stringMatching(SAFE)]);
        expect(canonical(result ?? '')).toBe(result);
      }),
      { numRuns: 2_000 },
    );
  });

  it('holds nothing that could end a declaration or fetch something, whatever was sent', () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyText, (text) => {
        const result = canonical(text);
        if (result === undefined) return;
        accepted += 1;
        expect([text, result]).toEqual([text, expect.stringMatching(SAFE)]);
        expect(result).not.toMatch(/url|expression|\/\*|\*\//);
        expect(canonical(result)).toBe(result);
      }),
      { numRuns: 5_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
