import { Dashboard } from '../../../db/models/Dashboard';
import { Widget } from '../../../db/models/Widget';
import { withTenantModels } from '../../../db/scope';
import type { RemovedMember } from '../../../domain/members/remove';
import { presentDashboard } from '../../../domain/presenters/dashboard';
import { presentMember, type MemberRow } from '../../../domain/presenters/people';
import { presentWidget, type WidgetRow } from '../../../domain/presenters/widget';
import { signalStop } from '../../../domain/runs/signals';
import { envelope } from '../../../realtime/envelope';
import { businessRoom } from '../../../realtime/rooms';
import { announceEnded } from '../../accounts/end-sessions';
import type { ServerContext } from '../../context';
import { announceDashboard } from '../dashboards/announce';
import { announceWidget } from '../widgets/announce';

export function announceMember(
  { publish }: Pick<ServerContext, 'publish'>,
  businessId: string,
  row: MemberRow,
  requestId: string,
): void {
  publish([businessRoom(businessId)], 'member.changed', {
    ...presentMember(row),
    ...envelope(businessId, row.version, requestId),
  });
}

/** Tells everyone what a removal changed, after its commit: logins first, since they are what must end. */
export async function announceRemoved(
  context: ServerContext,
  businessId: string,
  removed: RemovedMember,
  requestId: string,
): Promise<void> {
  announceEnded(context, removed.sessions, 'removed');
  for (const runId of removed.stoppingIds) signalStop(context.broker.signals, runId);
  context.publish([businessRoom(businessId)], 'member.changed', {
    userId: removed.userId,
    deleted: true,
    ...envelope(businessId, removed.version, requestId),
  });
  const { dashboardIds, widgetIds } = removed.inherited;
  const [dashboards, widgets] = await withTenantModels(context.db, businessId, async (trx) => [
    await Dashboard.query(trx).findByIds(dashboardIds),
    await Widget.query(trx).findByIds(widgetIds),
  ]);
  for (const row of dashboards) announceDashboard(context, businessId, presentDashboard(row), requestId);
  for (const row of widgets)
    announceWidget(context, businessId, presentWidget(row as unknown as WidgetRow), requestId);
}
