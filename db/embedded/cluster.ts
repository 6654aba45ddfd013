import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../../lib/errors';
import { secretFile, syncDirectory } from '../../lib/secret-file';
import type { PostgresBinaries } from './binaries';
import { brief, CHILD_ENV } from './child';
import { guard } from './guard';
import type { SystemUser } from './system-user';

/** The cluster's superuser, and the database made for us. */
export const DATABASE_USER = 'liveboard';

const PASSWORD_BYTES = 24;

/** Node waits 100 ms longer after each: five seconds and a half in all. */
const REMOVE_ATTEMPTS = 10;

export interface Cluster {
  /** PGDATA. */
  directory: string;
  password: string;
}

/**
 * The cluster in this data folder, made on the first start. `initdb` works under another name and the result
 * is renamed, so a kill in the middle leaves nothing that a later start could take for a cluster.
 *
 * Collation is PostgreSQL's own C.UTF-8: the same on every system, upper and lower case known for all of
 * Unicode, and no index that a newer libc or ICU breaks.
 * @throws StartupError where the data is another version's or its password is lost
 */
export async function prepareCluster(
  dataDir: string,
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
): Promise<Cluster> {
  const directory = join(dataDir, 'postgres');
  const passwordPath = join(dataDir, 'postgres.password');
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith('initdb-'))) {
    // Retried, since the `initdb` of a killed start may be writing until its guard has ended it.
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: REMOVE_ATTEMPTS });
  }
  if (existsSync(directory)) {
    if (!existsSync(passwordPath)) {
      throw new StartupError(
        `${passwordPath} is missing, and ${directory} can't be opened without it: restore it, or move both away to begin anew.`,
      );
    }
    refuseOtherVersion(directory, await majorVersion(binaries, user));
    return { directory, password: readFileSync(passwordPath, 'utf8') };
  }
  const password = secretFile(passwordPath, () => randomBytes(PASSWORD_BYTES).toString('base64url'));
  const scratch = join(dataDir, `initdb-${randomBytes(4).toString('hex')}`);
  mkdirSync(scratch, { mode: 0o700 });
  const inScratch = join(scratch, 'postgres');
  const passwordFile = join(scratch, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const path of [scratch, passwordFile]) chownSync(path, user.uid, user.gid);
  await initdb(binaries, inScratch, passwordFile, user);
  renameSync(inScratch, directory);
  syncDirectory(dataDir);
  rmSync(scratch, { recursive: true, force: true });
  return { directory, password };
}

async function initdb(
  binaries: PostgresBinaries,
  directory: string,
  passwordFile: string,
  user: SystemUser | undefined,
): Promise<void> {
  const { code, output } = await run(binaries.initdb, user, [
    `--pgdata=${directory}`,
    `--username=${DATABASE_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ]);
  if (code === 0) return;
  if (output.includes('No space left on device')) throw diskFull(directory);
  throw new StartupError(`PostgreSQL could not make its data in ${directory}: ${brief(output)}`);
}

export const diskFull = (path: string) =>
  new StartupError(
    `The disk that holds ${path} is full. Make room, or set DATA_DIR to a folder on another disk.`,
  );

function refuseOtherVersion(directory: string, ours: string): void {
  const theirs = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim();
  if (theirs === ours) return;
  throw new StartupError(
    `The data in ${directory} was made by PostgreSQL ${theirs}, and this is ${ours}: dump it with the old release and restore it here, or set DATA_DIR to another folder.`,
  );
}

async function majorVersion(binaries: PostgresBinaries, user: SystemUser | undefined): Promise<string> {
  const { output } = await run(binaries.postgres, user, ['--version']);
  return /(\d+)/.exec(output)?.[1] ?? output.trim();
}

/** Runs a program to its end, or to ours: a guard ends it when our process is gone. */
function run(
  program: string,
  user: SystemUser | undefined,
  args: string[],
): Promise<{ code: number; output: string }> {
  const identity = { uid: user?.uid, gid: user?.gid };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...identity,
      cwd: '/',
      env: CHILD_ENV,
      // Out of reach of a terminal's Ctrl-C, which would pass for a failure of its own.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const dismissGuard = child.pid && guard(child.pid, { signal: 'TERM', lastSignal: 'KILL', ...identity });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.on('error', (error) =>
      reject(
        new StartupError(`The embedded PostgreSQL can't be run here (${program}): ${error.message}`, {
          cause: error,
        }),
      ),
    );
    child.on('close', (code) => {
      if (dismissGuard) dismissGuard();
      resolve({ code: code ?? 1, output });
    });
  });
}
