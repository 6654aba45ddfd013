import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Idle connections are kept as long as the product keeps them, ms: they wait while the other side is measured. */
const KEEP_ALIVE_MS = 65_000;

/** On a free port of 127.0.0.1. @returns the port */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
