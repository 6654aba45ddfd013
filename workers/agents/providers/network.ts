import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Agent, buildConnector, Client, type Dispatcher, request } from 'undici';
import type { ProviderConfig } from '../../../domain/providers/config';
import { hostOf, portOf } from '../../sources/http/request';
import { resolveAllowedAddress } from '../../sources/network/address';

/** Longest a connection may take, TLS included, ms. Providers answer in tens of ms; past this they are away. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connections to one provider. HTTP/1.1 carries one stream each, a process runs some hundred at once, and a request
 * that waits for a connection looks like a provider that says nothing.
 */
const MAX_CONNECTIONS = 1_000;

/** How long an unused connection is kept, ms: the next turn of a tool loop comes sooner, a server's limit later. */
const KEEP_ALIVE_MS = 4_000;

/** Ours is the idle timeout (idle-timeout.ts), which pings and our own slowness don't fool. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

/** The way of one request. `close` when it is over. */
export interface Route {
  dispatcher: Dispatcher;
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
  config.configuredBy === 'business' ? businessNetwork(config.baseUrl, options) : operatorNetwork();

/** Connections that are kept and shared by every call. */
function operatorNetwork(): Network {
  const agent = new Agent({
    ...NO_TIMEOUTS,
    connections: MAX_CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  return {
    route: async () => ({ dispatcher: agent, close: () => undefined }),
    close: () => agent.destroy(),
  };
}

/**
 * A connection of its own for every request, to an address that was checked for this request (sources/network), under
 * the URL's host name. Kept ones could lead to where the name pointed yesterday.
 */
function businessNetwork(baseUrl: string, options: NetworkOptions): Network {
  const open = new Set<Client>();
  return {
    async route(signal) {
      const url = new URL(baseUrl);
      const { address } = await resolveAllowedAddress(hostOf(url), portOf(url), { ...options, signal });
      const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS });
      const client = new Client(url.origin, {
        ...NO_TIMEOUTS,
        connect: (target, done) => connect({ ...target, hostname: address }, done),
      });
      open.add(client);
      return {
        dispatcher: client,
        close: () => {
          open.delete(client);
          // Nobody waits for it: the socket is gone at once.
          client.destroy(() => undefined);
        },
      };
    },
    close: async () => {
      await Promise.all([...open].map((client) => client.destroy()));
    },
  };
}

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
