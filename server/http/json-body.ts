import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import secureJson from 'secure-json-parse';
import { badRequest, HttpError } from '../../lib/errors';

/** Largest body, bytes (product.md: 100 KB; a route may allow more). */
export const MAX_BODY_BYTES = 102_400;
/** Deepest nesting of a body. */
const MAX_DEPTH = 20;

/**
 * Reads a JSON body.
 * @returns undefined where there is none
 * @throws HttpError 400, 413 or 415, naming what is wrong
 */
export async function readJsonBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === '') return undefined;
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new HttpError(415, 'unsupported_media_type', 'Send the body as application/json.', [
      { path: 'Content-Type', message: 'must be application/json' },
    ]);
  }
  let body: unknown;
  try {
    body = secureJson.parse(text, undefined, { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    const isForbidden = (error as Error).message.includes('forbidden prototype property');
    const message = isForbidden ? 'holds a forbidden key (__proto__ or constructor)' : 'is not valid JSON';
    throw badRequest(`The body ${message}.`, [{ path: 'body', message }], 'invalid_json');
  }
  assertStorable(body, 'body');
  return body;
}

async function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  const encoding = request.headers['content-encoding'];
  if (encoding && encoding !== 'identity') {
    throw new HttpError(415, 'unsupported_encoding', 'Send the body without a Content-Encoding.', [
      { path: 'Content-Encoding', message: 'must not be set' },
    ]);
  }
  const tooLarge = () =>
    new HttpError(
      413,
      'body_too_large',
      `The body is larger than ${maxBytes} bytes.`,
      [{ path: 'body', message: `must be at most ${maxBytes} bytes` }],
      { Connection: 'close' },
    );
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    // The client went away: nobody reads this, but the log should not call it a failure of ours.
    throw badRequest('The body ended too early.', undefined, 'request_aborted');
  }
  const bytes = Buffer.concat(chunks);
  // Decoding would put U+FFFD in place of what it can't read, and that would be stored.
  if (!isUtf8(bytes)) {
    throw badRequest(
      'The body is not valid UTF-8.',
      [{ path: 'body', message: 'is not valid UTF-8' }],
      'invalid_json',
    );
  }
  return bytes.toString('utf8');
}

/**
 * Refuses what Postgres can't store (U+0000, half a surrogate pair) and what is nested too deep, wherever it
 * stands; without recursion, so that no nesting can exhaust the stack.
 * @throws HttpError 400 naming the place
 */
export function assertStorable(value: unknown, root: string): void {
  const pending: { value: unknown; path: string; depth: number }[] = [{ value, path: root, depth: 0 }];
  for (let item = pending.pop(); item; item = pending.pop()) {
    const { path, depth } = item;
    if (typeof item.value === 'string') assertText(item.value, path);
    if (typeof item.value !== 'object' || item.value === null) continue;
    if (depth >= MAX_DEPTH) {
      throw badRequest(`The body is nested deeper than ${MAX_DEPTH} levels.`, [
        { path: path.slice(0, 200), message: `is nested deeper than ${MAX_DEPTH} levels` },
      ]);
    }
    for (const [key, child] of Object.entries(item.value)) {
      assertText(key, path);
      pending.push({ value: child, path: path === 'body' ? key : `${path}.${key}`, depth: depth + 1 });
    }
  }
}

function assertText(text: string, path: string): void {
  if (!text.includes('\0') && text.isWellFormed()) return;
  const message = 'holds a character that can’t be stored (U+0000 or half a surrogate pair)';
  throw badRequest(`${path} ${message}.`, [{ path, message }]);
}
