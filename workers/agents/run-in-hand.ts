import type { Parts } from '../../compose/parts';
import type { ClaimedRun, RunAgent } from '../../domain/runs/types';
import type { Settled } from '../../domain/money/settle';
import type { Actor } from '../../domain/roles';
import type { AgentMetrics } from '../../lib/metrics/agents';
import type { ReplyStream } from './stream';
import type { CircuitBreaker } from './providers/circuit-breaker';
import type { Providers } from './providers';

/** What all runs of one worker process share. */
export interface AgentParts {
  providers: Providers;
  breaker: CircuitBreaker;
  metrics: AgentMetrics;
}

/** A claimed run, and what answering it takes. */
export interface RunInHand {
  parts: Parts & { agents: AgentParts };
  run: ClaimedRun;
  agent: RunAgent;
  actor: Actor;
  reply: ReplyStream;
  /** Aborted with a RunAborted when the run has to be broken off. */
  signal: AbortSignal;
  /** Told after each call that was settled. */
  onSettled: (settled: Settled) => void;
}
