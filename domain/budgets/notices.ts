import type { Statement, Transaction } from '../../db/scope';
import { newId } from '../../lib/ids';
import type { NotificationRow } from '../presenters/notification';
import type { BudgetPeriod } from './lock';
import { nameOfBudget, renewalOf } from './naming';
import type { Crossing } from './thresholds';

/** A notification that was written, and whose it is. */
export type Notice = NotificationRow & { userId: string };

const ADD: Statement = {
  name: 'budgets-add-notices',
  // A member's own budget is told to them, too, while they are one.
  text: `
    with notice as (
      select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
        as notice (id, user_id, type, title, body, subject)
    )
    insert into notifications (id, business_id, user_id, type, title, body, subject)
    select n.id, m.business_id, n.user_id, n.type, n.title, n.body, n.subject
      from notice n join memberships m using (user_id) where m.business_id = current_business()
    returning id, user_id as "userId", type, title, body, subject, read_at as "readAt", created_at as "createdAt",
              version`,
};

/** Tells a business's admins, and the member whose budget it is, of thresholds reached and budgets frozen. */
export async function writeNotices(
  tx: Transaction,
  adminIds: readonly string[],
  crossings: readonly Crossing[],
  frozen: readonly BudgetPeriod[],
): Promise<Notice[]> {
  const texts = [...crossings.map(crossingText), ...frozen.map(frozenText)];
  const rows = texts.flatMap((text) =>
    recipientsOf(text.budget, adminIds).map((userId) => ({ ...text, id: newId(), userId })),
  );
  if (rows.length === 0) return [];
  return tx.query<Notice>(ADD, [
    rows.map(({ id }) => id),
    rows.map(({ userId }) => userId),
    rows.map(({ type }) => type),
    rows.map(({ title }) => title),
    rows.map(({ body }) => body),
    rows.map(({ budget }) => JSON.stringify({ budgetId: budget.budgetId })),
  ]);
}

function recipientsOf({ scope, scopeId }: BudgetPeriod, adminIds: readonly string[]): string[] {
  const member = scope === 'member' && scopeId !== null ? [scopeId] : [];
  return [...new Set([...adminIds, ...member])];
}

const crossingText = ({ budget, limit, percent }: Crossing) => ({
  budget,
  type: 'budget.threshold',
  title: `${nameOfBudget(budget)} is ${percent === 100 ? 'used up' : `at ${percent} %`}`,
  body:
    limit === 'hard'
      ? `${percent} % of the hard limit is spent; at the limit, agents answer no more. It renews on ${renewalOf(budget)}.`
      : `${percent} % of the soft limit is spent; agents go on answering. It renews on ${renewalOf(budget)}.`,
});

const frozenText = (budget: BudgetPeriod) => ({
  budget,
  type: 'budget.frozen',
  title: `${nameOfBudget(budget)} is frozen`,
  body: `${budget.frozenReason ?? 'A call cost more than it may.'} Agents under it answer no more until an admin lifts that.`,
});
