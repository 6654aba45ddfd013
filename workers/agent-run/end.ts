import { setTimeout as sleep } from 'node:timers/promises';
import { endRun, type EndedRun, type RunEnd } from '../../domain/runs/end';
import type { ClaimedRun } from '../../domain/runs/types';
import type { WorkerContext } from '../context';

/**
 * Waits between tries to write a run's end, ms. Giving up would cost the whole answer again, in another worker; all of
 * it is over before the lease would be.
 */
const RETRY_AFTER_MS = [100, 500, 2_000];

/**
 * Ends the run, again where Postgres did not answer: the write is done once or refused.
 * @returns undefined where another worker has the run, or it is over
 */
export async function endForCertain(
  { db, logger }: Pick<WorkerContext, 'db' | 'logger'>,
  run: ClaimedRun,
  end: RunEnd,
): Promise<EndedRun | undefined> {
  for (const waitMs of RETRY_AFTER_MS) {
    try {
      return await endRun(db, run, end);
    } catch (error) {
      logger.warn(
        { err: error, runId: run.id, requestId: run.requestId },
        'a run’s end was not written, once more',
      );
      await sleep(waitMs);
    }
  }
  return endRun(db, run, end);
}
