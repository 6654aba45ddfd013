import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { StartupError } from '../../lib/errors';
import { makeSharedDirectory, SYSTEM_STATE_DIR } from './binaries';
import { canEnter, postgresUser, type SystemUser } from './system-user';

/** Enough of a hash to tell checkouts on one machine apart. */
const HASH_CHARACTERS = 10;

/**
 * Where embedded mode keeps its data: DATA_DIR, else `.data` in the project. As root PostgreSQL runs as
 * another account, which may not be able to enter the project: then it is a folder of this checkout's own in
 * /var/lib.
 */
export function dataDirOf(projectDir: string, chosen: string | undefined): string {
  if (chosen) return resolve(projectDir, chosen);
  if (process.getuid?.() !== 0) return join(projectDir, '.data');
  const project = realpathSync(projectDir);
  const hash = createHash('sha256').update(project).digest('hex').slice(0, HASH_CHARACTERS);
  return join(SYSTEM_STATE_DIR, `${basename(project)}-${hash}`);
}

/**
 * Makes the data folder where it is missing and says whom PostgreSQL runs as in it.
 * @throws StartupError where it can't be made, or that account can't get there
 */
export function prepareDataDir(dataDir: string): SystemUser | undefined {
  try {
    if (process.getuid?.() === 0) makeSharedDirectory(dataDir);
    else mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartupError(
      `The data folder can't be made: ${(error as Error).message}. Set DATA_DIR to another.`,
    );
  }
  const cluster = join(dataDir, 'postgres');
  const user = postgresUser(existsSync(cluster) ? statSync(cluster).uid : undefined);
  if (!canEnter(dataDir, user)) {
    const account = user
      ? `the account ${user.name}, which PostgreSQL runs as because it refuses root`
      : 'this account';
    throw new StartupError(
      `${dataDir} can't be entered by ${account}. Set DATA_DIR to a folder that can, or run as another user.`,
    );
  }
  return user;
}
