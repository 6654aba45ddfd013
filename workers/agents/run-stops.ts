import { RUN_STOPS_CHANNEL, type RunStop } from '../../domain/runs/signals';
import type { Signals } from '../../lib/broker/signals';
import type { Logger } from '../../lib/logger';

/** Which of this process's runs are to be stopped, as servers signal it. */
export interface RunStops {
  /** @returns ends it */
  listen(runId: string, stop: () => void): () => void;
}

/** One subscription for all runs of the process: one for each run cost as much as two of its statements. */
export function createRunStops(signals: Signals, logger: Logger): RunStops {
  const listeners = new Map<string, () => void>();
  // Not waited for: a broker that is away must not hold up a start. Heartbeats read the flag, too.
  signals
    .subscribe(RUN_STOPS_CHANNEL, (payload) => listeners.get((payload as RunStop).runId)?.())
    .catch((error: unknown) => logger.debug({ err: error }, 'no signal for stops'));
  return {
    listen(runId, stop) {
      listeners.set(runId, stop);
      return () => {
        if (listeners.get(runId) === stop) listeners.delete(runId);
      };
    },
  };
}
