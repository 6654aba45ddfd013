import { presentBudget } from '../domain/presenters/budget';
import { presentCall } from '../domain/presenters/call';
import { presentNotification } from '../domain/presenters/notification';
import type { Settled } from '../domain/money/settle';
import { envelope } from './envelope';
import type { Publish } from './publish';
import { userRoom } from './rooms';

/** A row of the ledger is written twice in its life: when it is held and when it is settled. */
const SETTLED_VERSION = 2;

/**
 * Tells of a call that was settled, after the commit: `usage.changed` and `budget.threshold` to the business's
 * managers and admins in their own rooms (everyone is in the business's room, and usage is the managers': product.md,
 * roles), a member's budget to that member, too, and the notifications to whom they are for.
 */
export function announceSettled(publish: Publish, businessId: string, settled: Settled): void {
  const { call, crossings, notices, managerIds } = settled;
  const managers = managerIds.map((userId) => userRoom(businessId, userId));
  const carried = (version: number) => envelope(businessId, version, call.requestId);
  publish(managers, 'usage.changed', { ...presentCall(call), ...carried(SETTLED_VERSION) });
  for (const { budget, limit, percent } of crossings) {
    const own = budget.scope === 'member' && budget.scopeId ? [userRoom(businessId, budget.scopeId)] : [];
    const payload = { ...presentBudget(budget), limit, percent, ...carried(budget.version) };
    publish([...new Set([...managers, ...own])], 'budget.threshold', payload);
  }
  for (const notice of notices) {
    publish([userRoom(businessId, notice.userId)], 'notification.created', {
      ...presentNotification(notice),
      ...carried(notice.version),
    });
  }
}
