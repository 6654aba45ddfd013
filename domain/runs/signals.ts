import type { Signals } from '../../lib/broker/signals';
import type { RunStatus } from './types';

/** From a server to all workers, of which one has the run: stop. {@link RunStop}; the flag is in the row. */
export const RUN_STOPS_CHANNEL = 'run-stops';

export interface RunStop {
  runId: string;
}

export const signalStop = (signals: Signals, runId: string): void =>
  signals.publish(RUN_STOPS_CHANNEL, { runId } satisfies RunStop);

/** From the worker to the servers on which someone waits for the run: {@link RunSignal}. */
export const runEventsChannel = (runId: string): string => `run-events:${runId}`;

/** That a run changed, or ended: look into Postgres. Its text comes with `message.delta` in the conversation's room. */
export interface RunSignal {
  status: RunStatus;
  epoch: number;
  version: number;
}
