import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testConnection } from '../../../workers/sources/connection-test';
import type { OpenConnection } from '../../../workers/sources/source';

let server: Server;
let status = 200;
let seen: { method: string | undefined; url: string | undefined; headers: IncomingHttpHeaders } | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen = { method: request.method, url: request.url, headers: request.headers };
    response.writeHead(status, { location: '/elsewhere' }).end('text');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

const noCluster = async () => ({ systemIdentifier: '1', startedAt: '1', address: null, port: null });

function check(connection: Omit<OpenConnection, 'id'>, allowPrivateHosts = ['127.0.0.1']) {
  const opened = { id: 'c', ...connection };
  const signal = new AbortController().signal;
  const context = { businessId: 'b', requestId: 'r', signal, connection: opened };
  return testConnection(opened, context, { ownCluster: noCluster, allowPrivateHosts });
}

const http = () => ({
  kind: 'http' as const,
  config: { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` },
  secret: { headers: { Authorization: 'Bearer key' } },
});

/** The run's own server, as a business's: `noCluster` says that the platform's is another. */
const postgres = (password?: string) => {
  const url = new URL(process.env.TEST_POSTGRES_URL ?? '');
  const { username: user, port } = url;
  return {
    kind: 'postgres' as const,
    config: { host: '127.0.0.1', port: Number(port), database: 'postgres', user, ssl: false },
    secret: { password: password ?? url.password },
  };
};

test('a database that lets us in', async () => {
  expect(await check(postgres())).toEqual({ ok: true, latencyMs: expect.any(Number) as number });
});

test('a database that does not', async () => {
  expect(await check(postgres('wrong'))).toEqual({
    ok: false,
    code: 'login_refused',
    message: 'The database refused the user name or password.',
  });
});

test('an API is asked at its base URL, with the headers', async () => {
  status = 200;
  expect(await check(http())).toEqual({ ok: true, latencyMs: expect.any(Number) as number });
  expect(seen).toMatchObject({ method: 'GET', url: '/v1', headers: { authorization: 'Bearer key' } });
});

test.each([
  [404, 'The server answered 404 Not Found at the base URL.'],
  [302, 'The server answered 302 Found at the base URL.'],
])('an API that answers %i is reached', async (code, detail) => {
  status = code;
  expect(await check(http())).toMatchObject({ ok: true, detail });
  expect(seen?.url).toBe('/v1');
});

test.each([401, 403, 500])('an API that answers %i is not in order', async (code) => {
  status = code;
  expect(await check(http())).toMatchObject({ ok: false, code: 'http_status' });
});

test.each([http, postgres])('an address that is not allowed is not connected to', async (make) => {
  expect(await check(make(), [])).toMatchObject({ ok: false, code: 'address_not_allowed' });
});

test('an API that is not there', async () => {
  const nowhere = { ...http(), config: { baseUrl: 'http://127.0.0.1:1/' } };
  expect(await check(nowhere)).toMatchObject({ ok: false, code: 'network_error' });
});
