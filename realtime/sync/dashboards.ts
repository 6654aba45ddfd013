import type { Statement, Transaction } from '../../db/scope';
import { dashboardPolicy } from '../../domain/policies/dashboard';
import { presentDashboard, type DashboardRow } from '../../domain/presenters/dashboard';
import type { ChangedRow } from './changes';
import type { Since } from './since';

const DASHBOARDS: Statement = {
  name: 'sync-dashboards',
  text: `select id, business_id as "businessId", owner_id as "ownerId", name, description, shared, layout, version,
                created_at as "createdAt", updated_at as "updatedAt"
           from dashboards
          where business_id = $1 and xid >= $2::xid8 and (shared or owner_id = $3)
          order by xid limit $4`,
};

export async function changedDashboards(
  tx: Transaction,
  { actor, xmin, limit }: Since,
): Promise<ChangedRow[]> {
  const rows = await tx.query<DashboardRow>(DASHBOARDS, [actor.businessId, xmin, actor.userId, limit]);
  return rows
    .filter((row) => dashboardPolicy.read(actor, row))
    .map((row) => ({ kind: 'dashboard', row: presentDashboard(row) }));
}
