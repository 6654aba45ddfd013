import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { httpConnectionBody, registerBody, widgetBody } from '../../factories/bodies';
import { spawnApp, type App } from '../../support/app';
import { createTestDatabase, query } from '../../support/postgres';
import { temporaryDirectory } from '../../support/temporary';
import { apiOf, call } from './api';
import { expectRefusal } from './expect-refusal';

/** Everything a client sends that must not be in a log, each to be recognised. */
const planted = (what: string) => `planted-${what}-9d2b41aa`;
const PASSWORD = planted('password');

let database: { url: string; drop(): Promise<void> };
let directory: string;
let app: App;
let port: number;
/** A client that sends its request's head a byte at a time, from the start of the file. */
let slow: { socket: Socket; ended: Promise<string>; stop: () => void };

beforeAll(async () => {
  database = await createTestDatabase();
  directory = temporaryDirectory();
  app = spawnApp('start', {
    DATABASE_URL: database.url,
    DATA_DIR: directory,
    HOST: '127.0.0.1',
    PORT: '0',
    JWT_SECRET: planted('jwt-secret'),
    ENCRYPTION_KEYS: planted('encryption-key'),
    METRICS_TOKEN: planted('metrics-token'),
    LOG_LEVEL: 'trace',
  });
  ({ port } = JSON.parse(await app.waitForLine(/"msg":"ready"/)) as { port: number });
  slow = slowly(port);
});
afterAll(async () => {
  slow?.stop();
  await app?.kill('SIGTERM');
  await database?.drop();
  rmSync(directory, { recursive: true, force: true });
});

/** What a raw connection says until it ends. */
function answersOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

function slowly(to: number) {
  const socket = connect(to, '127.0.0.1');
  const ended = answersOf(socket);
  socket.write('GET /api/v1/widgets HTTP/1.1\r\nHost: a\r\nX-Slow: ');
  const timer = setInterval(() => socket.write('a'), 500);
  const stop = () => {
    clearInterval(timer);
    socket.destroy();
  };
  socket.on('close', stop);
  return { socket, ended, stop };
}

/** Sends these bytes and gives all that comes back until the server ends the connection. */
function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const answers = answersOf(socket);
  socket.write(bytes);
  return answers;
}
const statusesOf = (answers: string) =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
const expectAlive = async () => {
  expect((await call(port, { method: 'get', path: '/health/live' })).status).toBe(200);
};

describe('a connection that speaks no proper HTTP', () => {
  const ASK = 'GET /api/v1/widgets HTTP/1.1\r\nHost: a\r\n';
  it.each<[string, string | Buffer, number[]]>([
    ['garbage', 'garbage\r\n\r\n', [400]],
    [
      'bytes of no meaning',
      Buffer.from(Array.from({ length: 2_000 }, (_, index) => (index * 89) % 256)),
      [400],
    ],
    ['a TLS greeting', Buffer.from('160301020001', 'hex'), [400]],
    ['a path with U+0000', 'GET /api/v1/\0widgets HTTP/1.1\r\nHost: a\r\n\r\n', [400]],
    ['a header with U+0000', `${ASK}X-Request-Id: a\0b\r\n\r\n`, [400]],
    ['a header that is split', `${ASK}X-Request-Id: a\nb c\r\n\r\n`, [400]],
    ['no host', 'GET /api/v1/widgets HTTP/1.1\r\n\r\n', [400]],
    ['two lengths', `${ASK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, [400]],
    [
      'a length and chunks',
      `POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      [400],
    ],
    [
      'a length that is none',
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
      [400],
    ],
    [
      'chunks that are none',
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      [400],
    ],
    ['a head of 20 KB', `${ASK}X-Large: ${'x'.repeat(20_000)}\r\n\r\n`, [431]],
    ['garbage behind a request', `${ASK}\r\ngarbage\r\n\r\n`, [401, 400]],
    ['garbage behind three', `${ASK}\r\n${ASK}\r\n${ASK}\r\n\0\0\0\0`, [401, 401, 401, 400]],
  ])('hears so and is ended: %s', async (_, bytes, statuses) => {
    const found = statusesOf(await raw(bytes));
    // An answer under way when the garbage comes may be cut with the connection.
    expect(found.every((status) => statuses.includes(status))).toBe(true);
    expect(found.length).toBeLessThanOrEqual(statuses.length);
    expect(statuses.length > 1 ? statuses : found).toEqual(statuses);
    await expectAlive();
  });

  it('is let go in the middle of a body without harm', async () => {
    const head =
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"em';
    const socket = connect(port, '127.0.0.1');
    const ended = answersOf(socket);
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.resetAndDestroy();
    expect(await ended).toBe('');
    // Its own doing, not a failure of ours.
    const line = await app.waitForLine(/"path":"\/api\/v1\/auth\/login","status":4\d\d.*"msg":"request"/);
    expect(line).toContain('"level":"info"');
    await expectAlive();
  });
});

describe('the log', () => {
  it('holds no password, token, key or secret, whatever happens', async () => {
    const stranger = apiOf(port);
    const body = registerBody({ password: PASSWORD });
    const made = (await stranger.post('/auth/register', body)).body.data as {
      tokens: { accessToken: string; refreshToken: string };
    };
    const { accessToken, refreshToken } = made.tokens;
    const api = apiOf(port, accessToken);
    const tokens = [accessToken, refreshToken];

    await stranger.post('/auth/login', { email: body.email, password: `${PASSWORD} wrong` });
    await stranger.post('/auth/login', {
      email: body.email,
      password: PASSWORD,
      token: planted('unknown-field'),
    });
    await call(port, { method: 'post', path: '/api/v1/auth/login', body: `{"password":"${PASSWORD}"` });
    await call(port, {
      method: 'get',
      path: `/api/v1/widgets?token=${accessToken}&password=${PASSWORD}`,
      token: accessToken,
    });
    await call(port, { method: 'get', path: '/api/v1/auth/me', token: `${accessToken}x` });
    await call(port, { method: 'get', path: '/metrics', token: planted('metrics-token') });
    await call(port, {
      method: 'get',
      path: '/api/v1/widgets',
      headers: { Cookie: `session=${planted('cookie')}` },
    });
    const rotated = await stranger.post('/auth/refresh', { refreshToken });
    const next = (rotated.body.data as { tokens: { accessToken: string; refreshToken: string } }).tokens;
    tokens.push(next.accessToken, next.refreshToken);

    const secret = { headers: { Authorization: `Bearer ${planted('connection')}` } };
    const connection = httpConnectionBody({ secret, config: { baseUrl: 'http://127.0.0.1:1/' } });
    const { id } = (await api.post('/connections', connection)).body.data as { id: string };
    expect((await api.post(`/connections/${id}/test`)).body.data).toMatchObject({ ok: false });
    const source = { kind: 'http', url: 'http://127.0.0.1:1/', headers: { 'X-Key': planted('source') } };
    await api.post('/widgets/preview', { source });
    await api.post('/widgets', widgetBody({ source }));

    // Failures of the database, whose own words are logged: they may hold what was to be written.
    await query(
      database.url,
      `alter table connections add constraint test_no_more check (name <> 'Refused')`,
      `alter table widgets add constraint test_no_more check (name <> 'Refused')`,
      `alter table users add constraint test_no_more check (name <> 'Refused')`,
    );
    const failing = [
      await api.post('/connections', { ...connection, name: 'Refused' }),
      await api.post('/widgets', widgetBody({ name: 'Refused', source })),
      await stranger.post('/auth/register', registerBody({ password: PASSWORD, name: 'Refused' })),
    ];
    for (const answer of failing) {
      expectRefusal('a failure of ours', answer, [500]);
      expect(answer.text).not.toMatch(/test_no_more|Refused/);
      const line = await app.waitForLine(
        new RegExp(`${answer.body.error?.requestId}.*"msg":"request failed"`),
      );
      expect(line).toContain('test_no_more');
    }
    expect((await apiOf(port, next.accessToken).post('/auth/logout')).status).toBe(204);

    const log = app.output.join('\n');
    expect(app.output.length).toBeGreaterThan(15);
    expect(log.match(/planted-[a-z-]+/g)).toBeNull();
    for (const token of tokens) {
      expect(log.includes(token)).toBe(false);
      expect(log.includes(token.split('.').at(-1) ?? token)).toBe(false);
    }
    expect(log).not.toContain('$argon2');
    expect(log).not.toContain('v1.');
  });
});

it('cuts a client that sends its head a byte at a time', async () => {
  expect(statusesOf(await slow.ended)).toEqual([408]);
  await expectAlive();
});
