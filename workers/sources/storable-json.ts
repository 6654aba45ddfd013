import { SourceError } from '../../lib/errors';

/** Deepest nesting we store. Code that walks data recursively (ours, our clients') holds out far longer. */
const MAX_DEPTH = 100;

/** A surrogate that has no partner; with the `u` flag a proper pair is one character and does not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

const notStorable = (message: string) => new SourceError('not_storable', message);

function checkText(text: string): void {
  if (text.includes('\0'))
    throw notStorable('The data holds a NUL character (\\u0000), which can not be stored.');
  if (LONE_SURROGATE.test(text)) {
    throw notStorable(
      'The data holds half of a character (a lone UTF-16 surrogate), which can not be stored.',
    );
  }
}

function check(value: unknown, depth: number): void {
  if (typeof value === 'string') return checkText(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw notStorable('The data holds a number that is too large.');
  }
  if (value === null || typeof value !== 'object') return;
  if (depth > MAX_DEPTH) throw notStorable(`The data is nested more than ${MAX_DEPTH} levels deep.`);
  // JSON.parse makes it a plain own property; the first Object.assign further on would make it a prototype.
  if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__');
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) checkText(key);
    check(item, depth + 1);
  }
}

/**
 * Data as Postgres takes it for jsonb, which refuses `\u0000` and lone surrogates (PostgreSQL manual, 8.14).
 * Removes `__proto__` keys in place.
 * @param value what JSON.parse gave
 * @throws SourceError `not_storable`
 */
export function toStorable<T>(value: T): T {
  check(value, 1);
  return value;
}
