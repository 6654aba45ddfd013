import type { Delivery } from '../domain/runs/delivery';
import { expiredConfirmations, lostRuns } from '../domain/runs/recover';
import type { WorkerContext } from './context';

export interface RunSweeper {
  /** Hands over again what a lost broker, a dead worker or a dead producer left behind. */
  recover(): Promise<void>;
  /** Lets runs go on that waited too long for their person's word. */
  expireConfirmations(): Promise<void>;
}

/** Puts runs that nobody works on into BullMQ (product.md, "Work in the background"). */
export function createRunSweeper({
  db,
  jobs,
  logger,
}: Pick<WorkerContext, 'db' | 'jobs' | 'logger'>): RunSweeper {
  async function handOver(deliveries: readonly Delivery[]): Promise<void> {
    await jobs.enqueueMany('agent-run', deliveries).catch((error: unknown) => {
      logger.warn({ err: error, runs: deliveries.length }, 'the broker did not take runs, a sweep will');
    });
  }
  return {
    recover: async () => handOver(await lostRuns(db)),
    expireConfirmations: async () => handOver(await expiredConfirmations(db)),
  };
}
