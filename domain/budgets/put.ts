import type { Database } from '../../db/database';
import { withTenant, type Statement, type Transaction } from '../../db/scope';
import { newId } from '../../lib/ids';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { formatNano } from '../money/nano';
import { FIND_BUDGET } from './list';
import { LOCK_BUDGETS, readBudgets, type BudgetPeriod, type BudgetScope } from './lock';
import { COUNTED, CURRENT_PERIOD } from './open-periods';
import { thresholdOf } from './thresholds';

export interface BudgetWrite {
  scope: BudgetScope;
  /** The member's user id or the agent's id; null for the business. */
  scopeId: string | null;
  period: 'day' | 'month';
  /** Nano-dollars; null: none. Without both the budget is deleted. */
  hardLimit: bigint | null;
  softLimit: bigint | null;
  /** Lifts a freeze; so does a higher hard limit. */
  unfreeze: boolean;
  /** The version that the budget must have; undefined: whichever. */
  ifMatch: number | undefined;
  /** Who sets it; what the platform itself sets is no event of the audit log. */
  origin?: AuditOrigin;
}

export type BudgetWritten = { budget: BudgetPeriod } | 'deleted' | 'no_such_scope' | 'version_conflict';

interface Found {
  id: string;
  hardLimit: string | null;
  softLimit: string | null;
  version: number;
}

const FIND: Statement = {
  name: 'budgets-find-scope',
  text: `select id, hard_limit_nano::text as "hardLimit", soft_limit_nano::text as "softLimit", version
           from budgets
          where scope_kind = $1 and scope_id is not distinct from $2::uuid and period = $3`,
};

const SCOPE_EXISTS: Statement = {
  name: 'budgets-scope-exists',
  text: `select case $1 when 'business' then $2::uuid is null
           when 'member' then exists (select from memberships where user_id = $2 and business_id = current_business())
           when 'agent' then exists (select from agents where id = $2) end as "exists"`,
};

const DELETE: Statement = { name: 'budgets-delete', text: 'delete from budgets where id = $1' };

const ADD: Statement = {
  name: 'budgets-add',
  text: `insert into budgets (id, business_id, scope_kind, scope_id, period, hard_limit_nano, soft_limit_nano)
         values ($1, current_business(), $2, $3, $4, $5, $6)`,
};

/** A budget begins with what its day or month has cost so far, and holds what calls under way hold elsewhere. */
const ADOPT: Statement = {
  name: 'budgets-adopt',
  text: `
    with call as (
      select b.id as budget_id, b.business_id, p.start, p."end", l.id, l.status, l.hold_nano, l.cost_nano
        from budgets b join businesses z on z.id = b.business_id cross join ${CURRENT_PERIOD}
        left join ledger l on ${COUNTED}
       where b.id = $1
    ), begun as (
      insert into budget_periods (budget_id, business_id, period_start, period_end, spent_nano, held_nano)
      select budget_id, business_id, start, "end", coalesce(sum(cost_nano) filter (where status = 'settled'), 0),
             coalesce(sum(hold_nano) filter (where status = 'held'), 0)
        from call group by 1, 2, 3, 4
    )
    insert into ledger_holds (ledger_id, budget_id, period_start, business_id, hold_nano)
    select id, budget_id, start, business_id, hold_nano from call where status = 'held'`,
};

const CHANGE: Statement = {
  name: 'budgets-change',
  text: `update budgets set hard_limit_nano = $2, soft_limit_nano = $3, updated_at = now(),
                frozen_at = case when $4 then null else frozen_at end,
                frozen_reason = case when $4 then null else frozen_reason end
          where id = $1`,
};

const TELL: Statement = {
  name: 'budgets-tell',
  text: `update budget_periods set told_soft = $3, told_hard = $4 where budget_id = $1 and period_start = $2`,
};

/**
 * Makes, changes or deletes the budget of a scope and period. It has the business's budgets to itself, so that
 * calls under way are in a new one exactly once, and none is held against a limit that is no longer true. Who sets
 * a limit sees what is spent: thresholds that are reached already are not told again.
 */
export function putBudget(db: Database, businessId: string, write: BudgetWrite): Promise<BudgetWritten> {
  return withTenant(db, businessId, async (tx) => {
    const { scope, scopeId, period } = write;
    const [, [found], [known]] = await Promise.all([
      tx.query(LOCK_BUDGETS, []),
      tx.query<Found>(FIND, [scope, scopeId, period]),
      tx.query<{ exists: boolean }>(SCOPE_EXISTS, [scope, scopeId]),
    ]);
    // One whose member or agent is gone can still be changed, and deleted.
    if (!found && !known?.exists) return 'no_such_scope';
    if (write.ifMatch !== undefined && write.ifMatch !== (found?.version ?? 0)) return 'version_conflict';
    if (write.hardLimit === null && write.softLimit === null) {
      if (found) {
        await tx.query(DELETE, [found.id]);
        await record(tx, 'budget.deleted', found.id, write, found);
      }
      return 'deleted';
    }
    const id = found ? await change(tx, found, write) : await add(tx, write);
    await record(tx, found ? 'budget.updated' : 'budget.created', id, write, found);
    return { budget: await settleTold(tx, id) };
  });
}

async function add(tx: Transaction, { scope, scopeId, period, hardLimit, softLimit }: BudgetWrite) {
  const id = newId();
  await tx.query(ADD, [id, scope, scopeId, period, textOf(hardLimit), textOf(softLimit)]);
  await tx.query(ADOPT, [id]);
  return id;
}

async function change(tx: Transaction, found: Found, { hardLimit, softLimit, unfreeze }: BudgetWrite) {
  const isRaised = found.hardLimit !== null && (hardLimit === null || hardLimit > BigInt(found.hardLimit));
  await tx.query(CHANGE, [found.id, textOf(hardLimit), textOf(softLimit), unfreeze || isRaised]);
  return found.id;
}

/** Limits as the API shows them, US dollars. */
async function record(
  tx: Transaction,
  action: 'budget.created' | 'budget.updated' | 'budget.deleted',
  id: string,
  { scope, scopeId, period, hardLimit, softLimit, origin }: BudgetWrite,
  found: Found | undefined,
): Promise<void> {
  if (!origin) return;
  const shown = (hard: bigint | null, soft: bigint | null) => ({
    scope,
    scopeId,
    period,
    hardLimit: hard === null ? null : formatNano(hard),
    softLimit: soft === null ? null : formatNano(soft),
  });
  await recordAudit(tx, origin, {
    action,
    subject: { kind: 'budget', id },
    before: found && shown(nanoOf(found.hardLimit), nanoOf(found.softLimit)),
    after: action === 'budget.deleted' ? undefined : shown(hardLimit, softLimit),
  });
}

const nanoOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text));
const textOf = (nano: bigint | null): string | null => nano?.toString() ?? null;

async function settleTold(tx: Transaction, id: string): Promise<BudgetPeriod> {
  const [budget] = await readBudgets(tx, FIND_BUDGET, [id]);
  if (!budget) throw new Error(`The budget ${id} was written and is not there.`);
  const toldSoft = thresholdOf(budget.spent, budget.softLimit);
  const toldHard = thresholdOf(budget.spent, budget.hardLimit);
  await tx.query(TELL, [id, budget.start, toldSoft, toldHard]);
  return { ...budget, toldSoft, toldHard };
}
