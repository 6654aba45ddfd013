import type { QueryResultRow } from 'pg';
import type { Statement, Transaction } from '../../db/scope';

/** Takes the lock of {@link SHARE_BUDGETS} for each row it is selected for. */
export const SHARED_LOCK = `pg_advisory_xact_lock_shared(hashtextextended('budgets ' || current_business(), 0))`;

/**
 * Who may touch a business's budgets. Calls share the lock; a change of a budget has it alone, so that limits
 * stand still while a call is held or settled, and a new budget counts every call exactly once.
 */
export const SHARE_BUDGETS: Statement = { name: 'budgets-share', text: `select ${SHARED_LOCK}` };
export const LOCK_BUDGETS: Statement = {
  name: 'budgets-lock',
  text: `select pg_advisory_xact_lock(hashtextextended('budgets ' || current_business(), 0))`,
};

export type BudgetScope = 'business' | 'member' | 'agent';

/** A budget with the figures of one of its days or months; amounts are nano-dollars. */
export interface BudgetPeriod {
  budgetId: string;
  scope: BudgetScope;
  scopeId: string | null;
  /** The member's or agent's name; null for the business, and where they are gone. */
  scopeName: string | null;
  period: 'day' | 'month';
  hardLimit: bigint | null;
  softLimit: bigint | null;
  frozenAt: Date | null;
  frozenReason: string | null;
  start: Date;
  end: Date;
  spent: bigint;
  /** What calls under way may still cost. */
  held: bigint;
  /** Highest threshold of which people were told, percent. */
  toldSoft: number;
  toldHard: number;
  timezone: string;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** Columns of a {@link BudgetPeriod}, from budgets b, its figures f (a row of budget_periods) and businesses z. */
export const BUDGET_COLUMNS = `
  b.id as "budgetId", b.scope_kind as scope, b.scope_id as "scopeId", b.period,
  case b.scope_kind when 'member' then (select name from users where id = b.scope_id)
                    when 'agent' then (select name from agents where id = b.scope_id) end as "scopeName",
  b.hard_limit_nano::text as "hardLimit", b.soft_limit_nano::text as "softLimit",
  b.frozen_at as "frozenAt", b.frozen_reason as "frozenReason", z.timezone,
  f.period_start as start, f.period_end as "end", f.spent_nano::text as spent, f.held_nano::text as held,
  f.told_soft as "toldSoft", f.told_hard as "toldHard", b.version,
  b.created_at as "createdAt", b.updated_at as "updatedAt"`;

type Amounts = 'hardLimit' | 'softLimit' | 'spent' | 'held';
type BudgetRow = Omit<BudgetPeriod, Amounts> & {
  hardLimit: string | null;
  softLimit: string | null;
  spent: string;
  held: string;
};

const nanoOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

/** Runs a statement that selects {@link BUDGET_COLUMNS}. */
export async function readBudgets(
  tx: Transaction,
  statement: Statement,
  values: readonly unknown[],
): Promise<BudgetPeriod[]> {
  const rows = await tx.query<BudgetRow & QueryResultRow>(statement, values);
  return rows.map((row) => ({
    ...row,
    hardLimit: nanoOf(row.hardLimit),
    softLimit: nanoOf(row.softLimit),
    spent: BigInt(row.spent),
    held: BigInt(row.held),
  }));
}
