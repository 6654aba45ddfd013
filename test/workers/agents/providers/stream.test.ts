import { closeAll, call, KEY, PROTOCOLS, saying, textIn, usageIn } from './fixture';
import { HELLO } from './wire-bytes';

afterEach(closeAll);

const TOOL = {
  name: 'search',
  description: 'Finds things.',
  parameters: { type: 'object', properties: { query: { type: 'string' } } },
};

const USAGE = {
  input: 7,
  cacheRead: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  outputText: 2,
  outputReasoning: null,
};

describe.each(PROTOCOLS)('%s', (protocol) => {
  const { begin, end } = HELLO[protocol];
  const whole = saying(begin + end, { 'x-request-id': 'req-1' });

  test('tells what comes, in order, and ends with the marker', async () => {
    const { events, error, server } = await call(protocol, whole);
    expect(error).toBeUndefined();
    expect(events.at(0)).toEqual({ type: 'accepted', providerRequestId: 'req-1' });
    expect(textIn(events)).toBe('Hello');
    expect(usageIn(events)).toEqual(USAGE);
    expect(events.at(-1)).toEqual({ type: 'end', stopReason: 'end', model: 'served-model' });
    expect(server.requests).toHaveLength(1);
  });

  test('sends what identifies the call, and nothing about this machine', async () => {
    const { server } = await call(protocol, whole);
    const headers = server.requests[0]?.headers ?? {};
    expect(headers['x-client-request-id']).toBe('ledger-1');
    expect(headers['accept-encoding']).toBe('identity');
    expect(JSON.stringify(headers)).toContain(KEY);
    expect(Object.keys(headers).filter((name) => name.startsWith('x-stainless'))).toEqual([]);
  });

  test('takes a reply in pieces of one byte, with CR LF', async () => {
    const bytes = Buffer.from((begin + end).replaceAll('\n', '\r\n'));
    const { events, error } = await call(protocol, async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    expect(error).toBeUndefined();
    expect(textIn(events)).toBe('Hello');
    expect(usageIn(events)).toEqual(USAGE);
  });

  test('gives the tools, the cap and the temperature', async () => {
    const { server } = await call(protocol, whole, { request: { tools: [TOOL], temperature: 0.5 } });
    const body = server.requests[0]?.body ?? {};
    expect(body).toMatchObject({ model: 'asked-model', stream: true, temperature: 0.5 });
    expect(JSON.stringify(body.tools)).toContain('"search"');
    expect(body.max_output_tokens ?? body.max_tokens).toBe(100);
  });

  test('leaves the temperature and the tools out where there are none', async () => {
    const { server } = await call(protocol, whole);
    expect(server.requests[0]?.body).not.toHaveProperty('temperature');
    expect(server.requests[0]?.body).not.toHaveProperty('tools');
  });
});
