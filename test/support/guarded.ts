import type { ChildProcess } from 'node:child_process';
import { guard } from '../../db/embedded/guard';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * How a child process ends, once its output is read. Should jest be killed in between, a guard ends the child.
 */
export function guardedExit(child: ChildProcess): Promise<Exit> {
  const dismissGuard = child.pid ? guard(child.pid, { signal: 'TERM', lastSignal: 'KILL' }) : undefined;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      dismissGuard?.();
      resolve({ code, signal });
    });
  });
}
