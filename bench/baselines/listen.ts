import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** On a free port of 127.0.0.1. @returns the port */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
