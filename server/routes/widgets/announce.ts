import type { PresentedWidget, WidgetRow } from '../../../domain/presenters/widget';
import { audienceOf } from '../../../realtime/rooms';
import { envelope } from '../../../realtime/envelope';
import type { ServerContext } from '../../context';

/** @param scopeBefore where a change narrowed it, the others are told that it is gone */
export function announceWidget(
  { publish }: ServerContext,
  businessId: string,
  widget: PresentedWidget,
  requestId: string,
  scopeBefore = widget.scope,
): void {
  if (scopeBefore === 'business' && widget.scope === 'user') {
    publish(
      audienceOf(businessId, 'business', null),
      'widget.changed',
      { id: widget.id, deleted: true, ...envelope(businessId, widget.version, requestId) },
      audienceOf(businessId, 'user', widget.ownerId),
    );
  }
  publish(audienceOf(businessId, widget.scope, widget.ownerId), 'widget.changed', {
    ...widget,
    ...envelope(businessId, widget.version, requestId),
  });
}

export function announceWidgetDeleted({ publish }: ServerContext, row: WidgetRow, requestId: string): void {
  publish(audienceOf(row.businessId, row.scope, row.ownerId), 'widget.changed', {
    id: row.id,
    deleted: true,
    ...envelope(row.businessId, row.version + 1, requestId),
  });
}
