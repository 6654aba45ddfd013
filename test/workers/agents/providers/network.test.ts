import {
  call,
  closeAll,
  configOf,
  outcomeOf,
  PROTOCOLS,
  provide,
  requestOf,
  saying,
  serve,
  textIn,
} from './fixture';
import { HELLO } from './wire-bytes';

afterEach(closeAll);

const business = { configuredBy: 'business' } as const;

describe.each(PROTOCOLS)("a business's own base URL: %s", (protocol) => {
  const { begin, end } = HELLO[protocol];
  const whole = saying(begin + end);

  test.each([
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    '10.0.0.1',
    '168.63.129.16',
  ])('%s is not connected to', async (host) => {
    const server = await serve(whole);
    const provider = provide(configOf(protocol, `http://${host}:${server.port}`, business));
    const { error } = await outcomeOf(provider.stream(requestOf()));
    expect(error).toMatchObject({ code: 'bad_request', fate: 'unsent', isTransient: false });
    expect(error?.message).toContain('an address that is not allowed');
    expect(server.sockets.size).toBe(0);
  });

  test('a name is judged by every address it has', async () => {
    const server = await serve(whole);
    const provider = provide(configOf(protocol, `http://llm.example.com:${server.port}`, business), {
      resolve: async () => ['93.184.216.34', '127.0.0.1'],
    });
    const { error } = await outcomeOf(provider.stream(requestOf()));
    expect(error).toMatchObject({ code: 'bad_request', fate: 'unsent' });
    expect(server.sockets.size).toBe(0);
  });

  test('what the operator allows is connected to, at the checked address, under its own name', async () => {
    const server = await serve(whole);
    let lookups = 0;
    const provider = provide(configOf(protocol, `http://llm.example.com:${server.port}`, business), {
      allowPrivateHosts: ['127.0.0.1'],
      resolve: async () => {
        lookups += 1;
        return ['127.0.0.1'];
      },
    });
    for (let calls = 1; calls <= 2; calls += 1) {
      const { events, error } = await outcomeOf(provider.stream(requestOf()));
      expect(error).toBeUndefined();
      expect(textIn(events)).toBe('Hello');
      // Checked again for every call, and a connection of its own each time.
      expect(lookups).toBe(calls);
    }
    expect(server.requests.map(({ headers }) => headers.host)).toEqual(
      Array(2).fill(`llm.example.com:${server.port}`),
    );
    await Promise.all(server.requests.map(({ closed }) => closed));
    expect(new Set(server.requests.map(({ socket }) => socket)).size).toBe(2);
  });

  test('a redirect to an address inside is not followed', async () => {
    const inside = await serve(whole);
    const { error, server } = await call(
      protocol,
      (response) => void response.writeHead(302, { location: inside.origin }).end(),
      { config: business, options: { allowPrivateHosts: ['127.0.0.1'] } },
    );
    expect(error).toMatchObject({ code: 'bad_request', fate: 'refused', status: 302 });
    expect(server.requests).toHaveLength(1);
    expect(inside.sockets.size).toBe(0);
  });

  test('a name without an address is unsent, and worth another try', async () => {
    const provider = provide(configOf(protocol, 'http://llm.example.com', business), {
      resolve: async () => [],
    });
    const { error } = await outcomeOf(provider.stream(requestOf()));
    expect(error).toMatchObject({ code: 'unreachable', fate: 'unsent', isTransient: true });
  });

  test('an abort during the look-up ends it', async () => {
    const stop = new AbortController();
    const provider = provide(configOf(protocol, 'http://llm.example.com', business), {
      resolve: () => {
        setImmediate(() => stop.abort());
        return new Promise<string[]>(() => undefined);
      },
    });
    const { error } = await outcomeOf(provider.stream(requestOf({ signal: stop.signal })));
    expect(error).toMatchObject({ code: 'aborted', fate: 'unsent' });
  });

  test.each(['not a url', 'http://', 'ftp://llm.example.com', 'http://user:pass@93.184.216.34'])(
    'a base URL of %j is refused without a word sent',
    async (baseUrl) => {
      const provider = provide(configOf(protocol, 'http://unused', { ...business, baseUrl }), {
        resolve: async () => ['93.184.216.34'],
      });
      const { error } = await outcomeOf(provider.stream(requestOf()));
      expect(error).toMatchObject({ code: 'bad_request', fate: 'unsent' });
    },
  );
});

test("what the environment holds for the operator's providers does not go to a business's", async () => {
  const names = ['ANTHROPIC_CUSTOM_HEADERS', 'ANTHROPIC_AUTH_TOKEN', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'];
  for (const name of names) process.env[name] = 'X-Api-Gateway: operators-secret';
  try {
    for (const protocol of PROTOCOLS) {
      const { begin, end } = HELLO[protocol];
      const { server } = await call(protocol, saying(begin + end), {
        config: business,
        options: { allowPrivateHosts: ['127.0.0.1'] },
      });
      expect(JSON.stringify(server.requests[0]?.headers)).not.toContain('operators-secret');
    }
  } finally {
    for (const name of names) delete process.env[name];
  }
});

test('200 streams run at once', async () => {
  const { begin, end } = HELLO['openai-chat'];
  const waiting: (() => void)[] = [];
  const server = await serve((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(begin);
    waiting.push(() => response.end(end));
    // Nobody gets an end before all have begun.
    if (waiting.length === 200) for (const finish of waiting) finish();
  });
  const provider = provide(configOf('openai-chat', server.origin));
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, () => outcomeOf(provider.stream(requestOf()))),
  );
  expect(outcomes.every(({ events, error }) => !error && textIn(events) === 'Hello')).toBe(true);
});
