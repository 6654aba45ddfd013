import type { PresentedAgent } from '../../domain/presenters/agent';
import type { PresentedConversation } from '../../domain/presenters/conversation';
import type { PresentedDashboard } from '../../domain/presenters/dashboard';
import type { PresentedWidget } from '../../domain/presenters/widget';
import type { PresentedWidgetData } from '../../domain/presenters/widget-data';
import type { SyncChange } from '../../realtime/sync/changes';
import type { Api } from './api';

/** Everything this person may see, over REST, as the changes that a replica takes. */
export async function loadEverything(api: Api, token: string): Promise<SyncChange[]> {
  const [dashboards, widgets, agents, conversations] = await Promise.all([
    api.all<PresentedDashboard>('/dashboards', token),
    api.all<PresentedWidget>('/widgets', token),
    api.all<PresentedAgent>('/agents', token),
    api.all<PresentedConversation>('/conversations', token),
  ]);
  const data = await Promise.all(
    widgets.map(({ id }) => api.one<PresentedWidgetData>(`/widgets/${id}/data`, token)),
  );
  return [
    ...dashboards.map((row) => ({ kind: 'dashboard' as const, row })),
    ...widgets.map((row) => ({ kind: 'widget' as const, row })),
    ...agents.map((row) => ({ kind: 'agent' as const, row })),
    ...conversations.map((row) => ({ kind: 'conversation' as const, row })),
    ...data.map((row) => ({ kind: 'widgetData' as const, row })),
  ];
}
