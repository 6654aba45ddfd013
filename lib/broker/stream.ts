import { EventEmitter } from 'node:events';
import type { Server } from 'socket.io';
import type { Logger } from '../logger';

/** Hears what is streamed to a room. */
export type RoomListener = (event: string, payload: unknown) => void;

/** An event for a room, as it travels. */
type Piece = [room: string, event: string, payload: unknown];

/**
 * Hands pieces to a room's sockets on this server, and to whoever in this process listens to the room (a reader over
 * server-sent events).
 */
export function createRoomOutlet() {
  const listeners = new EventEmitter().setMaxListeners(0);
  let io: Server | undefined;
  return {
    attach(server: Server): void {
      io = server;
    },
    hand(room: string, event: string, payload: unknown): void {
      io?.local.to(room).emit(event, payload);
      listeners.emit(room, event, payload);
    },
    /** @returns ends it */
    listen(room: string, listener: RoomListener): () => void {
      listeners.on(room, listener);
      return () => void listeners.off(room, listener);
    },
  };
}

/** @returns undefined where it is not ours */
function piecesOf(message: string): Piece[] | undefined {
  const pieces: unknown = JSON.parse(message);
  const isPiece = (piece: unknown) =>
    Array.isArray(piece) && typeof piece[0] === 'string' && typeof piece[1] === 'string';
  return Array.isArray(pieces) && pieces.every(isPiece) ? (pieces as Piece[]) : undefined;
}

/** @param hand one piece of the message. A message that is none is logged and ignored. */
export function takePieces(
  message: string,
  hand: (room: string, event: string, payload: unknown) => void,
  logger: Logger,
): void {
  try {
    const pieces = piecesOf(message);
    if (!pieces) return logger.warn({ bytes: message.length }, 'ignored pieces of an unknown shape');
    for (const [room, event, payload] of pieces) hand(room, event, payload);
  } catch (error) {
    logger.warn({ err: error, bytes: message.length }, 'ignored malformed pieces from the broker');
  }
}

/**
 * Small events that come many times a second, the pieces of replies: those of one turn of the event loop travel as one
 * message. One message each, for sockets and again for readers over server-sent events, were 10,000 a second for 200
 * replies at once.
 * @param publish sends or drops at once
 */
export function gatherPieces(publish: (message: string) => void) {
  let waiting: Piece[] = [];
  let timer: NodeJS.Immediate | undefined;
  function flush(): void {
    if (timer) clearImmediate(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const pieces = waiting;
    waiting = [];
    publish(JSON.stringify(pieces));
  }
  return {
    add(...piece: Piece): void {
      waiting.push(piece);
      timer ??= setImmediate(flush);
    },
    /** What was streamed before another event has to arrive before it. */
    flush,
  };
}
