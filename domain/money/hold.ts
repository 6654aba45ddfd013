import type { Database } from '../../db/database';
import { withTenant, type Statement, type Transaction } from '../../db/scope';
import { BUDGET_COLUMNS, readBudgets, type BudgetPeriod } from '../budgets/lock';
import { nameOfBudget, renewalOf } from '../budgets/naming';
import { APPLYING, CURRENT_PERIOD, OPEN_PERIODS } from '../budgets/open-periods';
import { capWithin } from './estimate';
import {
  grantOf,
  INSERT_CALL,
  SHARE_RUN_AND_BUDGETS,
  valuesOf,
  type GrantedHold,
  type HoldRequest,
} from './held-call';
import { affordableOutput, type Price } from './price';
import { priceFor } from './prices';

/**
 * An answer shorter than this helps nobody, tokens; where the money left buys less (and the agent allows more), the
 * call is not made.
 */
export const MIN_OUTPUT_TOKENS = 64;

export type HoldOutcome =
  | { granted: GrantedHold }
  /** What other calls under way hold stands in the way: try again when one is settled, or after a short pause. */
  | { wait: true }
  /** The run ended, or another worker has it: whoever has none in hand spends nothing. */
  | { lost: true }
  | {
      refused: {
        code: 'budget_exhausted' | 'budget_frozen' | 'unknown_price';
        /** For a person: which budget, and when it renews. */
        message: string;
      };
    };

const LOCK_PERIODS: Statement = {
  name: 'hold-lock-periods',
  text: `select from budgets b join businesses z on z.id = b.business_id cross join ${CURRENT_PERIOD}
           join budget_periods locked on locked.budget_id = b.id and locked.period_start = p.start
          where ${APPLYING} order by b.id for update of locked`,
};

const READ_BUDGETS: Statement = {
  name: 'hold-read-budgets',
  text: `select ${BUDGET_COLUMNS} from budgets b join businesses z on z.id = b.business_id cross join ${CURRENT_PERIOD}
           join budget_periods f on f.budget_id = b.id and f.period_start = p.start
          where ${APPLYING} order by b.id`,
};

const HOLD: Statement = {
  name: 'hold-call',
  text: `
    with call as (${INSERT_CALL}), budget as (
      select * from unnest($17::uuid[], $18::timestamptz[]) as budget (budget_id, period_start)
    ), holds as (
      insert into ledger_holds (ledger_id, business_id, budget_id, period_start, hold_nano)
      select $3, $4, budget_id, period_start, $16 from budget
    )
    update budget_periods p set held_nano = p.held_nano + $16 from budget
     where p.budget_id = budget.budget_id and p.period_start = budget.period_start`,
};

/**
 * Reserves the most that a call can cost in every budget that applies to it, and writes its ledger row: before the
 * request is sent (architecture.md, "A hold that cannot overshoot"). Two round trips: locks and figures, then the
 * writes with the commit behind them.
 */
export function holdCall(db: Database, call: HoldRequest): Promise<HoldOutcome> {
  return withTenant(db, call.businessId, async (tx) => {
    const { isInHand, price, budgets } = await lockAndRead(tx, call);
    if (!isInHand) return { lost: true };
    const decision = decide(call, price, budgets);
    if (!('outputCap' in decision)) return decision;
    const { outputCap } = decision;
    const granted = grantOf(call, outputCap, price, budgets.length > 0);
    await tx.last(HOLD, [
      ...valuesOf(call, granted),
      budgets.map(({ budgetId }) => budgetId),
      budgets.map(({ start }) => start),
    ]);
    return { granted };
  });
}

/** One message: each statement sees what was committed before the locks ahead of it were given. */
async function lockAndRead(tx: Transaction, { runId, epoch, userId, agentId, provider, model }: HoldRequest) {
  const scopes = [userId, agentId];
  const [inHand, price, , , budgets] = await Promise.all([
    tx.query(SHARE_RUN_AND_BUDGETS, [runId, epoch]),
    priceFor(tx, provider, model),
    tx.query(OPEN_PERIODS, scopes),
    tx.query(LOCK_PERIODS, scopes),
    readBudgets(tx, READ_BUDGETS, scopes),
  ]);
  return { isInHand: inHand.length > 0, price, budgets };
}

type Decision = { outputCap: number } | Exclude<HoldOutcome, { granted: GrantedHold } | { lost: true }>;

function decide(call: HoldRequest, price: Price | undefined, budgets: readonly BudgetPeriod[]): Decision {
  const frozen = budgets.find(({ frozenAt }) => frozenAt);
  if (frozen) return refuse('budget_frozen', frozenMessage(frozen));
  const hard = budgets.flatMap((budget) =>
    budget.hardLimit === null ? [] : [{ budget, unspent: budget.hardLimit - budget.spent }],
  );
  if (!price) {
    return hard.length === 0
      ? { outputCap: call.outputCap }
      : refuse('unknown_price', unknownPriceMessage(call));
  }
  const affordable = (moneyLeft: bigint) => {
    const output = affordableOutput(moneyLeft, call.inputBound, price);
    return call.isCutByUs ? capWithin(output) : output;
  };
  const least = Math.min(MIN_OUTPUT_TOKENS, call.outputCap);
  const exhausted = hard.find(({ unspent }) => affordable(unspent) < least);
  if (exhausted) return refuse('budget_exhausted', exhaustedMessage(exhausted.budget));
  const outputCap = hard.reduce(
    (cap, { budget, unspent }) => Math.min(cap, affordable(unspent - budget.held)),
    call.outputCap,
  );
  return outputCap < least ? { wait: true } : { outputCap };
}

const refuse = (
  code: 'budget_exhausted' | 'budget_frozen' | 'unknown_price',
  message: string,
): Extract<HoldOutcome, { refused: object }> => ({ refused: { code, message } });

const exhaustedMessage = (budget: BudgetPeriod) =>
  `${nameOfBudget(budget)} leaves no room for this call. It renews on ${renewalOf(budget)}.`;

const frozenMessage = (budget: BudgetPeriod) =>
  `${nameOfBudget(budget)} is frozen: ${budget.frozenReason ?? 'a call cost more than it may'} An admin can lift that.`;

const unknownPriceMessage = ({ provider, model }: HoldRequest) =>
  `Nobody has said what ${provider}/${model} costs, and a hard budget applies. Set its price, or use another model.`;
