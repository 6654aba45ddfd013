import { EXPIRY_CHECK_MS, EXPIRY_NOTICE_MS } from './limits';
import type { Logger } from '../../lib/logger';
import { periodically, type Periodic } from '../../realtime/periodic';
import type { SocketServer } from './socket';

/**
 * Announces the end of tokens and closes the sockets whose token ran out. One timer for all: one per socket would
 * cost more memory than the rest of what we keep of it.
 */
export function endExpired(io: SocketServer, logger: Logger): Periodic {
  return periodically(EXPIRY_CHECK_MS, 'socket expiry', logger, () => {
    const now = Date.now();
    for (const socket of io.sockets.sockets.values()) {
      const { data } = socket;
      const leftMs = data.expiresAt - now;
      if (leftMs <= 0) {
        socket.emit('session.revoked', { reason: 'expired' });
        socket.disconnect(true);
      } else if (leftMs <= EXPIRY_NOTICE_MS && !data.isExpiryAnnounced) {
        data.isExpiryAnnounced = true;
        socket.emit('session.expiring', { expiresIn: Math.ceil(leftMs / 1_000) });
      }
    }
  });
}
