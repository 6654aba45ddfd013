import { MAX_DATA_BYTES } from '../../domain/refresh/limits';
import type { RunningRefresh } from '../../domain/refresh/run';
import { checkWidgetData, type WidgetType } from '../../domain/widgets/types';
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
  assertFits(running.type as WidgetType, data);
  return data;
}

/** @throws SourceError naming the first place where the data is not what this type of widget shows */
export function assertFits(type: WidgetType, data: unknown): void {
  if (data === undefined || Buffer.byteLength(JSON.stringify(data)) > MAX_DATA_BYTES) {
    throw new SourceError('data_too_large', `The source’s data is larger than ${MAX_DATA_BYTES} bytes.`);
  }
  const [problem] = checkWidgetData(type, data);
  if (problem) {
    const place = problem.path ? `${problem.path} ` : '';
    throw new SourceError(
      'data_does_not_fit',
      `The source’s data doesn’t fit a ${type} widget: ${place}${problem.message}.`,
    );
  }
}
