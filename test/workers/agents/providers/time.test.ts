import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { ProviderError, ProviderEvent } from '../../../../workers/agents/providers/provider';
import {
  closeAll,
  call,
  configOf,
  outcomeOf,
  PROTOCOLS,
  provide,
  requestOf,
  saying,
  serve,
  textIn,
} from './fixture';
import { HELLO, messages } from './wire-bytes';
import type { Answer } from './wire-server';

afterEach(closeAll);

/** Long enough for a machine that stands still for a moment, short enough for a test. */
const IDLE_MS = 1_000;
const idle = { options: { idleTimeoutMs: IDLE_MS } };

/** Says so much, and then nothing more. */
const pausing =
  (body: string): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    if (body) response.write(body);
  };

/** Never shorter than what was said; how much longer is the machine's affair. */
async function timed<T>(work: Promise<T>): Promise<T & { ms: number }> {
  const begun = performance.now();
  const result = await work;
  return { ...result, ms: performance.now() - begun };
}

describe.each(PROTOCOLS)('%s', (protocol) => {
  const { begin, end } = HELLO[protocol];

  test.each([
    ['before the headers', () => undefined, 0],
    ['after the headers', pausing(''), 1],
    ['in the middle', pausing(begin), 2],
  ])('ends a call where nothing comes %s', async (_where, answer, least) => {
    const { events, error, server, ms } = await timed(call(protocol, answer, idle));
    expect(error).toMatchObject({ code: 'stalled', fate: 'ambiguous', isTransient: true });
    expect(error?.message).toBe('The provider sent nothing for 1 s.');
    expect(events.length).toBeGreaterThanOrEqual(least);
    expect(ms).toBeGreaterThanOrEqual(IDLE_MS - 5);
    expect(server.requests).toHaveLength(1);
    await server.requests[0]?.closed;
  });

  test('counts any byte as life, and ends when they stop', async () => {
    // Six pauses, each shorter than the limit, and together longer.
    let pings = 0;
    const { error, ms } = await timed(
      call(
        protocol,
        (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(begin);
          const timer = setInterval(() => {
            pings += 1;
            response.write(protocol === 'anthropic' ? messages.ping : ': ping\n\n');
            if (pings < 6) return;
            clearInterval(timer);
            response.end(end);
          }, IDLE_MS / 5);
        },
        idle,
      ),
    );
    expect(error).toBeUndefined();
    expect(pings).toBe(6);
    expect(ms).toBeGreaterThan(IDLE_MS);
  });

  test("doesn't count the time in which the caller works", async () => {
    const server = await serve(pausingUntilAsked(begin, end));
    const provider = provide(configOf(protocol, server.origin), { idleTimeoutMs: IDLE_MS });
    const events: ProviderEvent[] = [];
    for await (const event of provider.stream(requestOf())) {
      events.push(event);
      if (event.type !== 'text') continue;
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS * 2));
      server.requests[0]?.socket.emit('continue');
    }
    expect(textIn(events)).toBe('Hello');
    expect(events.at(-1)).toMatchObject({ type: 'end' });
  });

  test.each([
    ['before the headers', () => undefined],
    ['in the middle', pausing(begin)],
  ])('an abort %s closes the connection at once', async (_where, answer) => {
    const server = await serve(answer);
    const stop = new AbortController();
    const provider = provide(configOf(protocol, server.origin));
    const outcome = outcomeOf(provider.stream(requestOf({ signal: stop.signal })));
    const received = await server.request();
    stop.abort();
    // Without an abort the server would never see it: nothing else ends this call before the test's own time is up.
    await received.closed;
    const { error } = await outcome;
    expect(error).toMatchObject({ code: 'aborted', fate: 'ambiguous', isTransient: false });
  });

  test('an abort while the caller works on an event closes the connection, too', async () => {
    const server = await serve(pausing(begin));
    const stop = new AbortController();
    const provider = provide(configOf(protocol, server.origin));
    let error: ProviderError | undefined;
    try {
      for await (const event of provider.stream(requestOf({ signal: stop.signal }))) {
        if (event.type !== 'text') continue;
        stop.abort();
        await server.requests[0]?.closed;
      }
    } catch (thrown) {
      error = thrown as ProviderError;
    }
    expect(error).toMatchObject({ code: 'aborted', fate: 'ambiguous' });
  });

  test('a caller who reads no further closes the connection', async () => {
    const server = await serve(pausing(begin));
    const provider = provide(configOf(protocol, server.origin));
    for await (const event of provider.stream(requestOf())) if (event.type === 'text') break;
    await server.requests[0]?.closed;
    expect(server.requests).toHaveLength(1);
  });

  test('a call that is aborted before it begins sends nothing', async () => {
    const { error, server } = await call(protocol, saying(begin + end), {
      request: { signal: AbortSignal.abort() },
    });
    expect(error).toMatchObject({ code: 'aborted', fate: 'unsent' });
    expect(server.requests).toHaveLength(0);
  });

  test('leaves no listener at the signal, and its connection for the next calls', async () => {
    const stop = new AbortController();
    const server = await serve(saying(begin + end));
    const provider = provide(configOf(protocol, server.origin));
    const listeners = new Set<string>();
    const add = stop.signal.addEventListener.bind(stop.signal);
    const remove = stop.signal.removeEventListener.bind(stop.signal);
    stop.signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners.add(args[0]);
      add(...args);
    };
    stop.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners.delete(args[0]);
      remove(...args);
    };
    for (let calls = 0; calls < 5; calls += 1) {
      const { error } = await outcomeOf(provider.stream(requestOf({ signal: stop.signal })));
      expect(error).toBeUndefined();
    }
    expect(listeners.size).toBe(0);
    // Two, not one: undici opens a second where the first isn't free in the same turn of the event loop.
    expect(new Set(server.requests.map((request) => request.socket)).size).toBeLessThanOrEqual(2);
  });
});

/** Goes on with the second half when the test says so at the socket. */
const pausingUntilAsked =
  (begin: string, end: string): Answer =>
  (response, { socket }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(begin);
    socket.once('continue', () => response.end(end));
  };

test('a connection that is never made is unsent', async () => {
  // TLS to a server that takes the connection and says nothing: no byte of the request can have left.
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const provider = provide(configOf('anthropic', `https://127.0.0.1:${port}`), { idleTimeoutMs: IDLE_MS });
  const { error } = await outcomeOf(provider.stream(requestOf()));
  expect(error).toMatchObject({ code: 'unreachable', fate: 'unsent' });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** The idle timeout would come too late for these. */
const slowly = { options: { idleTimeoutMs: 600_000 } };

test('a server that keeps the stream open behind the marker holds nobody up', async () => {
  const { begin, end } = HELLO['openai-chat'];
  const { events, error, server } = await call('openai-chat', pausing(begin + end), slowly);
  expect(error).toBeUndefined();
  expect(textIn(events)).toBe('Hello');
  expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'end' });
  await server.requests[0]?.closed;
});

test("a server that never ends its error's body holds nobody up", async () => {
  const { error, server } = await call(
    'anthropic',
    (response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.flushHeaders();
      const timer = setInterval(() => response.write(' '), 100);
      response.once('close', () => clearInterval(timer));
    },
    slowly,
  );
  expect(error).toMatchObject({ code: 'server_error', fate: 'refused', status: 500 });
  await server.requests[0]?.closed;
});
