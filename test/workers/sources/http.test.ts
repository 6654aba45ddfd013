import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { HttpSource } from '../../../domain/widgets/source-schemas';
import { ExpressionPool } from '../../../workers/sources/expression/pool';
import { createHttpSource, type HttpSourceOptions } from '../../../workers/sources/http';
import type { OpenConnection, SourceContext } from '../../../workers/sources/source';

const servers: (Server | TcpServer)[] = [];
const expressions = new ExpressionPool({ queueMs: 60_000, startMs: 60_000, wallMs: 60_000 });
afterAll(() => expressions.close());
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server on loopback. @returns its origin */
const serve = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createServer(listener))}`;

const serveJson = (value: unknown) => serve((_request, response) => void response.end(JSON.stringify(value)));

/** A server that answers with what the request was. */
const serveEcho = () =>
  serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
    });
  });

const contextOf = (context: Partial<SourceContext> = {}): SourceContext => ({
  businessId: 'business',
  requestId: 'request',
  signal: new AbortController().signal,
  connection: undefined,
  ...context,
});

const connectionTo = (baseUrl: string, headers: Record<string, string> = {}): OpenConnection => ({
  id: 'connection',
  kind: 'http',
  config: { baseUrl },
  secret: { headers },
});

type Get = Partial<HttpSource> & { context?: Partial<SourceContext>; options?: HttpSourceOptions };

function get({ context, options, ...source }: Get): Promise<unknown> {
  return createHttpSource({ allowPrivateHosts: ['127.0.0.1'], expressions, ...options }).fetch(
    { kind: 'http', method: 'GET', headers: {}, ...source },
    contextOf(context),
  );
}

const via = (connection: OpenConnection, source: Get = {}) =>
  get({ connectionId: 'connection', ...source, context: { connection } });

describe('a request', () => {
  test('gets JSON, selects from it, and says who it is', async () => {
    const url = await serveEcho();
    await expect(
      get({ url: `${url}/a?b=1#c`, select: '[method, url, headers.accept, headers.host]' }),
    ).resolves.toEqual(['GET', '/a?b=1', 'application/json', new URL(url).host]);
  });

  test('posts JSON', async () => {
    const url = await serveEcho();
    await expect(
      get({
        url,
        method: 'POST',
        body: { a: 'ä' },
        headers: { 'X-Key': 'k', Accept: 'application/vnd.api+json' },
      }),
    ).resolves.toMatchObject({
      method: 'POST',
      body: '{"a":"ä"}',
      headers: {
        'content-type': 'application/json',
        'content-length': '10',
        'x-key': 'k',
        accept: 'application/vnd.api+json',
        connection: 'close',
      },
    });
  });

  test("goes to the address that was checked, under the name's Host header", async () => {
    const port = new URL(await serveEcho()).port;
    const asked: string[] = [];
    const resolve = (host: string) => {
      asked.push(host);
      return Promise.resolve(['127.0.0.1']);
    };
    const options = { allowPrivateHosts: ['api.example'], resolve };
    await expect(get({ url: `http://API.example:${port}/`, select: 'headers.host', options })).resolves.toBe(
      `api.example:${port}`,
    );
    expect(asked).toEqual(['api.example']);
  });

  test.each([
    'Host',
    'Connection',
    'Content-Length',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
    'accept-encoding',
  ])('refuses the header %s', async (name) => {
    await expect(get({ url: 'http://127.0.0.1/', headers: { [name]: 'x' } })).rejects.toMatchObject({
      code: 'header_not_allowed',
      failure: 'pause',
      message: `The header "${name}" is set by the platform and can not be given.`,
    });
  });

  test.each([
    ['a value', { 'X-A': 'b\r\nX-Injected: 1' }],
    ['a name', { 'X-A: b\r\nX-Injected': '1' }],
    ['a NUL', { 'X-A': 'secret\0' }],
  ])('refuses a header with a line break: %s', async (_where, headers) => {
    const error = await get({ url: 'http://127.0.0.1/', headers }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'header_not_allowed', failure: 'pause', cause: undefined });
    expect(String(error)).not.toContain('secret');
  });
});

describe('an address', () => {
  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://localhost/',
  ])('%s is refused', async (url) => {
    await expect(get({ url, options: { allowPrivateHosts: [] } })).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
  });

  test('a server on loopback hears nothing unless it is opened', async () => {
    const heard = jest.fn<void, Parameters<RequestListener>>((_request, response) => void response.end('1'));
    const url = await serve(heard);
    const { port } = new URL(url);
    await expect(
      get({ url, options: { allowPrivateHosts: [`127.0.0.1:${Number(port) - 1}`] } }),
    ).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
    expect(heard).not.toHaveBeenCalled();
    await expect(get({ url, options: { allowPrivateHosts: [`127.0.0.1:${port}`] } })).resolves.toBe(1);
  });

  test('a name that resolves to a private address is refused', async () => {
    const options = { allowPrivateHosts: [], resolve: () => Promise.resolve(['10.0.0.1']) };
    const error = await get({ url: 'https://rebind.example/', options }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'address_not_allowed' });
    expect(String(error)).not.toContain('10.0.0.1');
  });

  test.each(['ftp://example.com/', 'file:///etc/passwd', 'http://user:password@example.com/', 'nonsense'])(
    'the URL %s is refused',
    async (url) => {
      await expect(get({ url })).rejects.toMatchObject({ code: 'url_not_allowed', failure: 'pause' });
    },
  );
});

describe('a connection', () => {
  test.each([
    ['/v1', undefined, '/v1'],
    ['/v1', 'users', '/v1/users'],
    ['/v1', '/users?a=1', '/v1/users?a=1'],
    ['/v1/', './users', '/v1/users'],
    ['/v1', '?a=1', '/v1?a=1'],
    ['/v1', 'a/../b', '/v1/b'],
    ['', 'x:1', '/x:1'],
    ['/v1', 'https://evil.example/', '/v1/https://evil.example/'],
    ['/v1', '@evil.example/', '/v1/@evil.example/'],
    ['/v1', 'a..b', '/v1/a..b'],
  ])('base %p and path %p ask for %p', async (base, path, expected) => {
    const origin = await serveEcho();
    await expect(via(connectionTo(`${origin}${base}`), { path, select: 'url' })).resolves.toBe(expected);
  });

  test.each([
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example/',
    '../admin',
    '..',
    '/../../admin',
    'a/../../admin',
    '%2e%2e/admin',
    '..%2fadmin',
    'a/..%5c..%5cadmin',
    '.\t./admin',
    '..%2\tfadmin',
  ])('the path %p is refused', async (path) => {
    const error = via(connectionTo('http://127.0.0.1:1/v1'), { path });
    await expect(error).rejects.toMatchObject({ code: 'url_not_allowed', failure: 'pause' });
  });

  test("its secret headers go along, over the source's own", async () => {
    const origin = await serveEcho();
    const connection = connectionTo(origin, { Authorization: 'Bearer right' });
    await expect(
      via(connection, { headers: { authorization: 'wrong' }, select: 'headers.authorization' }),
    ).resolves.toBe('Bearer right');
  });

  test.each([
    ['is missing', undefined],
    ['is of another kind', { ...connectionTo('http://127.0.0.1/'), kind: 'postgres' as const }],
    ['has no base URL', { ...connectionTo('http://127.0.0.1/'), config: {} }],
  ])('that %s pauses', async (_how, connection) => {
    await expect(get({ connectionId: 'connection', context: { connection } })).rejects.toMatchObject({
      code: 'connection_unusable',
      failure: 'pause',
    });
  });
});

describe('a redirect', () => {
  const redirectTo = (location: string, status = 302) =>
    serve((_request, response) => void response.writeHead(status, { location }).end('moved'));

  test('is followed', async () => {
    const end = await serveJson({ here: true });
    await expect(get({ url: await redirectTo(`${end}/x`) })).resolves.toEqual({ here: true });
  });

  test('to an address that is not allowed is refused', async () => {
    const heard = jest.fn<void, Parameters<RequestListener>>((_request, response) => void response.end('1'));
    const inside = await serve(heard);
    const url = await redirectTo(inside);
    const options = { allowPrivateHosts: [`127.0.0.1:${new URL(url).port}`] };
    await expect(get({ url, options })).rejects.toMatchObject({
      code: 'address_not_allowed',
      message: 'The server redirects to an address that is not allowed.',
    });
    expect(heard).not.toHaveBeenCalled();
  });

  test('is followed three times and no more', async () => {
    let hits = 0;
    const url = await serve((request, response) => {
      hits += 1;
      response.writeHead(302, { location: `${request.url}x` }).end();
    });
    await expect(get({ url })).rejects.toMatchObject({
      code: 'redirect_not_allowed',
      message: 'The server redirects more than 3 times.',
    });
    expect(hits).toBe(4);
  });

  test.each(['file:///etc/passwd', 'http://user:password@127.0.0.1/', 'http://[::1'])(
    'to %s is refused',
    async (url) => {
      await expect(get({ url: await redirectTo(url) })).rejects.toMatchObject({ code: 'url_not_allowed' });
    },
  );

  test('to another origin carries no header of the connection or the source', async () => {
    const elsewhere = await serveEcho();
    const connection = connectionTo(await redirectTo(elsewhere), {
      'X-Secret': 's',
      'User-Agent': 'secret agent',
    });
    const headers = await via(connection, { headers: { 'X-Key': 'k', Cookie: 'c=1' }, select: 'headers' });
    expect(headers).toEqual({
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'liveboard',
      host: new URL(elsewhere).host,
      connection: 'close',
    });
  });

  test('that comes back to the first origin does not bring the headers back', async () => {
    let back = '';
    const elsewhere = await serve(
      (_request, response) => void response.writeHead(302, { location: back }).end(),
    );
    const home = await serve((request, response) => {
      if (request.url === '/end') response.end(JSON.stringify(request.headers['x-secret'] ?? 'none'));
      else response.writeHead(302, { location: elsewhere }).end();
    });
    back = `${home}/end`;
    await expect(via(connectionTo(home, { 'X-Secret': 's' }))).resolves.toBe('none');
  });

  test('within the origin keeps them', async () => {
    const home = await serve((request, response) => {
      if (request.url === '/end') response.end(JSON.stringify(request.headers['x-secret'] ?? 'none'));
      else response.writeHead(307, { location: '/end' }).end();
    });
    await expect(via(connectionTo(home, { 'X-Secret': 's' }))).resolves.toBe('s');
  });

  test('of a POST becomes a GET, but for 307 and 308', async () => {
    for (const [status, method, body] of [
      [302, 'GET', ''],
      [303, 'GET', ''],
      [307, 'POST', '{}'],
    ] as const) {
      const url = await serve((request, response) => {
        if (request.url === '/') return void response.writeHead(status, { location: '/end' }).end();
        request.once('data', (chunk: Buffer) =>
          response.end(JSON.stringify([request.method, chunk.toString()])),
        );
        request.once(
          'end',
          () => response.writableEnded || response.end(JSON.stringify([request.method, ''])),
        );
      });
      await expect(get({ url, method: 'POST', body: {} })).resolves.toEqual([method, body]);
    }
  });

  test('takes no body to another server', async () => {
    const url = await redirectTo(await serveEcho(), 307);
    await expect(get({ url, method: 'POST', body: {} })).rejects.toMatchObject({
      code: 'redirect_not_allowed',
    });
  });
});

describe('an answer', () => {
  const answering = (status: number, headers: Record<string, string> = {}, body: string | Buffer = '') =>
    serve((_request, response) => void response.writeHead(status, headers).end(body));

  test.each([
    [500, 'The server answered 500 Internal Server Error.', 'retry'],
    [404, 'The server answered 404 Not Found.', 'retry'],
    [302, 'The server answered 302 Found.', 'retry'],
    [799, 'The server answered 799.', 'retry'],
    [401, 'The server answered 401 Unauthorized: the credentials are missing, wrong or not enough.', 'pause'],
    [403, 'The server answered 403 Forbidden: the credentials are missing, wrong or not enough.', 'pause'],
  ])('%i fails', async (status, message, failure) => {
    await expect(get({ url: await answering(status) })).rejects.toMatchObject({
      code: 'http_status',
      message,
      failure,
    });
  });

  test.each([
    [429, '120', 120_000],
    [503, '0', 0],
    [503, '999999999', 3_600_000],
    [429, 'soon', undefined],
    [429, '-1', undefined],
    [500, '120', undefined],
    [503, 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
    [503, 'Thu, 31 Dec 2099 23:59:59 GMT', 3_600_000],
  ])('%i with Retry-After %p waits %p ms', async (status, retryAfter, retryAfterMs) => {
    const url = await answering(status, { 'retry-after': retryAfter });
    await expect(get({ url })).rejects.toMatchObject({ retryAfterMs });
  });

  const html = 'The server answered with HTML, not JSON.';
  const other = 'The server answered with something that is not JSON.';
  test.each([
    ['text/html; charset=utf-8', '<p>Log in</p>', html],
    ['application/json', '\n<!DOCTYPE html><html></html>', html],
    ['application/json', '{"a": ', other],
    ['text/csv', 'a,b', other],
    ['application/json', ' \n', 'The server answered with an empty body.'],
    ['application/json', Buffer.from([0x22, 0xff, 0x22]), "The server's answer is not valid utf-8 text."],
    ['application/json', '["\\u0000"]', 'The data holds a NUL character (\\u0000), which can not be stored.'],
    [
      'application/json',
      '{"\\u0000": 1}',
      'The data holds a NUL character (\\u0000), which can not be stored.',
    ],
    [
      'application/json',
      '["\\ud800"]',
      'The data holds half of a character (a lone UTF-16 surrogate), which can not be stored.',
    ],
    ['application/json', '[1e999]', 'The data holds a number that is too large.'],
    ['application/json', '['.repeat(101) + ']'.repeat(101), 'The data is nested more than 100 levels deep.'],
    [
      'application/json',
      '['.repeat(900_000) + ']'.repeat(900_000),
      'The data is nested more than 100 levels deep.',
    ],
  ])('of %s %.20p is told as what it is', async (contentType, body, message) => {
    const url = await answering(200, { 'content-type': contentType }, body);
    await expect(get({ url })).rejects.toMatchObject({ message, failure: 'retry' });
  });

  test('that is not JSON is told the same with select', async () => {
    const url = await answering(200, { 'content-type': 'text/html' }, '<p>');
    await expect(get({ url, select: 'a' })).rejects.toMatchObject({ code: 'invalid_json', message: html });
    const deep = await answering(200, {}, '['.repeat(900_000) + ']'.repeat(900_000));
    await expect(get({ url: deep, select: '@' })).rejects.toMatchObject({ name: 'SourceError' });
  });

  test('is JSON whatever its type says, with a BOM, in another charset, at 100 levels', async () => {
    await expect(
      get({ url: await answering(200, { 'content-type': 'text/html' }, '\ufeff{"a":1}') }),
    ).resolves.toEqual({
      a: 1,
    });
    const latin1 = await answering(
      200,
      { 'content-type': 'application/json; charset=ISO-8859-1' },
      Buffer.from('"ä"', 'latin1'),
    );
    await expect(get({ url: latin1 })).resolves.toBe('ä');
    await expect(
      get({ url: await answering(200, {}, '['.repeat(100) + ']'.repeat(100)) }),
    ).resolves.toBeDefined();
    await expect(get({ url: await answering(200, {}, '"\\ud83d\\ude00"') })).resolves.toBe('😀');
  });

  test('loses its __proto__ keys', async () => {
    const url = await answering(200, {}, '{"a": {"__proto__": {"polluted": true}, "b": 1}, "__proto__": 1}');
    const data = await get({ url });
    expect(JSON.stringify(data)).toBe('{"a":{"b":1}}');
    expect(data).not.toHaveProperty('a.polluted');
  });

  test.each([
    ['gzip', gzipSync('{"a":1}')],
    ['x-gzip', gzipSync('{"a":1}')],
    ['deflate', deflateSync('{"a":1}')],
    ['deflate', deflateRawSync('{"a":1}')],
    ['br', brotliCompressSync('{"a":1}')],
    ['identity', Buffer.from('{"a":1}')],
  ])('in %s is read', async (coding, body) => {
    await expect(get({ url: await answering(200, { 'content-encoding': coding }, body) })).resolves.toEqual({
      a: 1,
    });
  });

  test.each([
    ['gzip', Buffer.from('not gzip')],
    ['gzip', gzipSync('{"a":1}').subarray(0, 20)],
    ['gzip, gzip', gzipSync(gzipSync('1'))],
    ['zstd', Buffer.from('x')],
    ['constructor', Buffer.from('x')],
  ])('in a %s that does not open is told so', async (coding, body) => {
    const url = await answering(200, { 'content-encoding': coding }, body);
    await expect(get({ url })).rejects.toMatchObject({ code: 'invalid_response' });
  });
});

describe('too much', () => {
  const tooLarge = { code: 'response_too_large', message: "The server's answer is larger than 2 MB." };

  test('50 MB that are announced', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '50000000' });
      response.write('[');
    });
    await expect(get({ url })).rejects.toMatchObject(tooLarge);
  });

  test('50 MB that just come, and for ever', async () => {
    let closed: Promise<unknown> | undefined;
    const url = await serve((_request, response) => {
      closed = once(response, 'close');
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, '['))) continue;
      };
      response.on('drain', write);
      write();
    });
    await expect(get({ url })).rejects.toMatchObject(tooLarge);
    await closed;
  });

  test.each([
    ['gzip', () => gzipSync(Buffer.alloc(50_000_000, ' '))],
    ['br', () => brotliCompressSync(Buffer.alloc(50_000_000, ' '))],
    ['deflate', () => deflateSync(Buffer.alloc(50_000_000, ' '))],
  ])('a %s bomb', async (coding, bomb) => {
    const body = bomb();
    expect(body.length).toBeLessThan(100_000);
    const url = await serve(
      (_request, response) => void response.writeHead(200, { 'content-encoding': coding }).end(body),
    );
    await expect(get({ url })).rejects.toMatchObject(tooLarge);
  });

  test('headers', async () => {
    const url = await serve(
      (_request, response) => void response.setHeader('x', 'y'.repeat(50_000)).end('1'),
    );
    await expect(get({ url })).rejects.toMatchObject({
      message: "The server's answer has headers that are too large.",
    });
  });
});

describe('a server that', () => {
  const soon: HttpSourceOptions = { limits: { totalMs: 100 } };
  const tooLate = {
    code: 'timeout',
    message: "The server's answer was not complete within 0.1 s.",
    failure: 'retry',
  };

  test('says nothing is given up', async () => {
    const server = createTcpServer((socket) => socket.resume());
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    const port = await listen(server);
    await expect(get({ url: `http://127.0.0.1:${port}/`, options: soon })).rejects.toMatchObject(tooLate);
    await closed;
  });

  test('stops after the headers is given up', async () => {
    const url = await serve((_request, response) => response.writeHead(200).flushHeaders());
    await expect(get({ url, options: soon })).rejects.toMatchObject(tooLate);
  });

  test('drips for ever is given up', async () => {
    const url = await serve((_request, response) => {
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    });
    await expect(get({ url, options: soon })).rejects.toMatchObject(tooLate);
  });

  test('has a name that resolves to nothing for long is given up', async () => {
    const options = { ...soon, resolve: () => new Promise<string[]>(() => undefined) };
    await expect(get({ url: 'http://silent.example/', options })).rejects.toMatchObject(tooLate);
  });

  test.each([
    ['hangs up at once', '', 'The server closed the connection before its answer was complete.'],
    [
      'hangs up in the body',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[',
      'The server closed the connection before its answer was complete.',
    ],
    [
      'does not speak HTTP',
      'SSH-2.0-OpenSSH_9.6\r\n',
      'The server answered with something that is not HTTP.',
    ],
  ])('%s is told so', async (_what, text, message) => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(text))));
    await expect(get({ url: `http://127.0.0.1:${port}/` })).rejects.toMatchObject({
      code: 'network_error',
      message,
    });
  });

  test('is not there is told so', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    servers.pop();
    await new Promise((resolve) => server.close(resolve));
    const error = await get({ url: `http://127.0.0.1:${port}/` }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'network_error', message: 'The server refused the connection.' });
  });

  test('speaks no TLS is told so', async () => {
    const url = (await serveJson(1)).replace('http:', 'https:');
    await expect(get({ url })).rejects.toMatchObject({
      code: 'network_error',
      message: 'No TLS connection could be made with the server.',
    });
  });
});

describe('an abort', () => {
  test.each(['before', 'waiting', 'reading'])('%s ends it', async (when) => {
    const controller = new AbortController();
    const url = await serve((_request, response) => {
      if (when === 'waiting') controller.abort();
      else response.writeHead(200).write('[', () => controller.abort());
    });
    if (when === 'before') controller.abort();
    await expect(get({ url, context: { signal: controller.signal } })).rejects.toMatchObject({
      code: 'stopped',
      failure: 'retry',
    });
  });

  test('while selecting ends it', async () => {
    const controller = new AbortController();
    const pool = new ExpressionPool();
    jest.spyOn(pool, 'evaluateJson').mockImplementation((_expression, _text, options) => {
      controller.abort(new Error('stopping'));
      return Promise.reject(options?.signal?.reason);
    });
    const url = await serveJson([1]);
    await expect(
      get({ url, select: '@', context: { signal: controller.signal }, options: { expressions: pool } }),
    ).rejects.toMatchObject({ code: 'stopped' });
  });
});
