import type { RunStatus } from './types';

/** From a server to the worker that has the run: stop. The payload is empty; the flag is in the row. */
export const runStopChannel = (runId: string): string => `run-stop:${runId}`;

/** From the worker to the servers on which someone reads the run: {@link RunSignal}. */
export const runEventsChannel = (runId: string): string => `run-events:${runId}`;

/**
 * What readers of a run are told. `position` is where the text belongs in the message, in UTF-16 code units. Text of
 * another epoch than the newest is void. On `changed`, which also says that a run ended, look into Postgres.
 */
export type RunSignal =
  | { type: 'delta'; messageId: string; epoch: number; position: number; text: string }
  | { type: 'changed'; status: RunStatus; epoch: number; version: number };
