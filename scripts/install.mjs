import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runChild } from './child.mjs';
import { fail, PROJECT } from './project.mjs';

const LOCKFILE = join(PROJECT, 'package-lock.json');
const MODULES = join(PROJECT, 'node_modules');
const STAMP = join(MODULES, '.liveboard-installed');

/** Lines of npm's own error that are worth showing. */
const ERROR_LINES = 6;

/** True where node_modules holds what package-lock.json says, for this platform. */
export function isInstalled() {
  if (!existsSync(MODULES)) return false;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint()) return true;
  if (!npmAgrees()) return false;
  writeFileSync(STAMP, fingerprint());
  return true;
}

export async function install() {
  console.error('liveboard: installing packages (about a minute)');
  const npm = npmCommand();
  const args = [...npm.args, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await runChild(npm.program, args, { cwd: PROJECT }).catch((error) => {
    fail(
      error.code === 'ENOENT' ? 'npm is not installed, and it is needed to install packages.' : error.message,
    );
  });
  if (code !== 0) {
    const lines = output
      .split('\n')
      .filter((line) => /npm (error|ERR!)/.test(line) && !/complete log|npm error$/.test(line));
    const shown = (lines.length > 0 ? lines : output.trim().split('\n')).slice(0, ERROR_LINES);
    fail(`npm could not install the packages.\n${shown.join('\n')}`);
  }
  writeFileSync(STAMP, fingerprint());
}

/** The lockfile, and what decides which of its optional packages are installed. */
function fingerprint() {
  const { platform, arch } = process;
  return createHash('sha256').update(readFileSync(LOCKFILE)).update(`${platform}-${arch}`).digest('hex');
}

/**
 * Whether npm's record of what it installed last has every package of the lockfile in the same version, and no
 * other. So whoever ran npm by hand doesn't wait for it to be done again. Optional packages are for other
 * platforms and may be absent. npm writes the record last: it is absent after an install that was killed.
 */
function npmAgrees() {
  const record = join(MODULES, '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages;
  const isThere = ([path, { version, optional, integrity }]) => {
    const found = installed[path];
    return found ? found.version === version && found.integrity === integrity : path === '' || optional;
  };
  return Object.entries(wanted).every(isThere) && Object.keys(installed).every((path) => path in wanted);
}

/** The npm that started us, where one did. */
function npmCommand() {
  const path = process.env.npm_execpath;
  if (path && basename(path) === 'npm-cli.js') return { program: process.execPath, args: [path] };
  return { program: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
}
