import type { IncomingMessage } from 'node:http';
import { promisify, TextDecoder } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { SourceError } from '../../../lib/errors';
import { errorCode } from '../error-code';

const tooLarge = (bytes: number) =>
  new SourceError('response_too_large', `The server's answer is larger than ${bytes / 1e6} MB.`);
const unreadable = (message: string, cause?: unknown) =>
  new SourceError('invalid_response', message, { cause });

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  // Some servers send raw deflate under this name; zlib's format begins with method 8 in the low four bits.
  deflate: (bytes: Buffer, options: { maxOutputLength: number }) =>
    ((bytes[0] ?? 0) & 0x0f) === 8
      ? promisify(inflate)(bytes, options)
      : promisify(inflateRaw)(bytes, options),
};

const isCoding = (name: string): name is keyof typeof DECODERS => Object.hasOwn(DECODERS, name);

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(response.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

/** One coding only: a chain of them serves nobody but who builds bombs. */
async function decompress(bytes: Buffer, coding: string, maxBytes: number): Promise<Buffer> {
  if (coding === '' || coding === 'identity' || bytes.length === 0) return bytes;
  if (!isCoding(coding))
    throw unreadable('The server compressed its answer in a way that is not understood.');
  try {
    return await DECODERS[coding](bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw errorCode(cause) === 'ERR_BUFFER_TOO_LARGE'
      ? tooLarge(maxBytes)
      : unreadable("The server's answer could not be decompressed.", cause);
  }
}

function decode(bytes: Buffer, contentType: string): string {
  const charset = /;\s*charset="?([\w.:-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch {
    // JSON is UTF-8 whatever an unknown label says (RFC 8259, 8.1).
    decoder = new TextDecoder('utf-8', { fatal: true });
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw unreadable(`The server's answer is not valid ${decoder.encoding} text.`, cause);
  }
}

/**
 * The answer's text. Holds at most `maxBytes` of what came in and `maxBytes` of what came out of decompression.
 * @throws SourceError `response_too_large` | `invalid_response`, or what the connection throws
 */
export async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const bytes = await collect(response, maxBytes);
  const coding = (response.headers['content-encoding'] ?? '').trim().toLowerCase();
  return decode(await decompress(bytes, coding, maxBytes), response.headers['content-type'] ?? '');
}
