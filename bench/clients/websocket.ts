import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Frame layout: RFC 6455, 5.2. */
const TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASKED = 0x80;
const KEY_BYTES = 16;

/** A connection that is not open by then, ms, counts as refused. */
const OPEN_LIMIT_MS = 20_000;

export interface WebSocketLink {
  send(text: string): void;
  close(): void;
}

/**
 * The least that is a WebSocket client: a thousand of a full client in one process would be what is measured, and
 * this costs a microsecond or two for each frame. Whole, unmasked text frames only, which is what `ws` sends.
 * @param onText is given each frame's text as bytes that are valid until it returns
 */
export function openWebSocket(
  port: number,
  path: string,
  onText: (text: Buffer) => void,
  onClose: () => void = () => undefined,
): Promise<WebSocketLink> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const refuse = (reason: unknown) => {
      socket.destroy();
      reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    socket.setTimeout(OPEN_LIMIT_MS, () => refuse('A WebSocket did not open.'));
    socket.once('error', refuse);
    socket.once('close', onClose);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(KEY_BYTES).toString('base64')}\r\n\r\n`,
    );
    let held: Buffer = Buffer.alloc(0);
    const readFrames = (chunk: Buffer) => {
      held = takeFrames(held.length > 0 ? Buffer.concat([held, chunk]) : chunk, onText);
    };
    const readHead = (chunk: Buffer) => {
      held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const end = held.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = held.toString('latin1', 0, end);
      if (!head.startsWith('HTTP/1.1 101')) return refuse(head);
      socket.setTimeout(0);
      socket.off('data', readHead).on('data', readFrames);
      const rest = held.subarray(end + 4);
      held = Buffer.alloc(0);
      resolve({ send: (text) => void socket.write(frame(text)), close: () => closeQuietly(socket) });
      if (rest.length > 0) readFrames(rest);
    };
    socket.on('data', readHead);
  });
}

function closeQuietly(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.destroy();
}

/** Hands over the whole frames at the front. @returns what is left */
function takeFrames(bytes: Buffer, onText: (text: Buffer) => void): Buffer {
  let at = 0;
  while (bytes.length - at >= 2) {
    let length = bytes[at + 1] ?? 0;
    let start = at + 2;
    if (length === LENGTH_16) {
      if (bytes.length < start + 2) break;
      length = bytes.readUInt16BE(start);
      start += 2;
    } else if (length === LENGTH_64) {
      if (bytes.length < start + 8) break;
      length = Number(bytes.readBigUInt64BE(start));
      start += 8;
    }
    if (bytes.length < start + length) break;
    if (bytes[at] === TEXT) onText(bytes.subarray(start, start + length));
    at = start + length;
  }
  return at === bytes.length ? Buffer.alloc(0) : bytes.subarray(at);
}

/** A client's frame must be masked; the mask of zeros leaves the text as it is. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const extended = payload.length >= LENGTH_16;
  const head = Buffer.alloc(extended ? 8 : 6);
  head[0] = TEXT;
  head[1] = MASKED | (extended ? LENGTH_16 : payload.length);
  if (extended) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
