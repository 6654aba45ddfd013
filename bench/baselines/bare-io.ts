import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';

/** The one room that every socket of a bare server joins. */
export const BARE_ROOM = 'bench';

/** Socket.IO as its documentation sets it up, WebSocket only as ours; whoever connects joins the room. */
export function bareIo(server: HttpServer, redisUrl: string | undefined): Server {
  const io = new Server(server, { transports: ['websocket'], serveClient: false });
  if (redisUrl) {
    const publisher = new Redis(redisUrl);
    io.adapter(createAdapter(publisher, publisher.duplicate()));
  }
  io.on('connection', (socket) => void socket.join(BARE_ROOM));
  return io;
}
