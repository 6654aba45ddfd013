import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { BehaviourInput } from '../../sandbox/control/behaviour';
import { eventually } from '../support/eventually';
import { SANDBOX_KEY, scripted, startTestSandbox, type TestSandbox } from '../support/sandbox';
import { anthropicFor, openaiFor } from './clients';

let sandbox: TestSandbox;
beforeAll(async () => void (sandbox = await startTestSandbox()));
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

const PATHS = {
  'openai-responses': 'v1/responses',
  'openai-chat': 'v1/chat/completions',
  anthropic: 'v1/messages',
} as const;
type Name = keyof typeof PATHS;
const ALL = Object.keys(PATHS) as Name[];

const MARKERS = {
  'openai-responses': 'response.completed',
  'openai-chat': '[DONE]',
  anthropic: 'message_stop',
} as const;

/** A request as bytes on the wire, where the SDKs would hide what is looked at. */
function send(name: Name, script: BehaviourInput, stream = true, signal?: AbortSignal): Promise<Response> {
  const content = scripted(script);
  const body = {
    model: 'sandbox-script',
    stream,
    ...(name === 'openai-responses' ? { input: content } : { messages: [{ role: 'user', content }] }),
    ...(name === 'anthropic' ? { max_tokens: 50 } : {}),
  };
  return fetch(`${sandbox.url}/${PATHS[name]}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SANDBOX_KEY}`, 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
}

const decode = new TextDecoder();

/** Reads until the text so far satisfies, or the body ends or breaks. */
async function readUntil(response: Response, enough: (text: string) => boolean): Promise<string> {
  let text = '';
  try {
    // Who stops reading here may still want the connection.
    for await (const value of response.body?.values({ preventCancel: true }) ?? []) {
      text += decode.decode(value as Uint8Array);
      if (enough(text)) return text;
    }
  } catch {
    return `${text}<broken>`;
  }
  return `${text}<end>`;
}
const never = () => false;
const logged = async () => {
  const [entry] = await sandbox.requests();
  return entry;
};
const ended = () =>
  eventually('the request is closed', async () => {
    const entry = await logged();
    return entry?.closedAt ? entry : undefined;
  });

describe.each(ALL)('%s', (name) => {
  const overloaded = name === 'anthropic' ? 529 : 503;
  it.each([
    ['rate_limit', 429],
    ['overloaded', overloaded],
    ['server_error', 500],
  ] as const)('%s is refused before anything is billed', async (fault, status) => {
    const response = await send(name, { fault, retryAfterSeconds: 7 });
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(fault === 'rate_limit' ? '7' : null);
    const body = (await response.json()) as { error: { message: string } };
    expect(body.error.message).toMatch(/\w/);
    expect(await ended()).toMatchObject({ outcome: `fault:${fault}`, status, billed: null, chunksSent: 0 });
  });

  it('cut: the response ends well after three chunks, without its marker', async () => {
    const text = await readUntil(await send(name, { fault: 'cut', afterChunks: 3, outputTokens: 9 }), never);
    expect(text).toMatch(/<end>$/);
    expect(text).toContain('sum ');
    expect(text).not.toContain(MARKERS[name]);
    const entry = await ended();
    expect(entry).toMatchObject({ outcome: 'fault:cut', chunksSent: 3, billed: { output: 3 } });
    expect(entry.billed?.input).toBeGreaterThan(0);
  });

  it('reset: the socket breaks after what was sent', async () => {
    const text = await readUntil(
      await send(name, { fault: 'reset', afterChunks: 2, outputTokens: 9 }),
      never,
    );
    expect(text).toMatch(/<broken>$/);
    expect(await ended()).toMatchObject({ outcome: 'fault:reset', chunksSent: 2, billed: { output: 2 } });
  });

  it.each([
    [0, () => true],
    [2, (text: string) => text.includes('and ')],
  ])(
    'stall: headers and %i chunks, and then nothing until the caller leaves',
    async (afterChunks, enough) => {
      const caller = new AbortController();
      const script: BehaviourInput = { fault: 'stall', afterChunks, outputTokens: 9 };
      const response = await send(name, script, true, caller.signal);
      expect(response.status).toBe(200);
      await eventually('it has come to the fault', async () => (await logged())?.outcome === 'fault:stall');
      if (afterChunks > 0) await readUntil(response, enough);
      expect(await logged()).toMatchObject({ closedAt: null, chunksSent: afterChunks });
      caller.abort();
      expect(await ended()).toMatchObject({ outcome: 'fault:stall', billed: { output: afterChunks } });
    },
  );

  it('html: a page instead of an answer', async () => {
    const response = await send(name, { fault: 'html' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(await response.text()).toContain('<!doctype html>');
    expect(await ended()).toMatchObject({ outcome: 'fault:html', billed: null });
  });

  it('ignore_cap: twice the cap comes, and is billed', async () => {
    const cap = name === 'anthropic' ? 50 : 16_384;
    const text = await readUntil(await send(name, { fault: 'ignore_cap' }), never);
    expect(text).toContain(MARKERS[name]);
    expect(await ended()).toMatchObject({
      outcome: 'fault:ignore_cap',
      billed: { output: 2 * cap },
      chunksSent: 2 * cap,
    });
  });

  it('usage is what the test wants, or nowhere, and the bill stays true', async () => {
    const strange = await (await send(name, { text: 'x', usage: { tokens: 'many' } }, false)).text();
    expect(strange).toContain('"usage":{"tokens":"many"}');
    const absent = await (await send(name, { text: 'x', usage: null }, false)).text();
    expect(absent).toContain('x');
    expect(absent).not.toContain('"usage"');
    for (const entry of await sandbox.requests()) expect(entry.billed).toMatchObject({ output: 1 });
  });

  it('delays its headers, and a caller who leaves meanwhile is billed nothing', async () => {
    const caller = new AbortController();
    const response = send(name, { delayMs: 600_000 }, true, caller.signal);
    response.catch(() => undefined);
    await eventually('the request has come', async () => (await logged())?.body);
    caller.abort();
    await expect(response).rejects.toThrow('aborted');
    expect(await ended()).toMatchObject({ outcome: 'client_closed', status: 0, billed: null });
  });

  it('bills a caller who leaves for what was put out', async () => {
    const caller = new AbortController();
    const script = { outputTokens: 16_000, tokensPerSecond: 50 };
    const response = await send(name, script, true, caller.signal);
    await readUntil(response, (text) => text.includes('the '));
    caller.abort();
    const entry = await ended();
    expect(entry).toMatchObject({ outcome: 'client_closed', status: 200 });
    expect(entry.billed?.output).toBe(entry.chunksSent);
    expect(entry.chunksSent).toBeGreaterThanOrEqual(3);
    // Nothing goes on being put out for nobody.
    const later = await send(name, { outputTokens: 10, tokensPerSecond: 100 });
    await later.text();
    expect((await logged())?.chunksSent).toBe(entry.chunksSent);
  });
});

it("the SDKs throw at each protocol's own error and at what is no JSON", async () => {
  const openai = openaiFor(sandbox);
  const anthropic = anthropicFor(sandbox);
  const request = (fault: 'error_event' | 'bad_json') => {
    const content = scripted({ fault, afterChunks: 1, outputTokens: 5 });
    return { model: 'sandbox-script', messages: [{ role: 'user' as const, content }], stream: true as const };
  };
  const drain = async (stream: AsyncIterable<unknown>) => {
    for await (const event of stream) void event;
  };
  const chat = (fault: 'error_event' | 'bad_json') =>
    openai.chat.completions.create(request(fault)).then(drain);
  const claude = (fault: 'error_event' | 'bad_json') =>
    anthropic.messages.create({ ...request(fault), max_tokens: 9 }).then(drain);
  await expect(chat('error_event')).rejects.toBeInstanceOf(OpenAI.APIError);
  await expect(claude('error_event')).rejects.toMatchObject({ type: 'overloaded_error' });
  await expect(claude('error_event')).rejects.toBeInstanceOf(Anthropic.APIError);
  await expect(chat('bad_json')).rejects.toThrow(SyntaxError);
  await expect(claude('bad_json')).rejects.toThrow(SyntaxError);
});

it("OpenAI's Responses fail in two ways: an error event, and a response that failed", async () => {
  const events = async (fault: 'error_event' | 'failed') =>
    readUntil(await send('openai-responses', { fault, afterChunks: 1, outputTokens: 5 }), never);
  const error = await events('error_event');
  expect(error).toContain('event: error\ndata: {"type":"error","code":"server_error"');
  expect(error).not.toContain('response.failed');
  expect(await events('failed')).toContain('event: response.failed');
});

it('an error in mid-stream is a plain 500 where nothing is streamed', async () => {
  for (const name of ALL) expect((await send(name, { fault: 'error_event' }, false)).status).toBe(500);
});
