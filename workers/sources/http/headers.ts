import { validateHeaderName, validateHeaderValue } from 'node:http';
import { SourceError } from '../../../lib/errors';

/**
 * Headers that are not the user's to set: those of the connection itself (RFC 9110, 7.6.1), those that frame the
 * message, and those that we negotiate. Naming one is refused, so that nobody wonders why it has no effect.
 */
const OURS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const refuse = (message: string) => new SourceError('header_not_allowed', message, { failure: 'pause' });

/**
 * Puts headers together under lower-case names, later ones over earlier ones.
 * @throws SourceError `header_not_allowed`; the message names the header and not its value
 */
export function mergeHeaders(...all: Record<string, string>[]): Map<string, string> {
  const merged = new Map<string, string>();
  for (const [name, value] of all.flatMap((headers) => Object.entries(headers))) {
    const key = name.toLowerCase();
    if (OURS.has(key)) throw refuse(`The header "${name}" is set by the platform and can not be given.`);
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      // Without the cause: its message quotes the value.
      throw refuse(
        `The header ${JSON.stringify(name.slice(0, 100))} holds characters that a header can not hold.`,
      );
    }
    merged.set(key, value);
  }
  return merged;
}
