import { failRefresh, handBackRefresh } from '../../domain/refresh/end';
import type { RunningRefresh } from '../../domain/refresh/start';
import { nextDue } from '../../domain/refresh/schedule';
import { backoffMs } from '../../domain/refresh/backoff';
import { MAX_CRASHES, MAX_FAILURES, SOURCE_TIMEOUT_MS } from '../../domain/refresh/limits';
import type { Claim } from '../../domain/refresh/request';
import { SourceError } from '../../lib/errors';
import { newId, sha256 } from '../../lib/ids';
import { withSignal } from '../../lib/within-limit';
import type { RefreshOutcome as RefreshResult } from '../../lib/metrics/metrics';
import type { Handler } from '../registry';
import { fetchWidgetData } from './fetch';
import { announceFailure, announceSuccess } from './announce';
import type { WorkerContext } from '../context';

/** One refresh: take the claim in hand, run the source, write what came of it, announce that. */
export const widgetRefresh: Handler<'widget-refresh'> = async (context, claim, job, signal) => {
  const running = await context.startRefresh({ claim, redelivered: job.attemptsStarted > 1 });
  if (!running) return;
  if (running.crashes >= MAX_CRASHES) {
    await fail(context, running, new SourceError('quarantined', QUARANTINED, { failure: 'pause' }));
    return;
  }
  const startedAt = performance.now();
  const ended = (outcome: RefreshResult) =>
    context.metrics.refreshEnded(running.source.kind, outcome, performance.now() - startedAt);
  let json: string;
  let data: unknown;
  try {
    data = await withSignal(signal, SOURCE_TIMEOUT_MS, (limited) =>
      fetchWidgetData(context, running, limited),
    );
    json = JSON.stringify(data);
  } catch (error) {
    // Aborted from outside and not by its own time limit: the process is stopping, or the job is another's by now.
    if (signal.aborted) {
      if (!(await handBackRefresh(context.db, running))) refused(context, running);
      return;
    }
    const outcome = await fail(context, running, asSourceError(context, error, running));
    return ended(outcome);
  }
  const outcome = await context.finishRefresh({
    running,
    json,
    hash: sha256(json),
    nextDue: nextDue(running.schedule, running.widgetId, new Date()),
  });
  if (!outcome) return ended(refused(context, running));
  announceSuccess(context, running, outcome, data);
  ended('succeeded');
  logSuccess(context, running, outcome.written?.version);
  await follow(context, outcome.next);
};

/** What someone asked for can be followed by its request id at the default level; the schedule's own would drown it. */
function logSuccess({ logger }: WorkerContext, running: RunningRefresh, version: number | undefined): void {
  const { widgetId, businessId, requestId } = running;
  const level = requestId.startsWith('schedule-') ? 'debug' : 'info';
  logger[level]({ widgetId, businessId, requestId, version }, 'widget refreshed');
}

const QUARANTINED =
  'Refreshing this widget took its worker down three times. Change its source, then refresh it again.';

async function fail(
  context: WorkerContext,
  running: RunningRefresh,
  error: SourceError,
): Promise<RefreshResult> {
  const failures = running.failures + 1;
  const pause = error.failure === 'pause' || failures >= MAX_FAILURES;
  const notificationId = newId();
  const failure = { code: error.code, message: error.message };
  const outcome = await failRefresh(context.db, running, {
    ...failure,
    pause,
    retryMs: backoffMs(failures, error.retryAfterMs),
    notificationId,
  });
  if (!outcome) return refused(context, running);
  context.logger.info(
    {
      widgetId: running.widgetId,
      businessId: running.businessId,
      requestId: running.requestId,
      code: error.code,
      failures,
      pause,
    },
    'a widget could not be refreshed',
  );
  await announceFailure(context, running, outcome, failure);
  await follow(context, outcome.next);
  return 'failed';
}

/** Someone asked meanwhile: their refresh is claimed already. */
async function follow(context: WorkerContext, next: Claim | undefined): Promise<void> {
  context.wakeSweeper();
  if (!next) return;
  await context.jobs.enqueue('widget-refresh', next).catch((error: unknown) => {
    context.logger.warn({ err: error }, 'the broker did not take a refresh, a sweep will');
  });
}

function refused(context: WorkerContext, running: RunningRefresh): RefreshResult {
  context.logger.warn(
    { widgetId: running.widgetId, requestId: running.requestId, fence: running.fence },
    'a refresh came too late: another has taken its place',
  );
  return 'refused';
}

function asSourceError(context: WorkerContext, error: unknown, running: RunningRefresh): SourceError {
  if (error instanceof SourceError) return error;
  context.logger.error(
    { err: error, widgetId: running.widgetId, requestId: running.requestId },
    'a source failed in a way it should not',
  );
  return new SourceError('source_failed', 'The source failed unexpectedly.', { cause: error });
}
