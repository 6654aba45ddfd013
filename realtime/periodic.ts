import type { Logger } from '../lib/logger';

export interface Periodic {
  /** No new run begins; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/**
 * Runs `work` again and again, `everyMs` after the start of the last run but never two at once. One that throws is
 * logged, and the next comes as if it had not.
 */
export function periodically(
  everyMs: number,
  name: string,
  logger: Logger,
  work: () => Promise<void> | void,
): Periodic {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= (async () => work())()
      .catch((error: unknown) => logger.warn({ err: error, periodic: name }, 'a periodic task failed'))
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
