import { request as httpRequest } from 'node:http';
import type { ErrorDetail } from '../../../lib/errors';

/** How long an answer may take, ms: past it the connection counts as hung. */
const HUNG_MS = 20_000;

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The parsed body; undefined where there is none. */
  body: Envelope;
}

/** Both envelopes in one, as tests look into them. */
export interface Envelope {
  data: never;
  message?: string;
  meta?: { pagination?: Record<string, number>; nextBefore?: string | null };
  error?: { code: string; details?: ErrorDetail[]; requestId: string };
}

export interface Call {
  /** An address of this machine; the loopback where left out. */
  host?: string;
  method: string;
  /** As it goes on the wire, unlike a URL that a client library tidies up. */
  path: string;
  token?: string | undefined;
  headers?: Record<string, string | string[]>;
  /** Sent as it is; see `json`. */
  body?: string | Buffer;
  json?: unknown;
  /** Sends the body in chunks, without saying how long it is. */
  chunked?: boolean;
}

/** One request to a server on this machine, byte for byte as the test says. */
export function call(port: number, { host, method, path, token, headers, body, json, chunked }: Call) {
  const payload = json === undefined ? body : JSON.stringify(json);
  const length = payload === undefined || chunked ? {} : { 'Content-Length': Buffer.byteLength(payload) };
  return new Promise<ApiAnswer>((resolve, reject) => {
    const request = httpRequest(
      {
        port,
        host: host ?? '127.0.0.1',
        method: method.toUpperCase(),
        path,
        agent: false,
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(payload !== undefined && { 'Content-Type': 'application/json', ...length }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            body: (isJson && text ? JSON.parse(text) : undefined) as Envelope,
          });
        });
      },
    );
    request.setTimeout(HUNG_MS, () =>
      request.destroy(new Error(`${method} ${path} hung for ${HUNG_MS} ms.`)),
    );
    request.on('error', reject);
    if (payload !== undefined && chunked) request.write(payload);
    request.end(chunked ? undefined : payload);
  });
}

/** A person's calls below /api/v1. */
export function apiOf(port: number, token?: string) {
  const send =
    (method: string) =>
    (path: string, json?: unknown, headers: Record<string, string> = {}) =>
      call(port, { method, path: `/api/v1${path}`, token, json, headers });
  const read =
    (method: string) =>
    (path: string, headers: Record<string, string> = {}) =>
      send(method)(path, undefined, headers);
  return {
    get: read('get'),
    delete: read('delete'),
    post: send('post'),
    patch: send('patch'),
    put: send('put'),
  };
}
export type Api = ReturnType<typeof apiOf>;

/** The paths of an error's details. */
export const detailPaths = ({ body }: ApiAnswer): string[] =>
  (body?.error?.details ?? []).map(({ path }) => path);
