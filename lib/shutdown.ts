import type { Logger } from './logger';

/** What is closed first to last; each phase ends before the next begins (architecture.md, shutdown). */
const PHASES = ['intake', 'work', 'workers', 'queues', 'sockets', 'broker', 'pool', 'database'] as const;
export type ShutdownPhase = (typeof PHASES)[number];

/**
 * Longest the whole of it may take, ms. Product promise 9 says 30 s; below that, so that we end by our own
 * hand and with a log line rather than by the supervisor's SIGKILL.
 */
const SHUTDOWN_LIMIT_MS = 28_000;

export interface Shutdown {
  /** Registers `close` to run once in `phase`. Within a phase all run at the same time. */
  on(phase: ShutdownPhase, name: string, close: () => Promise<unknown> | void): void;
  /** Runs every phase once, however often it is called. Resolves to true when nothing failed or hung. */
  run(reason: string): Promise<boolean>;
}

export function createShutdown(logger: Logger): Shutdown {
  const steps: { phase: ShutdownPhase; name: string; close: () => Promise<unknown> | void }[] = [];
  let running: Promise<boolean> | undefined;

  async function runPhases(): Promise<boolean> {
    let clean = true;
    for (const phase of PHASES) {
      const inPhase = steps.filter((step) => step.phase === phase);
      const results = await Promise.allSettled(inPhase.map(async (step) => step.close()));
      results.forEach((result, index) => {
        if (result.status === 'fulfilled') return;
        clean = false;
        logger.error({ err: result.reason, phase, step: inPhase[index]?.name }, 'a shutdown step failed');
      });
    }
    return clean;
  }

  return {
    on: (phase, name, close) => void steps.push({ phase, name, close }),
    run(reason) {
      running ??= (async () => {
        logger.info({ reason }, 'shutting down');
        let timer: NodeJS.Timeout | undefined;
        const limit = new Promise<boolean>((resolve) => {
          timer = setTimeout(() => {
            logger.error({ limitMs: SHUTDOWN_LIMIT_MS }, 'shutdown took too long, leaving');
            resolve(false);
          }, SHUTDOWN_LIMIT_MS);
        });
        const clean = await Promise.race([runPhases(), limit]);
        clearTimeout(timer);
        return clean;
      })();
      return running;
    },
  };
}
