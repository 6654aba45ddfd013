import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const MEGABYTE = Buffer.alloc(1_048_576, 'x');

/** Writes pieces as fast as they are taken, until `pieces` are or the other side has gone. */
function pour(response: ServerResponse, piece: Buffer | string, pieces: number): void {
  let left = pieces;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(piece)) return void response.once('drain', more);
    }
    if (!response.destroyed) response.end('"]');
  };
  more();
}

/** What other people's servers do, each under its own path. */
const BEHAVIOURS: Record<string, (response: ServerResponse, redirect: string) => void> = {
  hangs: () => undefined,
  drips: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  },
  fails: (response) => void response.writeHead(500).end('a stack trace of theirs'),
  refuses: (response) => void response.writeHead(401).end('{}'),
  busy: (response) => void response.writeHead(429, { 'retry-after': '1800' }).end('{}'),
  page: (response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Hello</p>'),
  huge: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('["');
    pour(response, MEGABYTE, 50);
  },
  elsewhere: (response, redirect) => void response.writeHead(302, { location: redirect }).end(),
  metadata: (response) => void response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
  empty: (response) => void response.writeHead(200).end(),
  cut: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"a":');
    setImmediate(() => response.destroy());
  },
};

/** A server that misbehaves. @param redirect where /elsewhere points */
export async function startHostileSources(redirect: string) {
  const server = createServer((request, response) => {
    BEHAVIOURS[request.url?.slice(1) ?? '']?.(response, redirect);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    source: (behaviour: string) => ({
      kind: 'http',
      url: `http://127.0.0.1:${port}/${behaviour}`,
      method: 'GET',
      headers: {},
    }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
