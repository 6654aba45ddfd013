import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SourceError } from '../../../../lib/errors';
import { FrameGuard, WireError } from '../../../../workers/sources/postgres/frames';
import { POSTGRES_LIMITS } from '../../../../workers/sources/postgres/limits';
import { PostgresStream } from '../../../../workers/sources/postgres/stream';
import { createSqlSource } from '../../../../workers/sources/sql';

const message = (type: string, body: Buffer | string = ''): Buffer => {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
};
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

const LOGGED_IN = Buffer.concat([message('R', int32(0)), message('Z', 'I')]);
const field = (name: string) =>
  Buffer.concat([Buffer.from(`${name}\0`), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]);
const row = (...values: string[]) =>
  message(
    'D',
    Buffer.concat([int16(values.length), ...values.flatMap((v) => [int32(v.length), Buffer.from(v)])]),
  );
const columns = (...names: string[]) =>
  message('T', Buffer.concat([int16(names.length), ...names.map(field)]));

const IDENTITY = Buffer.concat([
  columns('started_at'),
  row('1.0'),
  message('C', 'SELECT 1\0'),
  message('Z', 'I'),
]);
const DONE = Buffer.concat([message('C', 'SELECT 1\0'), message('Z', 'T')]);

let server: Server | undefined;
let sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  if (server) await new Promise((resolve) => server?.close(resolve));
});

/** A server that answers each packet of the client with the next of these, whatever was asked. */
async function serve(answers: (Buffer | undefined)[]): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket);
    const left = [...answers];
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const answer = left.shift();
      if (answer) socket.write(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function failure(answers: (Buffer | undefined)[]): Promise<SourceError> {
  const port = await serve(answers);
  const source = createSqlSource({
    allowPrivateHosts: ['127.0.0.1'],
    ownCluster: async () => ({ systemIdentifier: '1', startedAt: '2.0', address: null, port: null }),
    limits: { connectMs: 500, totalMs: 800, goodbyeMs: 50 },
  });
  const connection = {
    id: 'c',
    kind: 'postgres' as const,
    config: { host: '127.0.0.1', port, database: 'd', user: 'u', ssl: false },
    secret: { password: 'p' },
  };
  const context = { businessId: 'b', requestId: 'r', signal: new AbortController().signal, connection };
  const config = { kind: 'sql' as const, connectionId: 'c', query: 'select 1', params: [] };
  const error: unknown = await source.fetch(config, context).catch((reason: unknown) => reason);
  if (!(error instanceof SourceError)) throw new Error(`Not a SourceError: ${String(error)}`);
  return error;
}

const UNTERMINATED = message('E', 'Ma');
const BEFORE_ROWS = [LOGGED_IN, IDENTITY, DONE, DONE];

test.each<[string, (Buffer | undefined)[], string]>([
  ['speaks HTTP', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], 'not_postgres'],
  ['says nothing', [], 'connect_timeout'],
  ['falls silent after the log-in', [LOGGED_IN], 'timeout'],
  ['sends an error without an end, on which the library would loop for ever', [UNTERMINATED], 'not_postgres'],
  ['sends a notice without an end', [message('N', 'Sx\0')], 'not_postgres'],
  ['announces a message of 2 GB', [Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff])], 'result_too_large'],
  ['announces a message shorter than its header', [Buffer.from([0x52, 0, 0, 0, 0])], 'not_postgres'],
  ['asks for an unknown kind of log-in', [message('R', int32(99))], 'connection_lost'],
  [
    'starts a COPY, which the cursor has no handler for',
    [...BEFORE_ROWS, message('G', Buffer.from([0, 0, 0]))],
    'not_postgres',
  ],
  ['sends a row before its columns', [...BEFORE_ROWS, row('1')], 'connection_lost'],
  [
    'sends more values than columns',
    [LOGGED_IN, Buffer.concat([columns('a'), row('1', '2')])],
    'connection_lost',
  ],
  ['sends a negative count of columns', [LOGGED_IN, message('D', int16(-1))], 'connection_lost'],
  ['does not tell who it is', [LOGGED_IN, Buffer.concat([columns('x'), row('1'), DONE])], 'connection_lost'],
  [
    'answers as if it were idle',
    [LOGGED_IN, message('Z', 'I'), message('Z', 'I'), message('Z', 'I')],
    'connection_lost',
  ],
])('a server that %s ends in an error of this source alone', async (_name, answers, code) => {
  expect((await failure(answers)).code).toBe(code);
});

test('a server that floods is cut off', async () => {
  const notice = message('N', `M${'x'.repeat(1_000_000)}\0\0`);
  const flood = Buffer.concat([LOGGED_IN, ...Array.from({ length: 20 }, () => notice)]);
  expect((await failure([flood])).code).toBe('result_too_large');
});

test('an exception in a listener ends its connection and nothing else, whenever it is called', async () => {
  const port = await serve([LOGGED_IN]);
  const stream = new PostgresStream({ address: '127.0.0.1', port, tls: undefined }, POSTGRES_LIMITS);
  stream.on('data', () => {
    throw new Error('of the library');
  });
  // Paused when the data comes, the listener is called from the event loop and not from our own code.
  stream.pause();
  stream.connect();
  await once(stream, 'connect');
  stream.write('anything');
  await sleep(100);
  const ended = once(stream, 'error');
  stream.resume();
  expect(await ended).toMatchObject([{ message: 'of the library' }]);
  expect(stream.destroyed).toBe(true);
});

describe('the guard', () => {
  const limits = { messageBytes: 1_000, answerBytes: 10_000 };

  test('passes on whole messages, however they are cut', () => {
    const all = Buffer.concat([LOGGED_IN, row('abc'), DONE]);
    for (const size of [1, 2, 3, 7, 1_000]) {
      const guard = new FrameGuard(limits);
      const taken: Buffer[] = [];
      for (let at = 0; at < all.length; at += size) taken.push(guard.take(all.subarray(at, at + size)));
      expect(Buffer.concat(taken)).toEqual(all);
    }
    const guard = new FrameGuard(limits);
    expect(guard.take(all.subarray(0, LOGGED_IN.length + 3))).toEqual(LOGGED_IN);
  });

  test('lets only the fields of an error end it', () => {
    const guard = () => new FrameGuard(limits);
    expect(() => guard().take(message('E', 'Sx\0Mtext\0\0'))).not.toThrow();
    for (const body of ['', 'M', 'Mtext', 'Mtext\0', '\0M', 'Mtext\0\0x']) {
      expect(() => guard().take(message('E', body))).toThrow(WireError);
    }
  });
});
