import { claimDue } from '../domain/refresh/claim-due';
import { reclaimExpired, unstartedClaims } from '../domain/refresh/recover';
import type { Claim } from '../domain/refresh/request';
import type { WorkerContext } from './context';

/** Shortest pause between two sweeps while widgets wait for a free slot, ms: each costs what is due. */
const PAUSE_MS = 40;
/** A widget that falls due before the next tick (1 s) gets a timer of its own. */
const TICK_MS = 1_000;

export interface Sweeper {
  /** Claims what is due and hands it to the workers. Overlapping calls become one more sweep. */
  sweep(): Promise<void>;
  /** A slot became free: sweeps soon where something waits for it. */
  wake(): void;
  /** Hands over again what a lost broker or a dead worker left behind. */
  recover(): Promise<void>;
  stop(): void;
}

/** Puts what is due in Postgres into BullMQ, a small window at a time (product.md, "Widget refresh"). */
export function createSweeper({ db, jobs, logger }: Pick<WorkerContext, 'db' | 'jobs' | 'logger'>): Sweeper {
  let stopped = false;
  let sweeping: Promise<void> | undefined;
  let isWaiting = false;
  let timer: NodeJS.Timeout | undefined;

  async function handOver(claims: readonly Claim[]): Promise<void> {
    await jobs.enqueueMany('widget-refresh', claims).catch((error: unknown) => {
      logger.warn({ err: error, claims: claims.length }, 'the broker did not take refreshes, a sweep will');
    });
  }

  function sweepIn(ms: number): void {
    if (stopped || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void sweep();
    }, ms);
  }

  async function sweepOnce(): Promise<void> {
    const { claims, waiting, nextDueMs } = await claimDue(db);
    isWaiting = waiting === undefined ? isWaiting : waiting > 0;
    await handOver(claims);
    if (nextDueMs !== undefined && nextDueMs < TICK_MS) sweepIn(Math.max(PAUSE_MS, Math.ceil(nextDueMs)));
  }

  function sweep(): Promise<void> {
    if (stopped) return Promise.resolve();
    sweeping ??= sweepOnce()
      .catch((error: unknown) => logger.error({ err: error }, 'a sweep for due widgets failed'))
      .finally(() => {
        sweeping = undefined;
      });
    return sweeping;
  }

  return {
    sweep,
    wake: () => {
      if (isWaiting) sweepIn(PAUSE_MS);
    },
    async recover() {
      try {
        await handOver([...(await unstartedClaims(db)), ...(await reclaimExpired(db))]);
      } catch (error) {
        logger.error({ err: error }, 'a sweep for lost refreshes failed');
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
