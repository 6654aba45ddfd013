import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { types } from 'node:util';
import { FrameGuard } from './frames';
import type { PostgresLimits } from './limits';
import { openSocket, type PostgresTarget } from './socket';

const asError = (error: unknown): Error => (types.isNativeError(error) ? error : new Error(String(error)));

/**
 * What the client library takes for its socket: connects to the pinned address by itself (the library's idea
 * of host and TLS is ignored), passes on only messages that {@link FrameGuard} lets through, and turns an
 * exception in the library's listeners into an error of this connection. Those listeners run in the socket's
 * `data` event, where a server that answers out of turn would otherwise end the process.
 */
export class PostgresStream extends Duplex {
  private sockets: Socket[] = [];
  private readonly guard: FrameGuard;

  constructor(
    private readonly target: PostgresTarget,
    limits: PostgresLimits,
  ) {
    super({ allowHalfOpen: false });
    this.guard = new FrameGuard(limits);
  }

  /** The library calls these on its socket. */
  setNoDelay(): this {
    return this;
  }

  connect(): this {
    const keep = (socket: Socket) => {
      this.sockets.push(socket);
      socket.on('error', (error) => this.destroy(error));
      if (this.destroyed) socket.destroy();
    };
    openSocket(this.target, keep).then(
      (socket) => this.pipeFrom(socket),
      (error: unknown) => this.destroy(asError(error)),
    );
    return this;
  }

  private pipeFrom(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      try {
        const messages = this.guard.take(chunk);
        if (messages.length > 0 && !this.push(messages)) socket.pause();
      } catch (error) {
        this.destroy(asError(error));
      }
    });
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    this.emit('connect');
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    try {
      return super.emit(event, ...values);
    } catch (error) {
      if (event === 'error') throw error;
      this.destroy(asError(error));
      return true;
    }
  }

  override _read(): void {
    this.sockets.at(-1)?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.sockets.at(-1)?.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.sockets.at(-1)?.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    for (const socket of this.sockets) socket.destroy();
    done(error);
  }
}
