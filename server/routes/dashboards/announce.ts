import type { DashboardRow, PresentedDashboard } from '../../../domain/presenters/dashboard';
import { envelope } from '../../../realtime/envelope';
import { audienceOf, userRoom } from '../../../realtime/rooms';
import type { ServerContext } from '../../context';

const audience = (businessId: string, dashboard: { shared: boolean; ownerId: string }) =>
  audienceOf(businessId, dashboard.shared ? 'business' : 'user', dashboard.ownerId);

/** @param sharedBefore where a change made it private, the others are told that it is gone */
export function announceDashboard(
  { publish }: ServerContext,
  businessId: string,
  dashboard: PresentedDashboard,
  requestId: string,
  sharedBefore = dashboard.shared,
): void {
  const carried = envelope(businessId, dashboard.version, requestId);
  if (sharedBefore && !dashboard.shared) {
    const others = audienceOf(businessId, 'business', null);
    publish(others, 'dashboard.changed', { id: dashboard.id, deleted: true, ...carried }, [
      userRoom(businessId, dashboard.ownerId),
    ]);
  }
  publish(audience(businessId, dashboard), 'dashboard.changed', { ...dashboard, ...carried });
}

export function announceDashboardDeleted(
  { publish }: ServerContext,
  row: DashboardRow,
  requestId: string,
): void {
  publish(audience(row.businessId, row), 'dashboard.changed', {
    id: row.id,
    deleted: true,
    ...envelope(row.businessId, row.version + 1, requestId),
  });
}
