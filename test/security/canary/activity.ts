import { dashboardBody, placeOf, themeBody, widgetBody } from '../../factories/bodies';
import type { ApiAnswer } from '../../server/http/api';
import { apiOf } from '../../server/http/api';
import { ask } from '../../server/sockets/node';
import { ended, type Listener, type Stage } from './stage';

const idOf = ({ status, text, body }: ApiAnswer): string => {
  if (status >= 300) throw new Error(`${status} ${text}`);
  return (body.data as { id: string }).id;
};

/**
 * A business at work, with this text in whatever it writes: widgets are made and refreshed, dashboards changed and
 * looked at, an agent is asked, money is spent past a limit, people and settings change.
 * @param admin of the business, with a socket
 */
export async function beBusy({ port, other }: Stage, admin: Listener, text: string): Promise<void> {
  const api = apiOf(port, admin.person.token);
  const source = { kind: 'static', data: { text } };
  const widgetId = idOf(await api.post('/widgets', widgetBody({ name: `Widget ${text}`, source })));
  await api.post(`/widgets/${widgetId}/refresh`, {});
  await api.patch(`/widgets/${widgetId}`, { name: `Renamed ${text}` });
  const dashboardId = idOf(
    await api.post(
      '/dashboards',
      dashboardBody({ name: `Dashboard ${text}`, shared: true, layout: [placeOf(widgetId)] }),
    ),
  );
  await api.patch(`/dashboards/${dashboardId}`, { description: text });
  await ask(admin.socket, 'dashboard.open', { dashboardId });
  await ask(admin.socket, 'presence.list', { dashboardId });

  await api.patch('/users/me', { name: `Person ${text}` });
  await api.patch('/business', { name: `Business ${text}` });
  await api.patch(`/business/members/${other.viewer.userId}`, { role: 'member' });
  await api.post('/business/invitations', { email: `${text}@example.test`, role: 'viewer' });
  await api.post('/api-keys', { name: `Key ${text}`, scopes: ['widgets:read'] });
  await api.post('/themes', themeBody({ name: `Theme ${text}` }));
  await api.patch('/preferences', { locale: 'de' });

  await api.put('/budgets', {
    scope: { kind: 'business' },
    period: 'month',
    hardLimit: '10',
    softLimit: '0.000000001',
  });
  const agentId = idOf(
    await api.post('/agents', {
      name: `Agent ${text}`,
      type: 'assistant',
      model: 'sandbox/sandbox-echo',
      systemPrompt: `You know ${text}.`,
      maxTokens: 200,
    }),
  );
  const asked = await api.post(`/agents/${agentId}/chat`, { message: `Tell me about ${text}` });
  const { run, conversation } = asked.body.data as { run: { id: string }; conversation: { id: string } };
  await ask(admin.socket, 'conversation.open', { conversationId: conversation.id });
  await ended(port, admin.person, run.id);
  await api.patch(`/conversations/${conversation.id}`, { title: `Conversation ${text}` });
  await ask(admin.socket, 'dashboard.close', { dashboardId });
}
