import type { Database } from '../../db/database';
import { tenantStatement, withTenant, type Statement } from '../../db/scope';
import { watchDashboard } from '../../domain/refresh/watch';
import type { PresentConnection } from './connection';

const OPEN: Statement = {
  name: 'presence-open',
  text: `insert into presence_dashboards (connection_id, dashboard_id, business_id, user_id)
         values ($1, $2, $3, $4) on conflict do nothing`,
};

/** Adds a viewer; the first one makes the dashboard's widgets watched, in the same transaction. */
export function addViewer(db: Database, connection: PresentConnection, dashboardId: string): Promise<void> {
  const { id, businessId, userId } = connection;
  return withTenant(
    db,
    businessId,
    async (tx) => {
      await Promise.all([
        tx.query(OPEN, [id, dashboardId, businessId, userId]),
        watchDashboard(tx, businessId, dashboardId),
      ]);
    },
    { durable: false },
  );
}

const CLOSE: Statement = {
  name: 'presence-close',
  text: `delete from presence_dashboards where connection_id = $1 and dashboard_id = $2`,
};

/** Takes a viewer away. Whether it was the last is found out when the leave is settled. */
export const removeViewer = (
  db: Database,
  connection: PresentConnection,
  dashboardId: string,
): Promise<unknown> =>
  tenantStatement(db, connection.businessId, CLOSE, [connection.id, dashboardId], { durable: false });
