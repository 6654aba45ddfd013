import type { PresentedWidget } from '../../../domain/presenters/widget';
import { isFetched } from '../../../domain/widgets/fetched-kinds';
import type { ServerContext } from '../../context';

/**
 * Asks for a refresh and hands its job to the workers.
 * @returns false when one was already waiting, undefined when the widget is gone
 */
export async function startRefresh(
  { requestRefresh, jobs, logger }: ServerContext,
  businessId: string,
  widgetId: string,
  requestId: string,
): Promise<boolean | undefined> {
  const request = await requestRefresh(businessId, { widgetId, requestId });
  if (request?.claim) {
    await jobs.enqueue('widget-refresh', request.claim).catch((error: unknown) => {
      // The claim is in Postgres: a sweep hands it over when the broker is back.
      logger.warn({ err: error, widgetId, requestId }, 'the broker did not take a refresh, a sweep will');
    });
  }
  return request?.queued;
}

/**
 * A new widget, or one with a new source, is refreshed without waiting for the sweep; the row says that it is due,
 * so a process that dies here loses nothing.
 */
export async function refreshAtOnce(
  context: ServerContext,
  businessId: string,
  widget: PresentedWidget,
  requestId: string,
): Promise<void> {
  if (!isFetched(widget.source) || widget.refreshWhen === 'watched') return;
  await startRefresh(context, businessId, widget.id, requestId).catch((error: unknown) => {
    context.logger.warn(
      { err: error, widgetId: widget.id, requestId },
      'a refresh did not start, a sweep will',
    );
  });
}
