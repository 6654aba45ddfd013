import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { coalesceWrites } from '../../lib/coalesce-writes';
import { createPresence } from '../../realtime/presence';
import { businessRoom, sessionRoom, userRoom } from '../../realtime/rooms';
import type { ServerContext } from '../context';
import { answerEvents } from './dispatch';
import { endExpired } from './expiry';
import { handshake } from './handshake';
import { CONNECT_TIMEOUT_MS, MAX_MESSAGE_BYTES, PING_INTERVAL_MS, PING_TIMEOUT_MS } from './limits';
import { isAllowedOrigin } from './origin';
import { endRevoked } from './revocation';
import { closeSlowReaders } from './slow-readers';
import type { SocketServer } from './socket';
import { requireSyncWhenRestored } from './sync-required';

export interface Sockets {
  readonly io: SocketServer;
  /**
   * Closes every socket and takes this node's people out of presence in one statement. The HTTP server stays its
   * owner's to close. Call it before the broker and the database are closed.
   */
  close(): Promise<void>;
}

/**
 * The Socket.IO server on an HTTP server: product.md, Realtime. Needs the database at once, for this node's lease.
 * @throws whatever the database does where it can't be reached
 */
export async function createSocketServer(httpServer: HttpServer, context: ServerContext): Promise<Sockets> {
  const { broker, env, logger } = context;
  const originRules = {
    allowed: env.CORS_ORIGINS,
    publicUrl: env.PUBLIC_URL,
    behindProxy: env.TRUSTED_PROXIES > 0,
  };
  const io: SocketServer = new Server({
    transports: ['websocket'],
    serveClient: false,
    allowRequest: (request, decide) => decide(null, isAllowedOrigin(request, originRules)),
    // 111 µs and 261 KB a connection with it, 20 µs and 20 KB without.
    perMessageDeflate: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    connectTimeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
  });
  broker.attach(io);
  const announcer = requireSyncWhenRestored(io, broker.events);
  const presence = await createPresence(context, () => announcer.announce('database_restored'));
  const socketContext = { ...context, presence };
  const revocation = endRevoked(io, socketContext);
  const periodic = [endExpired(io, logger), closeSlowReaders(io, logger), revocation];

  // The only namespace: Socket.IO refuses those that nobody made, and `use` would not cover another.
  io.use(handshake(context, presence));
  io.on('connection', (socket) => {
    const { actor, connection } = socket.data;
    socket.once('disconnect', () => presence.disconnect(connection));
    void socket.join([
      userRoom(actor.businessId, actor.userId),
      businessRoom(actor.businessId),
      sessionRoom(actor.sessionId),
    ]);
    revocation.admit(socket);
    answerEvents(socketContext, socket);
  });
  httpServer.on('upgrade', (_request, socket) => coalesceWrites(socket));
  // Last: from here on clients come in.
  io.attach(httpServer);

  return {
    io,
    async close() {
      announcer.stop();
      await Promise.all(periodic.map((task) => task.stop()));
      await presence.stop(() => io.disconnectSockets(true)).finally(() => io.engine.close());
    },
  };
}
