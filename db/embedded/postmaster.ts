import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartupError } from '../../lib/errors';
import type { Logger } from '../../lib/logger';
import type { PostgresBinaries } from './binaries';
import { brief, CHILD_ENV } from './child';
import { diskFull } from './cluster';
import { guard } from './guard';
import { serverArguments } from './settings';
import { stopPostmaster } from './stop';
import type { SystemUser } from './system-user';

/** How long a server may take until it accepts connections, ms. Recovery after a crash replays up to 1 GB. */
const READY_LIMIT_MS = 300_000;

/** How the server's process ended. */
export interface PostmasterExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Postmaster {
  pid: number;
  exited: Promise<PostmasterExit>;
  stop(): Promise<void>;
}

/** The port went to somebody else between choosing and using it. */
export class PortTakenError extends Error {}

/**
 * Starts one server process and waits until it accepts connections. It is the leader of its own session, so
 * that Ctrl-C in a terminal reaches us alone and the database ends last; a guard ends it should we be killed.
 * @throws PortTakenError
 * @throws StartupError with the server's own words where it doesn't come up
 */
export async function startPostmaster(options: {
  directory: string;
  port: number;
  binaries: PostgresBinaries;
  user: SystemUser | undefined;
  logger: Logger;
}): Promise<Postmaster> {
  const { directory, port, binaries, user, logger } = options;
  const identity = { uid: user?.uid, gid: user?.gid };
  const child = spawn(binaries.postgres, serverArguments(directory, port), {
    ...identity,
    cwd: '/',
    env: CHILD_ENV,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 50) said.push(line);
      // FATAL ends one session, whose client reports it; a start that fails gives `said` as its reason.
      if (line.startsWith('PANIC:')) logger.error({ postgres: line }, 'PostgreSQL reports');
      else logger.debug({ postgres: line }, 'PostgreSQL reports');
      if (line.includes('database system is ready to accept connections')) resolve();
    });
  });
  const exited = new Promise<PostmasterExit>((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new StartupError(
          `The embedded PostgreSQL can't be run here (${binaries.postgres}): ${error.message}`,
        ),
      ),
    );
    // 'close' and not 'exit': the last words are read by then.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const pid = child.pid;
  if (pid === undefined) throw await exited.then(() => new Error('unreachable'));
  const dismissGuard = guard(pid, {
    signal: 'INT',
    lastSignal: 'QUIT',
    pidFile: join(directory, 'postmaster.pid'),
    ...identity,
  });
  void exited.then(dismissGuard);
  const stop = async () => {
    await stopPostmaster(pid, () => child.exitCode === null && child.signalCode === null);
    await exited;
  };
  const outcome = await within(READY_LIMIT_MS, Promise.race([ready, exited]));
  if (outcome === undefined) return { pid, exited, stop };
  await stop();
  const output = said.join('\n');
  if (/Address already in use|could not create any TCP\/IP sockets/.test(output)) throw new PortTakenError();
  if (output.includes('No space left on device')) throw diskFull(directory);
  throw new StartupError(`The embedded PostgreSQL does not start on ${directory}: ${brief(output)}`);
}

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
