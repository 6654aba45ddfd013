import type { ProgramLimits } from './program';

export interface ExpressionLimits extends ProgramLimits {
  /** CPU time one expression may use, ms. */
  cpuMs: number;
  /** Evaluator processes at once. Each is 50 MB of memory, and starts in 40 ms when it is first needed. */
  processes: number;
  /** Longest a process may take to start, ms; 40 is usual. Not counted as the expression's time. */
  startMs: number;
  /** Longest an expression may wait for its turn, ms: with the rest it fits behind HTTP's 10 s into 15 s. */
  queueMs: number;
  /** Expressions one business may have waiting; above the refreshes a process runs at once by default (43). */
  waitingPerBusiness: number;
}

/** Where 250 ms and 64 MB come from: architecture.md, "Expressions over untrusted data". */
export const EXPRESSION_LIMITS: ExpressionLimits = {
  cpuMs: 250,
  heapMb: 64,
  // Eight times the CPU time: a machine so busy that this is not enough gets a retry, which is all it is.
  wallMs: 2_000,
  resultCharacters: 2_000_000,
  processes: 2,
  startMs: 5_000,
  queueMs: 3_000,
  waitingPerBusiness: 100,
};
