import { SourceError } from '../../../lib/errors';
import { toStorable } from '../storable-json';
import { Evaluator } from './evaluator';
import { FairQueue } from './fair-queue';
import { EXPRESSION_LIMITS, type ExpressionLimits } from './limits';
import { resultOf } from './result';

export interface EvaluateOptions {
  /** Whose turn it counts as; each business has at most one expression running. */
  businessId?: string;
  signal?: AbortSignal;
}

interface Job {
  owner: string;
  expression: string;
  text: string;
  start(work: Promise<unknown>): void;
}

/**
 * A few evaluator processes behind a fair queue. A business runs one expression at a time, so that with two
 * processes nobody's slow ones ever hold both.
 */
export class ExpressionPool {
  private readonly limits: ExpressionLimits;
  private readonly idle: Evaluator[] = [];
  private readonly all = new Set<Evaluator>();
  private readonly busy = new Set<string>();
  private readonly queue: FairQueue<Job>;
  private closed = false;

  constructor(limits: Partial<ExpressionLimits> = {}) {
    this.limits = { ...EXPRESSION_LIMITS, ...limits };
    this.queue = new FairQueue(this.limits.waitingPerBusiness);
  }

  /** As {@link evaluateJson}, over a value. */
  evaluate(expression: string, data: unknown, options: EvaluateOptions = {}): Promise<unknown> {
    return this.evaluateJson(expression, JSON.stringify(data) ?? 'null', options);
  }

  /**
   * @param text JSON; parsed in the evaluator, not here
   * @returns a value that Postgres can store as jsonb
   * @throws SourceError `invalid_json` | `expression_invalid` (pauses) | `expression_failed` |
   *   `expression_too_slow` | `expression_too_large` | `expression_busy` | `expression_unavailable` |
   *   `result_too_large` | `not_storable`
   * @throws the signal's reason when it is aborted
   */
  async evaluateJson(expression: string, text: string, options: EvaluateOptions = {}): Promise<unknown> {
    options.signal?.throwIfAborted();
    if (this.closed) throw busy();
    const owner = options.businessId ?? '';
    let stop = (): void => undefined;
    const result = new Promise<unknown>((resolve, reject) => {
      const start = (work: Promise<unknown>): void => {
        clearTimeout(timer);
        work.then(resolve, reject);
      };
      const job: Job = { owner, expression, text, start };
      const giveUp = (reason: unknown): void => {
        this.queue.remove(owner, job);
        reject(reason);
      };
      const timer = setTimeout(() => giveUp(busy()), this.limits.queueMs);
      const onAbort = (): void => giveUp(options.signal?.reason);
      options.signal?.addEventListener('abort', onAbort, { once: true });
      stop = () => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
      };
      if (!this.queue.add(owner, job)) reject(busy());
    });
    this.work();
    return result.finally(() => stop());
  }

  /** Ends every process; what is waiting or running fails. */
  close(): void {
    this.closed = true;
    for (const job of this.queue.drain()) job.start(Promise.reject(busy()));
    for (const evaluator of this.all) evaluator.kill(busy());
  }

  private work(): void {
    this.forgetTheDead();
    while (!this.closed && (this.idle.length > 0 || this.all.size < this.limits.processes)) {
      const job = this.queue.take(this.busy);
      if (!job) return;
      this.busy.add(job.owner);
      job.start(this.run(job, this.idle.pop() ?? this.add()).then(toStorable));
    }
  }

  private async run(job: Job, evaluator: Evaluator): Promise<unknown> {
    try {
      await evaluator.ready();
      return resultOf(await evaluator.evaluate(job.expression, job.text), this.limits);
    } finally {
      this.busy.delete(job.owner);
      this.idle.push(evaluator);
      this.work();
    }
  }

  /** An idle process can be gone too: killed for the memory of the machine. */
  private forgetTheDead(): void {
    const alive = this.idle.filter((evaluator) => evaluator.usable);
    for (const evaluator of this.idle) if (!evaluator.usable) this.all.delete(evaluator);
    this.idle.splice(0, this.idle.length, ...alive);
  }

  private add(): Evaluator {
    const evaluator = new Evaluator(this.limits);
    this.all.add(evaluator);
    return evaluator;
  }
}

const busy = () =>
  new SourceError('expression_busy', 'Too many select expressions are being evaluated; it is tried again.');
