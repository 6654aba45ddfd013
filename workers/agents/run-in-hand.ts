import type { Settled } from '../../domain/money/settle';
import type { Actor } from '../../domain/roles';
import type { ClaimedRun, RunAgent } from '../../domain/runs/types';
import type { WorkerContext } from '../context';
import type { ReplyStream } from './stream';

/** A claimed run, and what answering it takes. */
export interface RunInHand {
  parts: WorkerContext;
  run: ClaimedRun;
  agent: RunAgent;
  actor: Actor;
  reply: ReplyStream;
  /** Aborted with a RunAborted when the run has to be broken off. */
  signal: AbortSignal;
  /** Told when the model has called tools, after the commit: whoever waits sees what is being done. */
  onToolCalls: () => void;
  /** Told of each call that was settled, after the commit. */
  onSettled: (settled: Settled) => void;
}
