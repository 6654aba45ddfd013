import { tenantStatement, type Statement } from '../../db/scope';
import { presentNotification, type NotificationRow } from '../../domain/presenters/notification';
import { presentWidgetData } from '../../domain/presenters/widget-data';
import type { RefreshOutcome } from '../../domain/refresh/end';
import type { RunningRefresh } from '../../domain/refresh/start';
import { envelope } from '../../realtime/envelope';
import { audienceOf, userRoom } from '../../realtime/rooms';
import type { WorkerContext } from '../context';

/** Tells everyone who may see the widget, where something changed for them. */
export function announceSuccess(
  { publish }: WorkerContext,
  running: RunningRefresh,
  outcome: RefreshOutcome,
  data: unknown,
): void {
  if (!outcome.written) return;
  const { businessId, widgetId, ttlSeconds, scope, ownerId, requestId } = running;
  const { version } = outcome.written;
  publish(audienceOf(businessId, scope, ownerId), 'widget.updated', {
    ...presentWidgetData({
      widgetId,
      data,
      version,
      status: 'ok',
      error: null,
      refreshedAt: outcome.refreshedAt,
      ttlSeconds,
    }),
    ...envelope(businessId, version, requestId),
  });
}

const LAST_DATA: Statement = {
  name: 'refresh-last-data',
  text: 'select data from widget_data where widget_id = $1',
};
const NOTIFICATION: Statement = {
  name: 'refresh-notification',
  text: `select id, user_id as "userId", type, title, body, subject, read_at as "readAt",
                created_at as "createdAt", version from notifications where id = $1`,
};

/** The same for a failure: the last good data stays with it. And the owner's notification, where it was paused. */
export async function announceFailure(
  { db, publish }: WorkerContext,
  running: RunningRefresh,
  outcome: RefreshOutcome,
  error: { code: string; message: string },
): Promise<void> {
  if (!outcome.written) return;
  const { businessId, widgetId, ttlSeconds, scope, ownerId, requestId } = running;
  const { version, status } = outcome.written;
  const [last] = await tenantStatement<{ data: unknown }>(db, businessId, LAST_DATA, [widgetId]);
  publish(audienceOf(businessId, scope, ownerId), 'widget.failed', {
    ...presentWidgetData({
      widgetId,
      data: last?.data ?? null,
      version,
      status,
      error,
      refreshedAt: outcome.refreshedAt,
      ttlSeconds,
    }),
    ...envelope(businessId, version, requestId),
  });
  if (!outcome.notificationId) return;
  const [notification] = await tenantStatement<NotificationRow & { userId: string }>(
    db,
    businessId,
    NOTIFICATION,
    [outcome.notificationId],
  );
  if (!notification) return;
  publish([userRoom(businessId, notification.userId)], 'notification.created', {
    ...presentNotification(notification),
    ...envelope(businessId, notification.version, requestId),
  });
}
