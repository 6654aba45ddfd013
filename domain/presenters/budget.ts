import type { BudgetPeriod, BudgetScope } from '../budgets/lock';
import { formatNano } from '../money/nano';

/** A budget with its current day or month. Amounts are US dollars, decimals exact to the nano-dollar. */
export interface PresentedBudget {
  id: string;
  /** `id` and `name` are the member's or the agent's; null for the business, `name` also where they are gone. */
  scope: { kind: BudgetScope; id: string | null; name: string | null };
  period: 'day' | 'month';
  hardLimit: string | null;
  softLimit: string | null;
  spent: string;
  /** What calls under way may still cost. */
  held: string;
  periodStart: string;
  periodEnd: string;
  /** Set after a call that cost more than it may: no call is made until an admin lifts it. */
  frozen: { at: string; reason: string } | null;
  version: number;
  createdAt: string;
  updatedAt: string;
}

const amount = (nano: bigint | null): string | null => (nano === null ? null : formatNano(nano));

export const presentBudget = (budget: BudgetPeriod): PresentedBudget => ({
  id: budget.budgetId,
  scope: { kind: budget.scope, id: budget.scopeId, name: budget.scopeName },
  period: budget.period,
  hardLimit: amount(budget.hardLimit),
  softLimit: amount(budget.softLimit),
  spent: formatNano(budget.spent),
  held: formatNano(budget.held),
  periodStart: budget.start.toISOString(),
  periodEnd: budget.end.toISOString(),
  frozen: budget.frozenAt && { at: budget.frozenAt.toISOString(), reason: budget.frozenReason ?? '' },
  version: budget.version,
  createdAt: budget.createdAt.toISOString(),
  updatedAt: budget.updatedAt.toISOString(),
});
