import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import { BUDGET_COLUMNS, readBudgets, type BudgetPeriod } from './lock';
import { COUNTED, CURRENT_PERIOD } from './open-periods';

/** Where no call made the current period's row yet, its figures are what that row will begin with. */
const budgetsWhere = (condition: string): string => `
  select ${BUDGET_COLUMNS} from budgets b join businesses z on z.id = b.business_id cross join ${CURRENT_PERIOD}
   cross join lateral (
     select p.start as period_start, p."end" as period_end,
            coalesce(made.spent_nano, (
              select sum(case when l.status = 'held' then l.hold_nano else l.cost_nano end)
                from ledger l where made.budget_id is null and ${COUNTED}), 0) as spent_nano,
            coalesce(made.held_nano, 0) as held_nano, coalesce(made.told_soft, 0) as told_soft,
            coalesce(made.told_hard, 0) as told_hard
       from (select) as one
       left join budget_periods made on made.budget_id = b.id and made.period_start = p.start
   ) f
   where ${condition} order by b.scope_kind, b.period, b.created_at, b.id`;

const LIST: Statement = { name: 'budgets-list', text: budgetsWhere('true') };
/** The budget with the id $1. */
export const FIND_BUDGET: Statement = { name: 'budgets-find', text: budgetsWhere('b.id = $1') };

/** A business's budgets with what their current day or month has taken. */
export const listBudgets = (db: Database, businessId: string): Promise<BudgetPeriod[]> =>
  withTenant(db, businessId, (tx) => readBudgets(tx, LIST, []));
