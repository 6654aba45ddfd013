import { decode, encode } from 'notepack.io';
import type { Logger } from '../logger';

/** What the adapter ignores: an unknown sender and no packet. */
const NOTHING: readonly unknown[] = ['', undefined, {}];

/**
 * MessagePack for Socket.IO's Redis adapter, with a decoder that never throws: as the adapter comes, one
 * malformed PUBLISH on its channel takes the server process down.
 */
export function rejectingParser(logger: Logger) {
  return {
    encode,
    decode(bytes: Buffer): unknown {
      try {
        const message: unknown = decode(bytes);
        if (isRequest(message) || isBroadcast(message)) return message;
        logger.warn({ bytes: bytes.length }, 'ignored a message of an unknown shape from the broker');
      } catch (error) {
        logger.warn({ err: error, bytes: bytes.length }, 'ignored a malformed message from the broker');
      }
      return NOTHING;
    },
  };
}

const isRequest = (message: unknown) =>
  typeof message === 'object' && message !== null && !Array.isArray(message) && 'type' in message;

function isBroadcast(message: unknown): boolean {
  if (!Array.isArray(message) || message.length !== 3) return false;
  const [, packet, options] = message as [unknown, unknown, unknown];
  return (
    typeof packet === 'object' &&
    packet !== null &&
    typeof options === 'object' &&
    options !== null &&
    'rooms' in options &&
    Array.isArray(options.rooms) &&
    'except' in options &&
    Array.isArray(options.except)
  );
}
