import { HEARTBEAT_MS, LEASE_MS } from '../../domain/runs/limits';
import type { ClaimedRun } from '../../domain/runs/types';
import { msToTick } from '../../lib/clock';
import { RunAborted, type AbortKind } from '../agents/failure';
import type { WorkerContext } from '../context';

type Parts = Pick<WorkerContext, 'renewRun' | 'runStops' | 'logger'>;

/**
 * Keeps a run in this worker's hands, and breaks it off where it must not go on: its person stops it, its time is up,
 * another worker has it, or this process may not work on it any more.
 */
export class RunControl {
  private readonly controller = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private heartbeat: NodeJS.Timeout | undefined;
  private beating: Promise<void> | undefined;
  private isOver = false;
  private readonly stopListening: () => void;
  private readonly onJobAbort = () => this.abort('handed_back');

  /** @param jobSignal aborted when the process stops or the broker may have given the job away */
  constructor(
    private readonly parts: Parts,
    private readonly run: ClaimedRun,
    private readonly jobSignal: AbortSignal,
  ) {
    // Without a renewal for as long as a lease another worker may have it, even where we can't be told.
    const lease = setTimeout(() => this.abort('lost'), LEASE_MS);
    const deadline = setTimeout(
      () => this.abort('deadline'),
      Math.max(0, run.deadlineAt.getTime() - Date.now()),
    );
    this.timers.push(lease, deadline);
    jobSignal.addEventListener('abort', this.onJobAbort, { once: true });
    if (jobSignal.aborted) this.onJobAbort();
    this.stopListening = parts.runStops.listen(run.id, () => this.abort('stopped'));
    this.beatLater(lease);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The first reason counts. */
  abort(kind: AbortKind): void {
    if (!this.isOver && !this.signal.aborted) this.controller.abort(new RunAborted(kind));
  }

  /** Lets go of the run: no heartbeat any more, no abort. */
  async stop(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.heartbeat);
    for (const timer of this.timers) clearTimeout(timer);
    this.jobSignal.removeEventListener('abort', this.onJobAbort);
    this.stopListening();
    await this.beating;
  }

  private beatLater(lease: NodeJS.Timeout): void {
    this.heartbeat = setTimeout(() => {
      this.beating = this.beat(lease).finally(() => {
        if (!this.isOver) this.beatLater(lease);
      });
    }, msToTick(HEARTBEAT_MS));
  }

  private async beat(lease: NodeJS.Timeout): Promise<void> {
    try {
      const renewed = await this.parts.renewRun(this.run);
      if (!renewed) return this.abort('lost');
      // A timer that fired, or was cleared, is not to be wound up again.
      if (renewed.renewed && !this.isOver && !this.signal.aborted) lease.refresh();
      if (renewed.stopRequested) this.abort('stopped');
    } catch (error) {
      const { id: runId, requestId } = this.run;
      this.parts.logger.warn({ err: error, runId, requestId }, 'a run’s lease could not be renewed');
    }
  }
}
