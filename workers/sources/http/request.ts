import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { AllowedAddress } from '../network/address';

export interface HopRequest {
  url: URL;
  method: string;
  headers: ReadonlyMap<string, string>;
  body: string | undefined;
  signal: AbortSignal;
}

/** The port a URL means. */
export const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);

/** A URL's host without an IPv6 address's brackets. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/**
 * Sends one request to an address that was checked, under the URL's host name (Host header, TLS server name and
 * certificate check). Every request has a connection of its own: one that is kept could be handed to another
 * tenant's request, or to a name whose address has changed since it was checked.
 * @returns the answer when its headers are there; the body is still to be read
 * @throws what Node's client throws, or the signal's abort
 */
export function sendTo(target: AllowedAddress, hop: HopRequest): Promise<IncomingMessage> {
  const host = hostOf(hop.url);
  const options: RequestOptions & { servername: string } = {
    host: target.address,
    family: target.family,
    port: portOf(hop.url),
    path: `${hop.url.pathname}${hop.url.search}`,
    method: hop.method,
    headers: {
      ...Object.fromEntries(hop.headers),
      host: hop.url.host,
      ...(hop.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(hop.body)) }),
    },
    agent: false,
    servername: isIP(host) ? '' : host.replace(/\.$/, ''),
    signal: hop.signal,
  };
  const send = hop.url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(options);
    request.once('response', resolve);
    request.on('error', reject);
    request.end(hop.body);
  });
}
