import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { SourceError } from '../../../lib/errors';
import { retryAfterMs } from './retry-after';

const PAUSING = new Set([401, 403]);
/** The two statuses with which Retry-After tells when to come back (RFC 9110, 15.6.4; RFC 6585, 4). */
const WAITING = new Set([429, 503]);

/**
 * Lets a 2xx pass.
 * @throws SourceError `http_status` for every other: 401 and 403 pause, 429 and 503 carry `retryAfterMs`
 */
export function demandSuccess(response: IncomingMessage): void {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  const answered = `The server answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  if (PAUSING.has(status)) {
    throw new SourceError('http_status', `${answered}: the credentials are missing, wrong or not enough.`, {
      failure: 'pause',
    });
  }
  const wait = WAITING.has(status) ? retryAfterMs(response.headers['retry-after'], Date.now()) : undefined;
  throw new SourceError('http_status', `${answered}.`, { retryAfterMs: wait });
}
