import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from '../../db/embedded';
import { spawnNode, type App } from '../support/app';
import { eventually } from '../support/eventually';
import { query } from '../support/postgres';
import { isAlive, temporaryDirectory } from '../support/temporary';

const logger = pino({ level: 'silent' });
let directory: string;
let dataDir: string;

beforeEach(() => {
  directory = temporaryDirectory();
  dataDir = join(directory, 'data');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const start = (options: Partial<EmbeddedPostgresOptions> = {}) =>
  startEmbeddedPostgres({ dataDir, logger, ...options });

/** Another process that owns the folder; its server's process id stands in the line `ready <id>`. */
const startOwner = (): App =>
  spawnNode(
    [
      '-e',
      `const { startEmbeddedPostgres } = require(${JSON.stringify(join(__dirname, '../../dist/db/embedded.js'))});
       const { logger } = require(${JSON.stringify(join(__dirname, '../../dist/lib/logger.js'))});
       startEmbeddedPostgres({ dataDir: process.env.DATA_DIR, logger }).then(
         ({ pid, url }) => console.log('ready', pid, url));`,
    ],
    { DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
  );

async function ready(owner: App): Promise<{ pid: number; url: string }> {
  const [, pid = '', url = ''] = (await owner.waitForLine(/^ready/)).split(' ');
  return { pid: Number(pid), url };
}

describe('startEmbeddedPostgres', () => {
  it('keeps the data from one start to the next, durably', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept (x int)', 'INSERT INTO kept VALUES (1)');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(await query(second.url, 'SELECT x FROM kept')).toEqual([{ x: 1 }]);
    expect(await query(second.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(second.url, 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    await second.stop();
  });

  it('lets nobody in without the password, which only its owner can read', async () => {
    const postgres = await start();
    const wrong = new URL(postgres.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
    await postgres.stop();
  });

  it('brings a killed server back on the same port with everything that was committed', async () => {
    let reported: (value: unknown) => void;
    const exit = new Promise((resolve) => (reported = resolve));
    const postgres = await start({ onExit: (how) => reported(how) });
    const killed = postgres.pid;
    await query(postgres.url, 'CREATE TABLE kept (x int)', 'INSERT INTO kept VALUES (1)');
    process.kill(killed, 'SIGKILL');
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL' });
    const rows = await eventually('the server answers again', () =>
      query(postgres.url, 'SELECT x FROM kept'),
    );
    expect(rows).toEqual([{ x: 1 }]);
    expect(postgres.pid).not.toBe(killed);
    await postgres.stop();
    expect(isAlive(postgres.pid)).toBe(false);
  });

  it('stops for good while the server is on its way back', async () => {
    const postgres = await start();
    const killed = postgres.pid;
    process.kill(killed, 'SIGKILL');
    const lockFile = join(dataDir, 'postgres', 'postmaster.pid');
    await eventually(
      'the next server is at work',
      () => !readFileSync(lockFile, 'utf8').startsWith(`${killed}\n`),
    );
    await postgres.stop();
    await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await (await start()).stop();
  });

  it('refuses a folder that another process owns, naming it', async () => {
    const owner = startOwner();
    await ready(owner);
    await expect(start()).rejects.toMatchObject({
      name: 'StartupError',
      message: `The data in ${dataDir} is in use by process ${owner.proc.pid}. Stop it, or set DATA_DIR to another folder.`,
    });
    await owner.kill('SIGKILL');
  });

  it('ends with its owner, however that ends, and gives the data to the next', async () => {
    const owner = startOwner();
    const { pid, url } = await ready(owner);
    await query(url, 'CREATE TABLE kept (x int)', 'INSERT INTO kept VALUES (1)');
    await owner.kill('SIGKILL');
    await eventually('the server is gone', () => !isAlive(pid));
    const next = await start();
    expect(await query(next.url, 'SELECT x FROM kept')).toEqual([{ x: 1 }]);
    await next.stop();
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('is ended by the next start where its guard was killed, too', async () => {
    const owner = startOwner();
    const { pid } = await ready(owner);
    process.kill(guardOf(pid), 'SIGKILL');
    await owner.kill('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    const next = await start();
    expect(isAlive(pid)).toBe(false);
    await next.stop();
  });

  it('begins again where initdb was killed half way', async () => {
    const owner = startOwner();
    await eventually('initdb is at work', () =>
      readdirSync(dataDir).some(
        (name) => name.startsWith('initdb-') && existsSync(join(dataDir, name, 'postgres', 'PG_VERSION')),
      ),
    );
    await owner.kill('SIGKILL');
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
    const postgres = await start();
    expect(await query(postgres.url, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('initdb-'))).toEqual([]);
    await postgres.stop();
  });

  it('is not misled by a process id that now belongs to some other program', async () => {
    const first = await start();
    const lockFile = join(dataDir, 'postgres', 'postmaster.pid');
    const content = readFileSync(lockFile, 'utf8');
    await first.stop();
    writeFileSync(lockFile, content.replace(/^\d+/, String(await otherServersPid())), { mode: 0o600 });
    const second = await start();
    expect(await query(second.url, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
    await second.stop();
  });
});

/** The run's shared server: a process of the same account, the only kind PostgreSQL itself is misled by. */
async function otherServersPid(): Promise<number> {
  const [row] = await query(
    process.env.TEST_POSTGRES_URL ?? '',
    "SELECT pg_read_file('postmaster.pid') AS text",
  );
  return Number(String(row?.text).split('\n', 1)[0]);
}

/** The process id of the shell that watches over a server. */
function guardOf(pid: number): number {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`liveboard-guard\0${pid}\0`);
      } catch {
        return false; // It has ended since the folder was read.
      }
    });
  if (!found) throw new Error(`Nothing guards ${pid}.`);
  return Number(found);
}
