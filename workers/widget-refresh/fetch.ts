import type { RunningRefresh } from '../../domain/refresh/start';
import { checkWidgetData, describeMisfit, type WidgetType } from '../../domain/widgets/types';
import { SourceError } from '../../lib/errors';
import type { WorkerContext } from '../context';
import { openConnection } from '../sources/open-connection';

/**
 * Runs the widget's source and checks that what came fits the widget.
 * @throws SourceError with a reason for the person
 */
export async function fetchWidgetData(
  context: WorkerContext,
  running: RunningRefresh,
  signal: AbortSignal,
): Promise<unknown> {
  const data = await context.sources.fetch(running.source, {
    businessId: running.businessId,
    requestId: running.requestId,
    signal,
    connection: running.connection
      ? openConnection(running.connection, context.env.ENCRYPTION_KEYS)
      : undefined,
  });
  assertFits(running.type as WidgetType, data, running.config);
  return data;
}

/**
 * @param config the widget's, which may name columns that have to be there
 * @throws SourceError naming the first place where the data is not what this type of widget shows
 */
export function assertFits(type: WidgetType, data: unknown, config?: unknown): void {
  const problems = checkWidgetData(type, data, config);
  if (problems.length > 0) throw new SourceError('data_does_not_fit', describeMisfit(type, problems));
}
