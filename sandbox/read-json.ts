import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal';

/** The largest request, bytes: as much as Anthropic takes. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** @throws Refusal where the body is too large or no JSON */
export async function readJson(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read and dropped, so that the answer reaches a caller who is still sending.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new Refusal('too_large', 'Request exceeds the maximum size');
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Refusal('invalid', 'We could not parse the JSON body of your request.');
  }
}
