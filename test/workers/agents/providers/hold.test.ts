import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProviderEvent, Reading } from '../../../../workers/agents/providers/provider';
import { temporaryDirectory } from '../../../support/temporary';
import { CERTIFICATE, KEY } from '../../sources/postgres/certificate';
import { closeAll, configOf, outcomeOf, provide, requestOf, serve, textIn } from './fixture';
import { HELLO, responses } from './wire-bytes';
import { beginStream } from './wire-server';

afterEach(closeAll);

const PIECES = Array.from({ length: 50 }, (_, index) => `${index} `);
const END = responses.end('completed', { input_tokens: 7, output_tokens: 2, total_tokens: 9 });

/** Turns of the event loop in which everything that is on its way over the loopback arrives, were it read. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
}

const write = (response: ServerResponse, text: string) =>
  new Promise<void>((resolve) => response.write(text, () => resolve()));

/** Each in a packet of its own. */
async function writePieces(response: ServerResponse): Promise<void> {
  for (const piece of PIECES) {
    await write(response, responses.text(piece));
    await new Promise(setImmediate);
  }
}

/** A call that was held behind its first words, with the answer's other side. */
async function heldCall() {
  let answered: (response: ServerResponse) => void = () => undefined;
  const response = new Promise<ServerResponse>((resolve) => (answered = resolve));
  const server = await serve((given) => {
    // The first is the test's to write; whatever comes behind it is answered at once.
    if (server.requests.length > 1) {
      beginStream(given);
      given.end(HELLO['openai-responses'].begin + HELLO['openai-responses'].end);
    } else answered(given);
  });
  const provider = provide(configOf('openai-responses', server.origin));
  const stop = new AbortController();
  const events: ProviderEvent[] = [];
  let reading: Reading | undefined;
  let onText: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (onText = resolve));
  const stream = provider.stream(
    requestOf({ signal: stop.signal, onAnswer: (given) => void (reading = given) }),
  );
  const done = outcomeOf(
    (async function* watched() {
      for await (const event of stream) {
        events.push(event);
        if (event.type === 'text') onText();
        yield event;
      }
    })(),
  );
  const other = await response;
  beginStream(other);
  await write(other, responses.created + responses.text('First '));
  await begun;
  if (!reading) throw new Error('Nobody was handed the reading.');
  reading.hold();
  return { server, provider, reading, response: other, events, done, stop };
}

test('what comes while an answer is held is read at once when it is released', async () => {
  const { reading, response, events, done } = await heldCall();
  await writePieces(response);
  await turns();
  expect(textIn(events)).toBe('First ');
  reading.release();
  response.end(END);
  const { error } = await done;
  expect(error).toBeUndefined();
  expect(textIn(events)).toBe(`First ${PIECES.join('')}`);
  // One packet was in the socket, the others were in the kernel: not one event for each.
  expect(events.filter(({ type }) => type === 'text').length).toBeLessThan(10);
});

test('an answer that ended while it was held is read to its end', async () => {
  const { reading, response, events, done } = await heldCall();
  await writePieces(response);
  await new Promise<void>((resolve) => response.end(END, resolve));
  await turns();
  expect(textIn(events)).toBe('First ');
  reading.release();
  const { error } = await done;
  expect(error).toBeUndefined();
  expect(textIn(events)).toBe(`First ${PIECES.join('')}`);
  expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'end' });
});

test('one that broke off while it was held fails once it is released', async () => {
  const { reading, response, done } = await heldCall();
  await writePieces(response);
  response.socket?.resetAndDestroy();
  await turns();
  reading.release();
  expect((await done).error).toMatchObject({ code: 'cut', fate: 'ambiguous' });
});

test('one that was cut cleanly while it was held has its text, and is not complete', async () => {
  const { reading, response, events, done } = await heldCall();
  await writePieces(response);
  response.end();
  await turns();
  reading.release();
  expect((await done).error).toMatchObject({ code: 'cut', fate: 'ambiguous' });
  expect(textIn(events)).toBe(`First ${PIECES.join('')}`);
});

test('a stop closes the connection at once, and holds nothing behind it', async () => {
  const { server, provider, reading, response, done, stop } = await heldCall();
  const closed = once(response, 'close');
  stop.abort();
  await closed;
  expect((await done).error).toMatchObject({ code: 'aborted' });
  // Whoever held it may not know yet that it is over.
  reading.hold();
  const { events, error } = await outcomeOf(provider.stream(requestOf()));
  expect(error).toBeUndefined();
  expect(textIn(events)).toBe('Hello');
  expect(server.requests).toHaveLength(2);
});

test('the next call takes the same connection, and is not held', async () => {
  const { server, provider, reading, response, done } = await heldCall();
  response.end(END);
  reading.release();
  expect((await done).error).toBeUndefined();
  reading.hold();
  const { events } = await outcomeOf(provider.stream(requestOf()));
  expect(textIn(events)).toBe('Hello');
  expect(new Set(server.requests.map(({ socket }) => socket)).size).toBe(1);
});

/** Certificates are trusted from a process's start on, so the caller is one of its own. It says each text that comes. */
const CALLER = `
  const { createProvider } = require(process.env.PROVIDERS);
  const provider = createProvider(JSON.parse(process.env.CONFIG), { allowPrivateHosts: [] });
  let reading;
  process.stdin.on('data', () => reading.release());
  (async () => {
    const request = { model: 'm', system: '', messages: [{ role: 'user', content: 'Hi' }], tools: [],
      maxOutputTokens: 100, temperature: undefined, requestId: 'r', signal: new AbortController().signal,
      onAnswer: (given) => { reading = given; } };
    let isFirst = true;
    for await (const event of provider.stream(request)) {
      if (event.type !== 'text') continue;
      if (isFirst) reading.hold();
      isFirst = false;
      console.log(event.text);
    }
    process.exit(0);
  })();`;

test('over TLS, too', async () => {
  const server = createServer({ cert: CERTIFICATE, key: KEY }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = temporaryDirectory();
  const certificates = join(directory, 'ca.pem');
  writeFileSync(certificates, CERTIFICATE);
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const caller = spawn(process.execPath, ['-e', CALLER], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: certificates,
      PROVIDERS: join(__dirname, '../../../../dist/workers/agents/providers/index.js'),
      CONFIG: JSON.stringify(configOf('openai-responses', origin)),
    },
  });
  try {
    const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
    beginStream(response);
    await write(response, responses.created + responses.text('First '));
    const heard: string[] = [];
    const lines = createInterface(caller.stdout);
    lines.on('line', (line) => heard.push(line));
    await once(lines, 'line');
    await writePieces(response);
    await turns();
    expect(heard).toEqual(['First ']);
    response.end(END);
    caller.stdin.write('release');
    // Not its exit, before which its last words may not be here.
    await once(caller, 'close');
    expect(heard.join('')).toBe(`First ${PIECES.join('')}`);
    expect(heard.length).toBeLessThan(10);
  } finally {
    caller.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
