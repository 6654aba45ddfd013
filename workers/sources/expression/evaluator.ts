import { type ChildProcess, spawn } from 'node:child_process';
import { SourceError } from '../../../lib/errors';
import { cpuTimeMs } from './cpu-time';
import type { ExpressionLimits } from './limits';
import { programArguments, type Reply } from './program';

/** Least time to the next look at a job that has CPU time left, ms: the grain of cpu-time.ts. */
const MIN_CHECK_MS = 10;

/**
 * One process that evaluates expressions, one at a time. A process and not a worker thread: a thread's
 * `resourceLimits` end it only when it grows in small steps. One big allocation, such as
 * ``split(pad_left(@, `100000000`, 'x'), '')``, makes V8 abort the whole process (measured on Node 20.20 with a
 * limit of 64 MB), and with it every tenant's work. Its environment is empty, so that there is nothing in it to
 * steal.
 */
export class Evaluator {
  private readonly child: ChildProcess;
  private readonly started: Promise<void>;
  private cpuMsBefore = 0;
  private settle: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;
  private gone = false;

  constructor(private readonly limits: ExpressionLimits) {
    this.child = spawn(process.execPath, programArguments(limits), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
      // Strings cross as they are instead of being escaped: 2 MB there and back take 10 ms.
      serialization: 'advanced',
    });
    this.child.on('message', (reply: Reply) => this.onReply(reply));
    this.child.on('error', (cause) => this.onGone(unavailable(cause)));
    this.child.on('exit', () => this.onGone(outOfMemory(limits)));
    this.started = this.exchange(limits.startMs).then(() => undefined);
    // An idle evaluator keeps no process alive that has nothing else to do.
    this.child.unref();
    this.child.channel?.unref();
  }

  /** Resolves when it is ready to evaluate. @throws SourceError `expression_unavailable` */
  async ready(): Promise<void> {
    await this.started.catch((cause: unknown) => {
      const reason = unavailable(cause);
      this.kill(reason);
      throw reason;
    });
  }

  get usable(): boolean {
    return !this.gone;
  }

  /**
   * @param text the data, as JSON
   * @throws SourceError `expression_too_slow` or `expression_too_large`: the process is ended with it
   */
  async evaluate(expression: string, text: string): Promise<Reply> {
    const reply = this.exchange(this.limits.wallMs + this.limits.cpuMs);
    const stopWatching = this.watchCpu();
    this.child.send({ expression, text }, (error) => error && this.onGone(unavailable(error)));
    return reply.finally(() => stopWatching());
  }

  /** Ends the process, whatever it is at, which fails with `reason`. */
  kill(reason: SourceError): void {
    this.onGone(reason);
    this.child.kill('SIGKILL');
  }

  /** The next reply, or the process's end after `limitMs`. */
  private exchange(limitMs: number): Promise<Reply> {
    const timer = setTimeout(() => this.kill(tooSlow(this.limits)), limitMs);
    return new Promise<Reply>((resolve, reject) => {
      this.settle = { resolve, reject };
    }).finally(() => clearTimeout(timer));
  }

  /**
   * Ends the process when the job has used up its CPU time. Wall time would be wrong: on a shared machine whole
   * seconds go by in which a process isn't scheduled. Where CPU time can't be read, wall time it is: the failure
   * is one that is tried again.
   */
  private watchCpu(): () => void {
    const since = performance.now();
    const check = (): void => {
      const total = this.child.pid === undefined ? undefined : cpuTimeMs(this.child.pid);
      const used = total === undefined ? performance.now() - since : total - this.cpuMsBefore;
      const left = this.limits.cpuMs - used;
      if (left <= 0) this.kill(tooSlow(this.limits));
      else timer = setTimeout(check, Math.max(MIN_CHECK_MS, left));
    };
    let timer = setTimeout(check, this.limits.cpuMs);
    return () => clearTimeout(timer);
  }

  private onReply(reply: Reply): void {
    this.cpuMsBefore = reply.cpuMs;
    this.settle?.resolve(reply);
    this.settle = undefined;
  }

  private onGone(error: SourceError): void {
    this.gone = true;
    this.settle?.reject(error);
    this.settle = undefined;
  }
}

const tooSlow = (limits: ExpressionLimits) =>
  new SourceError('expression_too_slow', `The select expression takes longer than ${limits.cpuMs} ms.`);

/** V8 aborts a process that is out of memory; nothing else ends one of these by itself. */
const outOfMemory = (limits: ExpressionLimits) =>
  new SourceError(
    'expression_too_large',
    `The select expression needs more memory than it may use (${limits.heapMb} MB).`,
  );

const unavailable = (cause: unknown) =>
  new SourceError('expression_unavailable', 'The select expression could not be evaluated just now.', {
    cause,
  });
