import { Client } from 'pg';
import { newId } from '../../lib/ids';
import { fillAgentTables } from './agent-rows';
import type { Tenant } from './tenant';

/** Ids of what {@link fillEveryTable} made. */
export interface TenantRows {
  connectionId: string;
  widgetId: string;
  dashboardId: string;
  presenceId: string;
  scopeId: string;
}

/** Gives a business a row in every table that has a `business_id`, written past row-level security. */
export async function fillEveryTable(databaseUrl: string, tenant: Tenant): Promise<TenantRows> {
  const { businessId, admin } = tenant;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const insert = (table: string, row: Record<string, unknown>) => {
    const columns = Object.keys(row);
    return client.query(
      `insert into ${table} (${columns.join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(row),
    );
  };
  const of = { business_id: businessId };
  const [connectionId, widgetId, dashboardId, presenceId, nodeId] = Array.from({ length: 5 }, newId) as [
    string,
    string,
    string,
    string,
    string,
  ];
  try {
    await insert('connections', {
      ...of,
      id: connectionId,
      name: 'A connection',
      kind: 'http',
      config: '{}',
      secret: 'sealed',
    });
    const source = '{"kind":"push"}';
    await insert('widgets', {
      ...of,
      id: widgetId,
      owner_id: admin.userId,
      name: 'A widget',
      type: 'custom',
      source,
    });
    const inWidget = { ...of, widget_id: widgetId };
    await insert('widget_data', { ...inWidget, data: '1' });
    await insert('widget_data_history', { ...inWidget, version: 1, data: '1' });
    await insert('widget_schedules', inWidget);
    await insert('dashboards', { ...of, id: dashboardId, owner_id: admin.userId, name: 'A dashboard' });
    const inDashboard = { ...of, dashboard_id: dashboardId };
    await insert('dashboard_widgets', { ...inDashboard, widget_id: widgetId });
    await insert('tombstones', { ...of, kind: 'widget', row_id: newId(), version: 2 });
    const note = { type: 'widget.paused', title: 'A title', body: 'A text' };
    await insert('notifications', { ...of, ...note, id: newId(), user_id: admin.userId });
    await insert('idempotency_keys', {
      ...of,
      caller: admin.userId,
      route: 'r',
      key: 'k',
      body_hash: 'h',
      status: 201,
    });
    await insert('source_probes', {
      ...of,
      id: newId(),
      kind: 'preview',
      request: '{}',
      connection_id: connectionId,
    });
    await insert('mails', { ...of, id: newId(), template: 'invitation', recipient: 'somebody@example.test' });
    await insert('audit_events', {
      ...of,
      id: newId(),
      action: 'business.updated',
      subject_kind: 'business',
      request_id: 'r',
    });
    await insert('invitations', {
      ...of,
      id: newId(),
      email: 'somebody@example.test',
      role: 'viewer',
      expires_at: new Date(),
    });
    await insert('api_keys', {
      ...of,
      id: newId(),
      user_id: admin.userId,
      name: 'A key',
      prefix: newId(),
      secret_hash: 'h',
      scopes: [],
    });
    await insert('business_turns', { ...of, lane: 'scheduled' });
    await insert('presence_nodes', { node_id: nodeId, lease_until: new Date() });
    const here = { ...of, user_id: admin.userId };
    await insert('presence_connections', {
      ...here,
      id: presenceId,
      node_id: nodeId,
      session_id: admin.sessionId,
    });
    await insert('presence_dashboards', { ...here, dashboard_id: dashboardId, connection_id: presenceId });
    await insert('presence_scopes', { ...of, scope_id: dashboardId });
    await insert('presence_people', { ...here, scope_id: dashboardId });
    const theme = { ...of, user_id: admin.userId, id: newId() };
    await insert('themes', { ...theme, name: 'A theme', mode: 'dark', colors: '{}', border_radius: '8px' });
    await insert('preferences', { ...theme, id: newId(), active_theme_id: theme.id });
    await fillAgentTables(insert, tenant);
  } finally {
    await client.end();
  }
  return { connectionId, widgetId, dashboardId, presenceId, scopeId: dashboardId };
}
