import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as it came over the wire. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
  socket: Socket;
  /** Resolves when the connection is closed, by whichever side. */
  closed: Promise<void>;
}

export type Answer = (response: ServerResponse, received: Received) => void | Promise<void>;

/** An HTTP server that answers every request in the way a test says, and remembers them. */
export async function startWireServer(answer: Answer) {
  const requests: Received[] = [];
  const sockets = new Set<Socket>();
  let onRequest: (() => void) | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    const socket = request.socket;
    const closed = new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else socket.once('close', () => resolve());
    });
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      const received = { method, path: url, headers, body, socket, closed };
      requests.push(received);
      onRequest?.();
      void answer(response, received);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    sockets,
    /** The first request, as soon as it is there. */
    async request(): Promise<Received> {
      while (!requests[0]) {
        await new Promise<void>((resolve) => {
          onRequest = resolve;
        });
      }
      return requests[0];
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type WireServer = Awaited<ReturnType<typeof startWireServer>>;

/** The headers of a stream, with a provider's request id under the name it uses. */
export function beginStream(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers });
}
