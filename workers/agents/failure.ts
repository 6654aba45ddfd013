/** Why a run comes to no answer. `message` is for the person who asked. */
export class RunFailure extends Error {
  constructor(
    /** For programs: stands in the run's `reason.code`. */
    readonly code: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'RunFailure';
  }
}

/**
 * Why a run in a worker's hands is broken off:
 * `stopped`: its person wants it. `deadline`: its time is up. `lost`: another worker has it, or may have it.
 * `handed_back`: this process stops, or the broker may have given the job away.
 */
export type AbortKind = 'stopped' | 'deadline' | 'lost' | 'handed_back';

/** The reason of a run's AbortSignal. */
export class RunAborted extends Error {
  constructor(readonly kind: AbortKind) {
    super(`The run was broken off: ${kind}.`);
    this.name = 'RunAborted';
  }
}

/** Why it was broken off; undefined where it was not. */
export const abortKind = (signal: AbortSignal): AbortKind | undefined =>
  signal.reason instanceof RunAborted ? signal.reason.kind : undefined;
