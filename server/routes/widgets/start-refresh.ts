import type { PresentedWidget } from '../../../domain/presenters/widget';
import { isFetched } from '../../../domain/widgets/fetched-kinds';
import { requestRefreshWithin, type Claim } from '../../../domain/refresh/request';
import type { ServerContext } from '../../context';
import { idempotent } from '../../http/idempotent';
import type { Reply, Request } from '../../http/route';

/**
 * Asks for a refresh and hands its job to the workers.
 * @returns false when one was already waiting, undefined when the widget is gone
 */
export async function startRefresh(
  context: ServerContext,
  businessId: string,
  widgetId: string,
  requestId: string,
): Promise<boolean | undefined> {
  const request = await context.requestRefresh(businessId, { widgetId, requestId });
  await handOver(context, request?.claim);
  return request?.queued;
}

async function handOver({ jobs, logger }: ServerContext, claim: Claim | undefined): Promise<void> {
  if (!claim) return;
  await jobs.enqueue('widget-refresh', claim).catch((error: unknown) => {
    // The claim is in Postgres: a sweep hands it over when the broker is back.
    const { widgetId, requestId } = claim;
    logger.warn({ err: error, widgetId, requestId }, 'the broker did not take a refresh, a sweep will');
  });
}

/** The same, once per Idempotency-Key: asked again, it starts nothing, even where that refresh has ended. */
export function startRefreshOnce(
  context: ServerContext,
  request: Request<{ id: string }, unknown, unknown>,
): Promise<Reply<{ widgetId: string; queued: boolean }>> {
  const { actor, params, requestId } = request;
  let claim: Claim | undefined;
  return idempotent(
    context,
    request,
    async (trx) => {
      const asked = { widgetId: params.id, requestId };
      const started = await requestRefreshWithin(trx, actor.businessId, asked);
      claim = started?.claim;
      return { status: 202, data: { widgetId: params.id, queued: started?.queued ?? false } };
    },
    () => void handOver(context, claim),
  );
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
