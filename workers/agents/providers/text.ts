import type { ProviderEvent } from './provider';

/** Nothing for what is no text, or empty: servers send both between the pieces that matter. */
export function* textEvent(value: unknown): Iterable<ProviderEvent> {
  if (typeof value === 'string' && value !== '') yield { type: 'text', text: value };
}

/** Output that isn't the reply (provider.ts, `hidden`). */
export function* hiddenEvent(value: unknown): Iterable<ProviderEvent> {
  if (typeof value === 'string' && value !== '') yield { type: 'hidden', bytes: Buffer.byteLength(value) };
}

/** Text, or undefined for anything else and for none. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Is it a JSON object, so that a tool could take it as its arguments? */
export function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
