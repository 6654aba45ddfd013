import { inspect } from 'node:util';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ProviderError } from '../../../../workers/agents/providers/provider';
import {
  closeAll,
  call,
  configOf,
  KEY,
  outcomeOf,
  PROTOCOLS,
  provide,
  requestOf,
  saying,
  serve,
} from './fixture';
import { HELLO } from './wire-bytes';
import type { Answer } from './wire-server';

afterEach(closeAll);

/** What no message may hold, whatever the other side says. */
const SECRET = 'the-body-of-theirs';

const refusing =
  (status: number, error: object = {}, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req-9', ...headers });
    response.end(JSON.stringify({ error: { message: `${SECRET} ${KEY}`, ...error } }));
  };

function expectReadable(error: ProviderError | undefined): void {
  expect(error).toBeInstanceOf(ProviderError);
  expect(error?.message).toMatch(/^[A-Z].*\.$/);
  // What a log line could hold: the error, its causes, and every field of theirs.
  const shown = inspect(error, { depth: 10, showHidden: true });
  for (const secret of [SECRET, KEY]) expect(shown).not.toContain(secret);
  expect(error?.message).not.toContain('127.0.0.1');
}

describe.each(PROTOCOLS)('%s', (protocol) => {
  const { begin, end } = HELLO[protocol];

  test.each([
    [400, {}, 'bad_request', false],
    [400, { code: 'context_length_exceeded' }, 'context_too_long', false],
    [400, { message: 'prompt is too long: 300000 tokens > 200000 maximum' }, 'context_too_long', false],
    [400, { type: 'exceed_context_size_error' }, 'context_too_long', false],
    [401, {}, 'unauthorized', false],
    [402, {}, 'unauthorized', false],
    [403, {}, 'unauthorized', false],
    [404, {}, 'unknown_model', false],
    [408, {}, 'server_error', true],
    [413, {}, 'context_too_long', false],
    [422, {}, 'bad_request', false],
    [429, {}, 'rate_limited', true],
    [429, { code: 'insufficient_quota' }, 'unauthorized', false],
    [500, {}, 'server_error', true],
    [502, {}, 'server_error', true],
    [503, {}, 'overloaded', true],
    [529, {}, 'overloaded', true],
  ] as const)('a status %d %j is %s', async (status, body, code, isTransient) => {
    const { events, error, server } = await call(protocol, refusing(status, body));
    expectReadable(error);
    expect(error).toMatchObject({ code, isTransient, status, fate: 'refused', providerRequestId: 'req-9' });
    expect(events).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test.each([504, 524])('a gateway that gave up waiting (%d) leaves open what is billed', async (status) => {
    const { error, server } = await call(protocol, refusing(status));
    expect(error).toMatchObject({ code: 'server_error', fate: 'ambiguous', status });
    expect(server.requests).toHaveLength(1);
  });

  test('names the parameter that is refused', async () => {
    const { error } = await call(
      protocol,
      refusing(400, { code: 'unsupported_parameter', param: 'temperature' }),
    );
    expectReadable(error);
    expect(error?.message).toContain('unsupported_parameter: temperature');
  });

  test.each([
    ['seconds', { 'retry-after': '7' }, 7_000, 7_000],
    ['a date', () => ({ 'retry-after': new Date(Date.now() + 100_000).toUTCString() }), 1, 100_000],
    ['milliseconds', { 'retry-after': '9', 'retry-after-ms': '1500' }, 2_000, 2_000],
    ['more than an hour', { 'retry-after': '99999' }, 3_600_000, 3_600_000],
  ] as const)('takes Retry-After in %s', async (_form, headers, least, most) => {
    const given = typeof headers === 'function' ? headers() : headers;
    const { error } = await call(protocol, refusing(429, {}, given));
    expect(error?.retryAfterMs).toBeGreaterThanOrEqual(least);
    expect(error?.retryAfterMs).toBeLessThanOrEqual(most);
  });

  test.each([[{}], [{ 'retry-after': 'soon' }], [{ 'retry-after': '-1' }]])(
    'takes no sense from %j',
    async (headers) => {
      const { error } = await call(protocol, refusing(429, {}, headers));
      expect(error?.retryAfterMs).toBeUndefined();
    },
  );

  test('follows no redirect', async () => {
    const elsewhere = await serve(saying(begin + end));
    const { error, server } = await call(protocol, (response) => {
      response.writeHead(307, { location: `${elsewhere.origin}/v1` }).end();
    });
    expectReadable(error);
    expect(error).toMatchObject({ code: 'bad_request', fate: 'refused', status: 307 });
    expect(server.requests).toHaveLength(1);
    expect(elsewhere.requests).toHaveLength(0);
  });

  test('is unsent where nobody listens', async () => {
    const server = await serve(() => undefined);
    await server.close();
    const { error } = await outcomeOf(provide(configOf(protocol, server.origin)).stream(requestOf()));
    expectReadable(error);
    expect(error).toMatchObject({ code: 'unreachable', fate: 'unsent', status: undefined });
  });

  test('is unsent where the name has no address', async () => {
    const provider = provide(configOf(protocol, 'http://nowhere.invalid:8080'));
    const { error } = await outcomeOf(provider.stream(requestOf()));
    expectReadable(error);
    expect(error).toMatchObject({ code: 'unreachable', fate: 'unsent' });
  });

  test('is unsent where TLS fails', async () => {
    const server = await serve(saying(begin + end));
    const provider = provide(configOf(protocol, server.origin.replace('http:', 'https:')));
    const { error } = await outcomeOf(provider.stream(requestOf()));
    expectReadable(error);
    expect(error).toMatchObject({ code: 'unreachable', fate: 'unsent' });
    expect(server.requests).toHaveLength(0);
  });

  test('is unsent, and shows no key, where the key is no header', async () => {
    const server = await serve(saying(begin + end));
    const provider = provide(configOf(protocol, server.origin, { apiKey: `${KEY}\nx: y\0` }));
    const { error } = await outcomeOf(provider.stream(requestOf()));
    expectReadable(error);
    expect(error).toMatchObject({ code: 'bad_request', fate: 'unsent', isTransient: false });
    expect(server.requests).toHaveLength(0);
  });

  test.each([
    ['a reset before the headers', (response) => void response.socket?.resetAndDestroy(), 'cut'],
    ['a close before the headers', (response) => void response.socket?.end(), 'cut'],
    [
      'a reset in the middle',
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(begin, () => response.socket?.resetAndDestroy());
      },
      'cut',
    ],
    ['an end without the marker', saying(begin), 'cut'],
    ['an end in the middle of an event', saying(begin + end.slice(0, 20)), 'cut'],
    ['an empty stream', saying(''), 'cut'],
    ['what is not JSON', saying(`${begin}event: message_delta\ndata: {"not": json\n\n${end}`), 'malformed'],
    ['JSON of another shape', saying(`${begin}event: message_delta\ndata: null\n\n${end}`), 'malformed'],
    [
      'JSON instead of a stream',
      saying('{"choices": []}', { 'content-type': 'application/json' }),
      'malformed',
    ],
    ['a page', saying(`<html>${SECRET}</html>`, { 'content-type': 'text/html' }), 'malformed'],
    [
      'what was compressed unasked',
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
        response.end(gzipSync(begin + end));
      },
      'malformed',
    ],
    [
      'what is not HTTP',
      (response) => void response.socket?.end(`${SECRET} is not HTTP\r\n\r\n`),
      'malformed',
    ],
    [
      'an error in mid-stream',
      saying(
        `${begin}event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: SECRET } })}\n\n`,
      ),
      'stream_error',
    ],
  ] as [string, Answer, string][])('is ambiguous after %s', async (_what, answer, code) => {
    const { error, server } = await call(protocol, answer);
    expectReadable(error);
    expect(error).toMatchObject({ code, fate: 'ambiguous', isTransient: true });
    expect(server.requests).toHaveLength(1);
  });

  test('is not disturbed by what breaks behind the marker', async () => {
    const { events, error } = await call(protocol, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(begin + end, () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
    });
    expect(error).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'end' });
  });

  test('closes the connection of an answer that it does not read', async () => {
    const { error, server } = await call(protocol, (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
    });
    expect(error).toMatchObject({ code: 'malformed', fate: 'ambiguous' });
    await server.requests[0]?.closed;
  });

  test('reads no error without end', async () => {
    const { error, server } = await call(protocol, (response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    });
    expectReadable(error);
    expect(error).toMatchObject({ code: 'server_error', fate: 'refused' });
    await server.requests[0]?.closed;
  });

  test('reads no event without end', async () => {
    const { error, server } = await call(protocol, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`${begin}data: `);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    });
    expectReadable(error);
    expect(error).toMatchObject({ code: 'malformed', fate: 'ambiguous' });
    await server.requests[0]?.closed;
  });
});

test('a server that takes the connection and closes it is ambiguous', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { error } = await outcomeOf(
    provide(configOf('openai-chat', `http://127.0.0.1:${port}`)).stream(requestOf()),
  );
  expect(error).toMatchObject({ code: 'cut', fate: 'ambiguous' });
  await new Promise((resolve) => server.close(resolve));
});
