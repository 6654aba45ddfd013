import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { rmSync } from 'node:fs';
import { Redis } from 'ioredis';
import { freePort } from '../../db/embedded/port';
import { guardedExit, type Exit } from './guarded';
import { temporaryDirectory } from './temporary';

/** A Redis of a test's own, to be killed, stopped and flushed at will. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it if it still runs, and starts it again on the same port with the data of its append-only file. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a `redis-server` with an append-only file in a folder of its own, on a free port. */
export async function startRedis(): Promise<TestRedis> {
  installRedis();
  const directory = temporaryDirectory();
  const port = await freePort();
  let server = await launch(port, directory);
  const kill = async (signal: NodeJS.Signals) => {
    server.child.kill(signal);
    await server.exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.child.pid ?? 0;
    },
    kill,
    async restart() {
      await kill('SIGTERM');
      server = await launch(port, directory);
    },
    async stop() {
      await kill('SIGTERM');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Databases a Redis server has unless told otherwise; 0 is nobody's, so that a forgotten number shows. */
const LAST_DATABASE = 15;
let lastGiven = 0;

/**
 * An empty logical database on the run's shared Redis. Each jest worker has one for its files, one after the
 * other, so a file must not leave anything connected. Pub/sub is not per database: tests that listen to
 * channels need `startRedis`.
 */
export async function createTestRedis(): Promise<{ url: string; drop(): Promise<void> }> {
  const base = process.env.TEST_REDIS_URL;
  if (!base) throw new Error('TEST_REDIS_URL is not set: run this through jest.');
  const worker = Number(process.env.JEST_WORKER_ID ?? 1);
  const perWorker = Math.max(1, Math.floor(LAST_DATABASE / Number(process.env.TEST_WORKERS ?? 1)));
  const number = ((worker - 1) * perWorker + (lastGiven++ % perWorker)) % LAST_DATABASE;
  const url = `${base}/${number + 1}`;
  const empty = async () => {
    const client = new Redis(url);
    await client.flushdb();
    await client.quit();
  };
  await empty();
  return { url, drop: empty };
}

async function launch(
  port: number,
  directory: string,
): Promise<{ child: ChildProcess; exited: Promise<Exit> }> {
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes'],
    // Ctrl-C in a terminal ends jest, which ends this in order.
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  const exited = guardedExit(child);
  const ready = new Promise<'ready'>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve('ready');
    });
  });
  if ((await Promise.race([ready, exited])) !== 'ready')
    throw new Error(`redis-server ended at once on port ${port}.`);
  return { child, exited };
}

/** Installs redis-server where that takes no question: as root on a Debian. */
function installRedis(): void {
  const isThere = () => spawnSync('redis-server', ['--version']).status === 0;
  if (isThere()) return;
  if (process.getuid?.() === 0) {
    const apt = (...args: string[]) =>
      spawnSync('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'redis-server');
    if (isThere()) return;
  }
  throw new Error('The tests need redis-server on the PATH, for example: sudo apt-get install redis-server');
}
