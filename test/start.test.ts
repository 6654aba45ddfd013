import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { banner } from '../demo/banner';
import { spawnApp, spawnNode } from './support/app';
import { eventually } from './support/eventually';
import { createTestDatabase, withDatabase } from './support/postgres';
import { isAlive, temporaryDirectory } from './support/temporary';

let directory: string;
let dataDir: string;

beforeEach(() => {
  directory = temporaryDirectory();
  dataDir = join(directory, 'data');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs `npm start`'s process to its end and gives everything it said. */
async function refusal(env: Record<string, string>) {
  const app = spawnApp('start', { DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0', ...env });
  const { code } = await app.exited;
  // What goes to stdout is the log; the operator's line stands by itself on stderr.
  return { code, lines: app.output.filter((line) => !line.startsWith('{')) };
}

/** A port where something listens that is no PostgreSQL: it says something and ends, or never says anything. */
async function listener(greeting?: string) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => undefined));
    if (greeting) socket.end(greeting);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { port, close };
}

describe('npm start says in one line what is wrong', () => {
  it('when the port is in use', async () => {
    const { port, close } = await listener();
    expect(await refusal({ PORT: String(port) })).toEqual({
      code: 1,
      lines: [`liveboard: Port ${port} is in use. Choose another, for example: PORT=${port + 1} npm start`],
    });
    await close();
  });

  it('when nothing listens at DATABASE_URL', async () => {
    const { port, close } = await listener();
    await close();
    expect(await refusal({ DATABASE_URL: `postgres://me:s3cret@127.0.0.1:${port}/mine` })).toEqual({
      code: 1,
      lines: [
        `liveboard: DATABASE_URL does not work: nothing listens there (host 127.0.0.1, port ${port}, database mine).`,
      ],
    });
  });

  it.each([
    ['answers nonsense', 'hello', 'the server speaks no PostgreSQL that we understand'],
    ['never answers', undefined, 'no answer within 5 s'],
  ])('when what listens at DATABASE_URL %s', async (_, greeting, reason) => {
    const { port, close } = await listener(greeting);
    expect(await refusal({ DATABASE_URL: `postgres://me:s3cret@127.0.0.1:${port}/mine` })).toEqual({
      code: 1,
      lines: [
        `liveboard: DATABASE_URL does not work: ${reason} (host 127.0.0.1, port ${port}, database mine).`,
      ],
    });
    await close();
  });

  it('when the database or the password of DATABASE_URL is wrong', async () => {
    const url = new URL(withDatabase(process.env.TEST_POSTGRES_URL ?? '', 'not_there'));
    expect((await refusal({ DATABASE_URL: url.href })).lines[0]).toContain('the database does not exist');
    url.password = 's3cret';
    const { code, lines } = await refusal({ DATABASE_URL: url.href });
    expect({ code, count: lines.length }).toEqual({ code: 1, count: 1 });
    expect(lines[0]).toContain('the password is wrong');
    expect(lines[0]).not.toContain('s3cret');
  });

  it('when DATABASE_URL is no URL of a PostgreSQL', async () => {
    const { code, lines } = await refusal({ DATABASE_URL: 'mysql://me:s3cret@localhost/mine' });
    expect({ code, count: lines.length }).toEqual({ code: 1, count: 1 });
    expect(lines[0]).toContain('DATABASE_URL must be a URL');
    expect(lines[0]).not.toContain('s3cret');
  });

  it('when .env is half written', async () => {
    // The same compiled code, in a project of its own.
    const project = join(directory, 'project');
    mkdirSync(project);
    const root = join(__dirname, '..');
    for (const name of ['dist', 'node_modules']) symlinkSync(join(root, name), join(project, name));
    writeFileSync(join(project, '.env'), 'LOG_LEVEL=info\nJWT_SECRET="s3cr');
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const app = spawnNode([...flags, join(project, 'dist', 'start.js')], { DATA_DIR: dataDir });
    expect((await app.exited).code).toBe(1);
    expect(app.output).toHaveLength(2);
    const line = app.output.find((text) => !text.startsWith('{'));
    expect(line).toBe(
      `liveboard: ${join(project, '.env')}, line 2, is not KEY=value with quotes that end on the same line.`,
    );
  });

  it('when its secrets are damaged', async () => {
    const app = spawnApp('start', { DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0' });
    const secrets = join(dataDir, 'secrets.json');
    await eventually('the secrets are made', () => readFileSync(secrets, 'utf8'));
    await app.kill('SIGTERM');
    expect(statSync(secrets).mode & 0o777).toBe(0o600);
    writeFileSync(secrets, '{"JWT_SECRET": "s3cr');
    const { code, lines } = await refusal({});
    expect({ code, count: lines.length }).toEqual({ code: 1, count: 1 });
    expect(lines[0]).toContain(`${secrets} is damaged`);
    expect(lines[0]).not.toContain('s3cr');
  });
});

describe('npm start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends in order on %s and leaves no process behind',
    async (signal) => {
      const app = spawnApp('start', { DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0' });
      const line = await app.waitForLine(/embedded PostgreSQL is ready/);
      const { postgresPid } = JSON.parse(line) as { postgresPid: number };
      expect(await app.kill(signal)).toEqual({ code: 0, signal: null });
      expect(isAlive(postgresPid)).toBe(false);
    },
  );
});

it.each([
  [{}, 404],
  [{ DEV_MAILBOX: 'true' }, 200],
])('keeps mails of a database that is not its own where it is told to: %j', async (env, status) => {
  const database = await createTestDatabase();
  const start = { DATABASE_URL: database.url, DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0', ...env };
  const app = spawnApp('start', start);
  try {
    const { port } = JSON.parse(await app.waitForLine(/"msg":"ready"/)) as { port: number };
    expect((await fetch(`http://127.0.0.1:${port}/dev/mailbox`)).status).toBe(status);
    const isTold = app.output.some((line) => line.includes('mails (verification, password reset'));
    expect(isTold).toBe(status === 404);
  } finally {
    await app.kill('SIGTERM');
    await database.drop();
  }
});

it('says where they are kept', () => {
  const lines = (mailboxUrl: string | undefined) =>
    banner({ url: 'http://x.test', password: 'p', isSandbox: false, mailboxUrl }).join('\n');
  expect(lines('http://127.0.0.1:1/dev/mailbox')).toMatch(/Mailbox +http:\/\/127\.0\.0\.1:1\/dev\/mailbox/);
  expect(lines(undefined)).not.toContain('Mailbox');
});
