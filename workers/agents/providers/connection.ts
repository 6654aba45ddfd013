import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';

/** Longest a connection may take, TLS included, ms. Providers answer in tens of ms; past this they are away. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How long an unused connection is kept, ms: the next turn of a tool loop comes sooner, a server's limit later. */
const KEEP_ALIVE_MS = 4_000;

/** Ours is the idle timeout (idle-timeout.ts), which pings and our own slowness don't fool. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

/** With one piece unread the socket reads no further: what comes behind it waits in the kernel. */
const READ_AHEAD = { highWaterMark: undefined, readableHighWaterMark: 1 };

/**
 * A connection to a provider, for one call at a time, which can be held: what comes meanwhile costs nothing, and is
 * read at once when it is released. With 200 replies at once that is a seventh of what a worker does.
 */
export class Connection {
  readonly client: Client;
  private isHeld = false;
  private socket: Socket | undefined;

  /** @param address to connect to, in place of the origin's host */
  constructor(origin: string, address?: string) {
    const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, ...READ_AHEAD });
    this.client = new Client(origin, {
      ...NO_TIMEOUTS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: (target, done) =>
        connect({ ...target, hostname: address ?? target.hostname }, (...[error, socket]) => {
          if (error) return done(error, null);
          this.watch(socket);
          done(null, socket);
        }),
    });
  }

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.socket?.emit('readable');
  }

  /** undici reads when told that there is something to read, as often as it finds something. */
  private watch(socket: Socket): void {
    this.socket = socket;
    const read = socket.read.bind(socket);
    socket.read = (size?: number) => (this.isHeld ? null : (read(size) as unknown));
  }
}
