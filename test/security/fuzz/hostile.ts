import fc from 'fast-check';

/**
 * JSON text that no JavaScript value stands for, as it goes on the wire: {@link textOf} puts it in place of this.
 * @example new Raw('1e400')
 */
export class Raw {
  constructor(readonly text: string) {}
  toJSON(): string {
    return `@@${Buffer.from(this.text).toString('hex')}@@`;
  }
}

/** A value as JSON, with what is {@link Raw} as it is. */
export const textOf = (value: unknown): string =>
  (JSON.stringify(value) ?? '').replace(/"@@([0-9a-f]*)@@"/g, (_, hex: string) =>
    Buffer.from(hex, 'hex').toString(),
  );

const nested = (depth: number): unknown =>
  Array.from({ length: depth }).reduce((inner) => [inner], 0 as unknown);

/** Numbers that a bigint, an int4 or a float has trouble with. */
const NUMBERS = [
  0,
  -1,
  0.1,
  2_147_483_648,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  new Raw('-0'),
  new Raw('9007199254740993'),
  new Raw('1e400'),
  new Raw('1E+2'),
  new Raw('9'.repeat(400)),
  new Raw('0.0000000000000000000000000001'),
];

const TEXTS = [
  '',
  ' ',
  'null',
  'NaN',
  '-Infinity',
  '1e999',
  '9007199254740993',
  '-0',
  '__proto__',
  'constructor',
  'toString',
  "' or '1'='1",
  "x'; drop table widgets --",
  '$.a[?(@.b > 1)]',
  '{a,b}',
  '%s%n%00',
  '$1',
  '\\u0000',
  '../../../etc/passwd',
  '\r\nSet-Cookie: a=b',
  '\u202Eabc\u0301\uFEFF',
  'İ'.repeat(50),
  'x'.repeat(10_000),
  '👩‍👩‍👧‍👧'.repeat(500),
  '0001-01-01',
  '-271821-04-20',
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  '99999-01-01T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'https://[::1]:99999/',
  'javascript:alert(1)',
  '=cmd|a',
];

/** Texts that Postgres can't store: half a surrogate pair, and U+0000. */
const UNSTORABLE = ['\uD800', 'a\uDFFFb', '\0', 'a\0b'];

const SHAPES = [
  null,
  true,
  [],
  {},
  [[]],
  [null],
  { length: -1 },
  { toString: 1, valueOf: null },
  { $gt: '' },
  nested(18),
  nested(40),
  new Raw('{"__proto__":{"role":"admin"}}'),
  new Raw('{"constructor":{"prototype":{"role":"admin"}}}'),
  new Raw('{"a":1,"a":2}'),
  new Raw('{"":{"":{"":0}}}'),
];

export const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.constantFrom(...UNSTORABLE) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

/** Mutations change values in place. */
const ownCopy = (value: unknown): unknown => (value instanceof Raw ? value : structuredClone(value));

/** Whatever nobody sends who means well. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: hostileText },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...SHAPES).map(ownCopy) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** Names of fields that no schema has. */
export const hostileKey = fc.constantFrom(
  'isAdmin',
  'businessId',
  'business_id',
  'id',
  'version',
  'constructor',
  'hasOwnProperty',
  'then',
  '__defineGetter__',
  '',
  'a.b',
  'a:b',
  "config->>'x'",
  '$where',
  '🦓',
);
