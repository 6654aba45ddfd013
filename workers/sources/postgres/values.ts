import { types } from 'pg';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What a column holds, in words a client can use; everything without one of its own is `text`. */
export type ColumnType =
  'number' | 'text' | 'boolean' | 'date' | 'timestamp' | 'time' | 'interval' | 'json' | 'bytes' | 'array';

interface ColumnReader {
  type: ColumnType;
  read: (text: string) => JsonValue;
}

/** Decimal digits that every double holds (IEEE 754): with so many, number → text → number loses nothing. */
const EXACT_DIGITS = 15;
/** Between these, in size, doubles have their full precision. */
const SMALLEST_EXACT = 1e-290;
const LARGEST_EXACT = 1e300;

/**
 * bigint and numeric: a JSON number where a double holds exactly this value, else its decimal digits as a
 * string. NaN and the infinities, which JSON does not have, become null.
 */
export function exactNumber(text: string): JsonValue {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return null;
  const number = Number(text);
  if (Number.isSafeInteger(number) && !text.includes('.')) return number;
  const digits = text.replace(/[-.]/g, '').replace(/^0+/, '');
  const significant = text.includes('.') ? digits.replace(/0+$/, '') : digits;
  if (significant.length === 0) return 0;
  const size = Math.abs(number);
  const isExact = significant.length <= EXACT_DIGITS && size > SMALLEST_EXACT && size < LARGEST_EXACT;
  return isExact ? number : text;
}

function double(text: string): JsonValue {
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** `2024-05-01 12:30:00.123456+02` as ISO 8601, with every digit and the offset it came with (+00 is Z). */
function timestamp(text: string): JsonValue {
  if (text.endsWith('infinity')) return null;
  const parts = /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(?::?(\d\d))?(?::\d\d)?)?$/.exec(
    text,
  );
  if (!parts) return text;
  const [, date, time, hours, minutes = '00'] = parts;
  if (hours === undefined) return `${date}T${time}`;
  return `${date}T${time}${hours === '+00' && minutes === '00' ? 'Z' : `${hours}:${minutes}`}`;
}

const date = (text: string): JsonValue => (text.endsWith('infinity') ? null : text);

function json(text: string): JsonValue {
  const value: JsonValue = JSON.parse(text);
  return value;
}

/** `\x0102` as base64. */
const bytes = (text: string): JsonValue => Buffer.from(text.replace(/^\\x/, ''), 'hex').toString('base64');

const scalar = (type: ColumnType, read: ColumnReader['read'] = (text) => text): ColumnReader => ({
  type,
  read,
});

/** By the type's OID, which is the same on every server (pg_type.dat). */
const SCALARS: ReadonlyMap<number, ColumnReader> = new Map([
  [16, scalar('boolean', (text) => text === 't')],
  [17, scalar('bytes', bytes)],
  [20, scalar('number', exactNumber)],
  [21, scalar('number', double)],
  [23, scalar('number', double)],
  [26, scalar('number', double)],
  [700, scalar('number', double)],
  [701, scalar('number', double)],
  [1700, scalar('number', exactNumber)],
  [114, scalar('json', json)],
  [3802, scalar('json', json)],
  [1082, scalar('date', date)],
  [1083, scalar('time')],
  [1266, scalar('time')],
  [1114, scalar('timestamp', timestamp)],
  [1184, scalar('timestamp', timestamp)],
  [1186, scalar('interval')],
]);

const TEXT = scalar('text');
const TEXT_ARRAY_OID = 1009;

/** Arrays, by their OID, and what their elements are. */
const ELEMENTS: ReadonlyMap<number, ColumnReader> = new Map(
  [
    [1000, 16],
    [1001, 17],
    [1016, 20],
    [1005, 21],
    [1007, 23],
    [1028, 26],
    [1021, 700],
    [1022, 701],
    [1231, 1700],
    [199, 114],
    [3807, 3802],
    [1182, 1082],
    [1183, 1083],
    [1270, 1266],
    [1115, 1114],
    [1185, 1184],
    [1187, 1186],
    [TEXT_ARRAY_OID, 0],
    [1015, 0],
    [1014, 0],
    [1002, 0],
    [1003, 0],
    [2951, 0],
  ].map(([array, element]) => [array ?? 0, SCALARS.get(element ?? 0) ?? TEXT]),
);

// The type of its first parameter lists scalars only.
const parseTextArray = types.getTypeParser(TEXT_ARRAY_OID as number, 'text') as (text: string) => unknown;

function readArray(value: unknown, element: ColumnReader): JsonValue {
  if (Array.isArray(value)) return value.map((entry: unknown) => readArray(entry, element));
  return typeof value === 'string' ? element.read(value) : null;
}

/** How a column of this type becomes JSON. */
export function columnReader(typeOid: number): ColumnReader {
  const element = ELEMENTS.get(typeOid);
  if (element) return scalar('array', (text) => readArray(parseTextArray(text), element));
  return SCALARS.get(typeOid) ?? TEXT;
}
