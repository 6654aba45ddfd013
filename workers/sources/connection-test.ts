import { STATUS_CODES } from 'node:http';
import { httpConfigSchema, httpSecretSchema } from '../../domain/connection-schemas';
import { env } from '../../lib/env';
import { SourceError } from '../../lib/errors';
import { mergeHeaders } from './http/headers';
import { HTTP_LIMITS } from './http/limits';
import { networkError } from './http/network-error';
import { OUR_HEADERS } from './http/redirect';
import { hostOf, portOf, sendTo, type HopRequest } from './http/request';
import { demandSuccess } from './http/status';
import { parseUrl } from './http/target';
import { resolveAllowedAddress } from './network/address';
import { withPostgres, type PostgresOptions } from './postgres/session';
import type { OpenConnection, SourceContext } from './source';

export type ConnectionTest =
  { ok: true; latencyMs: number; detail?: string } | { ok: false; code: string; message: string };

/**
 * Statuses that say nothing against a base URL: its resources lie below it, and it may redirect people to a
 * manual. That the credentials are good they don't say either, so the answer is told along.
 */
const isInconclusive = (status: number): boolean =>
  (status >= 300 && status < 400) || status === 404 || status === 405;

async function testPostgres(
  connection: OpenConnection,
  { signal }: SourceContext,
  options: PostgresOptions,
): Promise<string | undefined> {
  return withPostgres(connection, signal, options, async ({ client }) => {
    await client.query('SELECT 1');
    return undefined;
  });
}

/** One GET of the base URL with the connection's headers; redirects are not followed, the body is not read. */
async function testHttp(
  connection: OpenConnection,
  context: SourceContext,
  allowPrivateHosts: string[],
): Promise<string | undefined> {
  const { baseUrl } = httpConfigSchema.parse(connection.config);
  const { headers } = httpSecretSchema.parse(connection.secret);
  const timeout = AbortSignal.timeout(HTTP_LIMITS.totalMs);
  const signal = AbortSignal.any([context.signal, timeout]);
  const url = parseUrl(baseUrl);
  const request: HopRequest = {
    url,
    method: 'GET',
    headers: new Map([...Object.entries(OUR_HEADERS), ...mergeHeaders(headers)]),
    body: undefined,
    signal,
  };
  try {
    const target = await resolveAllowedAddress(hostOf(url), portOf(url), { allowPrivateHosts, signal });
    const response = await sendTo(target, request);
    const status = response.statusCode ?? 0;
    try {
      if (!isInconclusive(status)) demandSuccess(response);
      return isInconclusive(status)
        ? `The server answered ${status} ${STATUS_CODES[status] ?? ''} at the base URL.`
        : undefined;
    } finally {
      response.destroy();
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    if (context.signal.aborted) throw new SourceError('stopped', 'The test was stopped.', { cause: error });
    if (!timeout.aborted) throw networkError(error);
    const seconds = HTTP_LIMITS.totalMs / 1_000;
    throw new SourceError('timeout', `The server did not answer within ${seconds} s.`, { cause: error });
  }
}

/**
 * Can this connection be used? A log-in and a read-only `SELECT 1`, or a GET of the base URL; under the same
 * walls as a source's run, since the person who asks also chose the address.
 * @returns never rejects for what the other side does: `ok: false` says it in words for that person
 */
export async function testConnection(
  connection: OpenConnection,
  context: SourceContext,
  options: PostgresOptions,
): Promise<ConnectionTest> {
  const startedAt = performance.now();
  try {
    const detail =
      connection.kind === 'postgres'
        ? await testPostgres(connection, context, options)
        : await testHttp(connection, context, options.allowPrivateHosts ?? env().ALLOW_PRIVATE_HOSTS);
    const latencyMs = Math.round(performance.now() - startedAt);
    return { ok: true, latencyMs, ...(detail === undefined ? {} : { detail }) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { ok: false, code: error.code, message: error.message };
  }
}
