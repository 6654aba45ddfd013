import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../lib/logger';
import { stopPostmaster } from './stop';

/**
 * Ends a server that a killed process of ours left running on this cluster, and takes away a lock file whose
 * process id now belongs to some other program, which PostgreSQL itself would mistake for a living server.
 * Call it only as the folder's owner.
 */
export async function endOrphan(directory: string, logger: Logger): Promise<void> {
  const lockFile = join(directory, 'postmaster.pid');
  const pid = Number(readFirstLine(lockFile));
  if (!pid) return;
  if (!runsOn(pid, directory)) {
    rmSync(lockFile, { force: true });
    return;
  }
  logger.warn({ postgresPid: pid }, 'ending the PostgreSQL that an earlier process left behind');
  await stopPostmaster(pid, () => runsOn(pid, directory));
  rmSync(lockFile, { force: true });
}

/** True where the process is alive and was started with this cluster as an argument. */
function runsOn(pid: number, directory: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return commandLine(pid).includes(directory);
}

function commandLine(pid: number): string {
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  }
  // Empty for a process that has ended and was not yet collected by its parent.
  return readFirstLine(`/proc/${pid}/cmdline`);
}

function readFirstLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0] ?? '';
  } catch {
    return '';
  }
}
