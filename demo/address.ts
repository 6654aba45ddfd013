import { isIPv6 } from 'node:net';

const ANY_ADDRESS = new Set(['0.0.0.0', '::', '']);

/** Where a server bound to `host` is reached from this machine. */
export function localHost(host: string): string {
  if (ANY_ADDRESS.has(host)) return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}

export const localBaseUrl = (host: string, port: number): string => `http://${localHost(host)}:${port}`;
