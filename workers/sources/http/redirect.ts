import type { IncomingMessage } from 'node:http';
import { SourceError } from '../../../lib/errors';
import type { HopRequest } from './request';
import { parseUrl } from './target';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Of a POST that becomes a GET, as every browser does it (Fetch standard, "HTTP-redirect fetch", 12). */
const OF_THE_BODY = ['content-type', 'content-language', 'content-encoding', 'content-location'];

const refuse = (message: string) => new SourceError('redirect_not_allowed', message);

/**
 * The request a redirect asks for, or undefined when the answer is not one. Another origin gets neither the
 * connection's headers nor the source's own (any of them may be a key), and no body.
 * @throws SourceError `redirect_not_allowed` | `url_not_allowed`
 */
export function nextHop(response: IncomingMessage, hop: HopRequest): HopRequest | undefined {
  const status = response.statusCode ?? 0;
  const location = response.headers.location;
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  const url = parseUrl(location, hop.url);
  const becomesGet = hop.method === 'POST' && (status === 301 || status === 302 || status === 303);
  const headers = new Map(hop.headers);
  if (becomesGet) for (const name of OF_THE_BODY) headers.delete(name);
  const body = becomesGet ? undefined : hop.body;
  const next = { ...hop, url, headers, method: becomesGet ? 'GET' : hop.method, body };
  if (url.origin === hop.url.origin) return next;
  if (body !== undefined) throw refuse('The server redirects the request and its body to another server.');
  return { ...next, headers: new Map(Object.entries(OUR_HEADERS)) };
}

/** What every request says of itself, whoever it goes to. */
export const OUR_HEADERS: Record<string, string> = {
  accept: 'application/json',
  'accept-encoding': 'gzip, deflate, br',
  'user-agent': 'liveboard',
};
