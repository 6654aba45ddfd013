import type { Knex } from 'knex';
import { recordAudit, type AuditOrigin } from '../audit/record';
import type { DashboardRow } from '../presenters/dashboard';

/**
 * Writes down what was done to a dashboard that others saw or see now. A private one is its owner's alone: not even
 * the business's admins are told of it.
 * @param before undefined for a new one
 * @param after undefined for one that was deleted
 */
export async function auditDashboard(
  trx: Knex.Transaction,
  origin: AuditOrigin,
  before: DashboardRow | undefined,
  after: DashboardRow | undefined,
): Promise<void> {
  const row = after ?? before;
  if (!row || !(before?.shared || after?.shared)) return;
  const layoutChanged = before && after && JSON.stringify(before.layout) !== JSON.stringify(after.layout);
  await recordAudit(trx, origin, {
    action: !before ? 'dashboard.created' : after ? 'dashboard.updated' : 'dashboard.deleted',
    subject: { kind: 'dashboard', id: row.id },
    before,
    after: after && { ...after, layoutChanged: layoutChanged ? true : undefined },
  });
}
