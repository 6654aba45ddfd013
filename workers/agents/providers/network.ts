import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { ProviderConfig } from '../../../domain/providers/config';
import { hostOf, portOf } from '../../sources/http/request';
import { resolveAllowedAddress } from '../../sources/network/address';
import { Connection } from './connection';

/** The way of one request. `close` when it is over. */
export interface Route {
  connection: Connection;
  close(): void;
}

export interface Network {
  /** @throws SourceError `address_not_allowed` | `host_not_found` where a business's base URL may not be reached */
  route(signal: AbortSignal): Promise<Route>;
  /** Ends every connection. */
  close(): Promise<void>;
}

export interface NetworkOptions {
  /** ALLOW_PRIVATE_HOSTS, for addresses that a business named. */
  allowPrivateHosts: string[];
  /** Every address of a name; tests put their own here. */
  resolve?: (host: string) => Promise<string[]>;
}

export const createNetwork = (config: ProviderConfig, options: NetworkOptions): Network =>
  config.configuredBy === 'business'
    ? businessNetwork(config.baseUrl, options)
    : operatorNetwork(config.baseUrl);

/**
 * Connections that are kept, as many as there are calls at once: HTTP/1.1 carries one stream each, and a request that
 * waits for a connection looks like a provider that says nothing.
 */
function operatorNetwork(baseUrl: string): Network {
  const { origin } = new URL(baseUrl);
  const all = new Set<Connection>();
  // The one that was used last is taken first: the others' sockets close in time.
  const unused: Connection[] = [];
  const connect = (): Connection => {
    const connection = new Connection(origin);
    all.add(connection);
    return connection;
  };
  return {
    async route() {
      const connection = unused.pop() ?? connect();
      return { connection, close: () => void unused.push(connection) };
    },
    close: () => closeAll(all),
  };
}

/**
 * A connection of its own for every request, to an address that was checked for this request (sources/network), under
 * the URL's host name. Kept ones could lead to where the name pointed yesterday.
 */
function businessNetwork(baseUrl: string, options: NetworkOptions): Network {
  const open = new Set<Connection>();
  return {
    async route(signal) {
      const url = new URL(baseUrl);
      const { address } = await resolveAllowedAddress(hostOf(url), portOf(url), { ...options, signal });
      const connection = new Connection(url.origin, address);
      open.add(connection);
      return {
        connection,
        close: () => {
          open.delete(connection);
          // Nobody waits for it: the socket is gone at once.
          connection.client.destroy(() => undefined);
        },
      };
    },
    close: () => closeAll(open),
  };
}

const closeAll = async (connections: Iterable<Connection>): Promise<void> =>
  void (await Promise.all([...connections].map(({ client }) => client.destroy())));

/**
 * What goes out, and nothing else. The SDKs add what describes our machine (X-Stainless-*), and headers that the
 * environment holds for another server (ANTHROPIC_CUSTOM_HEADERS).
 */
const HEADERS = [
  'accept',
  'anthropic-version',
  'authorization',
  'content-type',
  'user-agent',
  'x-api-key',
  'x-client-request-id',
];

/** What a call gives to {@link providerFetch} through its SDK. */
export interface ProviderFetchOptions {
  dispatcher: Dispatcher;
  /** Is handed the body of a success, which the SDK doesn't see. */
  takeBody: (body: Readable) => void;
}

interface FetchInit extends ProviderFetchOptions {
  method: string;
  headers: Headers;
  body: string;
  signal: AbortSignal;
}

/** Statuses whose answers have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** The SDKs' fetch: follows no redirect (it would carry the key elsewhere), takes no compressed answer (wire.ts). */
export const providerFetch = (async (url: string, init: FetchInit): Promise<Response> => {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  for (const name of HEADERS) {
    const value = init.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  // They would go out as a header of their own (Fetch standard, "includes credentials").
  const { username, password } = new URL(url);
  if (username !== '' || password !== '') throw new TypeError('A base URL may hold no credentials.');
  const { method, body, signal, dispatcher } = init;
  const answer = await request(url, { method, headers, body, signal, dispatcher });
  const status = answer.statusCode;
  const about = { status, headers: headersOf(answer.headers) };
  if (status >= 200 && status < 300) {
    init.takeBody(answer.body);
    return new Response(null, about);
  }
  // An error that can't be read to its end is one all the same.
  const text = await answer.body.text().catch(() => null);
  return new Response(WITHOUT_BODY.has(status) ? null : text, about);
}) as unknown as typeof globalThis.fetch;

function headersOf(answered: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answered))
    for (const one of [value ?? []].flat()) headers.append(name, one);
  return headers;
}
