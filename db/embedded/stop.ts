import { setTimeout as sleep } from 'node:timers/promises';

/** A fast shutdown (checkpoint included) may take this long, ms, before it is cut short by an immediate one. */
const FAST_SHUTDOWN_LIMIT_MS = 10_000;

/** After an immediate shutdown the postmaster itself kills its children after 5 s; then it is its turn. */
const IMMEDIATE_SHUTDOWN_LIMIT_MS = 6_000;

/** How often the end of a process that is not our child is looked for, ms. The system tells only parents. */
const LOOK_EVERY_MS = 20;

/**
 * Ends a PostgreSQL server in order: SIGINT disconnects everyone and writes a checkpoint (fast), SIGQUIT
 * leaves the rest to the next start's crash recovery (immediate). See "Shutting Down the Server" in its manual.
 * @param alive whether it still runs
 */
export async function stopPostmaster(pid: number, alive: () => boolean): Promise<void> {
  const steps = [
    ['SIGINT', FAST_SHUTDOWN_LIMIT_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_LIMIT_MS],
    ['SIGKILL', IMMEDIATE_SHUTDOWN_LIMIT_MS],
  ] as const;
  for (const [signal, limitMs] of steps) {
    if (!alive()) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    for (let waited = 0; alive() && waited < limitMs; waited += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS);
  }
}
