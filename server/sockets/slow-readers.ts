import type { Logger } from '../../lib/logger';
import { periodically, type Periodic } from '../../realtime/periodic';
import { SLOW_READER_BYTES, SLOW_READER_CHECK_MS, SLOW_READER_MS } from './limits';
import type { ClientSocket, SocketServer } from './socket';

/** The parts of engine.io's connection that hold what a client has not taken yet; not in its published types. */
interface Connection {
  /** Packets behind the batch that is being written. */
  writeBuffer: { data?: string | Buffer }[];
  transport: {
    /** false while a batch is being written. */
    writable: boolean;
    once(event: 'drain', listener: () => void): void;
    socket?: { readonly bufferedAmount: number; terminate(): void };
  };
}

interface Backlog {
  /** When the batch under way was first seen, ms since 1970. */
  since: number;
  isLarge: boolean;
}

/**
 * Closes clients that don't take what they are sent: what waits for them is our memory. They see their transport
 * close, connect again and sync. The connection is cut, since a close frame would wait behind the backlog.
 */
export function closeSlowReaders(io: SocketServer, logger: Logger): Periodic {
  const backlogs = new WeakMap<object, Backlog>();
  return periodically(SLOW_READER_CHECK_MS, 'slow readers', logger, () => {
    const now = Date.now();
    for (const socket of io.sockets.sockets.values()) {
      const connection = socket.conn as unknown as Connection;
      if (connection.transport.writable) continue;
      const bytes = waitingBytes(connection);
      const isLarge = bytes > SLOW_READER_BYTES;
      const backlog = backlogs.get(connection);
      if (!backlog) {
        backlogs.set(connection, { since: now, isLarge });
        connection.transport.once('drain', () => backlogs.delete(connection));
      } else if (now - backlog.since >= SLOW_READER_MS || (isLarge && backlog.isLarge)) {
        logger.warn(
          { ...whose(socket), bytes, ms: now - backlog.since },
          'closed a socket that reads too slowly',
        );
        connection.transport.socket?.terminate();
      } else {
        backlog.isLarge = isLarge;
      }
    }
  });
}

const whose = ({ data }: ClientSocket) => ({ userId: data.actor.userId, businessId: data.actor.businessId });

function waitingBytes({ writeBuffer, transport }: Connection): number {
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += data?.length ?? 0;
  return bytes;
}
