import type { ServerContext } from '../../context';

/** Sources whose data comes in by itself: there is nothing to fetch. */
export const isRefreshable = (sourceKind: string): boolean => sourceKind !== 'push';

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
