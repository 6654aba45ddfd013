import type { Knex } from 'knex';
import type { Database } from '../../db/database';
import { systemStatement, tenantStatement, type Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import type { DashboardAccess } from '../policies/dashboard';

const COLUMNS = 'id, business_id as "businessId", owner_id as "ownerId", shared';

const FIND: Statement = { name: 'dashboard-access', text: `select ${COLUMNS} from dashboards where id = $1` };

const FIND_MANY: Statement = {
  name: 'dashboard-access-many',
  text: `select ${COLUMNS} from dashboards where id = any($1::uuid[])`,
};

/** What the dashboard policy looks at, and nothing large. */
export async function findDashboardAccess(
  db: Database,
  businessId: string,
  dashboardId: string,
): Promise<DashboardAccess | undefined> {
  return (await tenantStatement<DashboardAccess & object>(db, businessId, FIND, [dashboardId]))[0];
}

/**
 * The same for many at once, by id; one that is missing was deleted. Across tenants: for a server that looks after
 * all of its open sockets in one statement, and asks the policy for each of them.
 */
export async function findDashboardAccesses(
  db: Database,
  dashboardIds: readonly string[],
): Promise<Map<string, DashboardAccess>> {
  const rows = await systemStatement<DashboardAccess & { id: string }>(db, FIND_MANY, [dashboardIds]);
  return new Map(rows.map((row) => [row.id, row]));
}

const KEEP: Statement = { name: 'dashboard-keep', text: `${FIND_MANY.text} order by id for share` };

/** The same in a business's transaction, and until it ends they are neither deleted nor changed. */
export async function keepDashboards(
  trx: Knex.Transaction,
  dashboardIds: readonly string[],
): Promise<Map<string, DashboardAccess>> {
  if (dashboardIds.length === 0) return new Map();
  const rows = await trxStatement<DashboardAccess & { id: string }>(trx, KEEP, [dashboardIds]);
  return new Map(rows.map((row) => [row.id, row]));
}
