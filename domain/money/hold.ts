import type { Database } from '../../db/database';
import { withTenant, type Statement, type Transaction } from '../../db/scope';
import { BUDGET_COLUMNS, readBudgets, SHARE_BUDGETS, type BudgetPeriod } from '../budgets/lock';
import { nameOfBudget, renewalOf } from '../budgets/naming';
import { APPLYING, CURRENT_PERIOD, OPEN_PERIODS } from '../budgets/open-periods';
import { newId } from '../../lib/ids';
import { capWithin, outputWhenCutAt } from './estimate';
import { affordableOutput, boundOf, type Price } from './price';
import { priceFor } from './prices';

/**
 * An answer shorter than this helps nobody, tokens; where the money left buys less (and the agent allows more), the
 * call is not made.
 */
export const MIN_OUTPUT_TOKENS = 64;

/** A call to a provider that is about to be made. */
export interface HoldRequest {
  businessId: string;
  /** Who asked; their budgets apply. */
  userId: string;
  agentId: string | null;
  runId: string;
  conversationId: string;
  epoch: number;
  turn: number;
  /** From 1; grows with each request of the same turn (retries, fallback models). */
  attempt: number;
  purpose: 'reply' | 'title';
  provider: string;
  /** The provider's own name of it. */
  model: string;
  /** The most tokens that can go in (Provider.inputBound). */
  inputBound: number;
  /** The most tokens the agent allows out. */
  outputCap: number;
  /** The provider ignores the cap and we cut its reply: the hold is for what it can have put out by then. */
  isCutByUs?: boolean;
  requestId: string;
}

export interface GrantedHold {
  /** The ledger row; settle it whatever happens (settle.ts). */
  ledgerId: string;
  /** The cap to send: the agent's, or what the money left can buy. */
  outputCap: number;
  /** The most that the call can cost, reserved in every budget that applies. 0 without a price. */
  holdNano: bigint;
  /** undefined where nobody knows one, and no hard budget demands it: the cost is then booked as 0, estimated. */
  price: Price | undefined;
  /** A budget applies: others that hold under it wait for its row. */
  isBudgeted: boolean;
}

export type HoldOutcome =
  | { granted: GrantedHold }
  /** What other calls under way hold stands in the way: try again when one is settled, or after a short pause. */
  | { wait: true }
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
    with call as (
      insert into ledger (id, business_id, run_id, conversation_id, agent_id, user_id, epoch, turn, attempt, purpose,
                          provider, model_requested, request_id, price_id, output_cap, hold_nano)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    ), budget as (
      select * from unnest($17::uuid[], $18::timestamptz[]) as budget (budget_id, period_start)
    ), holds as (
      insert into ledger_holds (ledger_id, business_id, budget_id, period_start, hold_nano)
      select $1, $2, budget_id, period_start, $16 from budget
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
    const { price, budgets } = await lockAndRead(tx, call);
    const decision = decide(call, price, budgets);
    if (!('outputCap' in decision)) return decision;
    const { outputCap } = decision;
    const output = call.isCutByUs ? outputWhenCutAt(outputCap) : outputCap;
    const holdNano = price ? boundOf(call.inputBound, output, price) : 0n;
    const ledgerId = newId();
    await tx.last(HOLD, [
      ledgerId,
      call.businessId,
      call.runId,
      call.conversationId,
      call.agentId,
      call.userId,
      call.epoch,
      call.turn,
      call.attempt,
      call.purpose,
      call.provider,
      call.model,
      call.requestId,
      price?.id ?? null,
      outputCap,
      holdNano.toString(),
      budgets.map(({ budgetId }) => budgetId),
      budgets.map(({ start }) => start),
    ]);
    return { granted: { ledgerId, outputCap, holdNano, price, isBudgeted: budgets.length > 0 } };
  });
}

/** One message: each statement sees what was committed before the locks ahead of it were given. */
async function lockAndRead(tx: Transaction, { userId, agentId, provider, model }: HoldRequest) {
  const scopes = [userId, agentId];
  const [price, , , , budgets] = await Promise.all([
    priceFor(tx, provider, model),
    tx.query(SHARE_BUDGETS, []),
    tx.query(OPEN_PERIODS, scopes),
    tx.query(LOCK_PERIODS, scopes),
    readBudgets(tx, READ_BUDGETS, scopes),
  ]);
  return { price, budgets };
}

type Decision = { outputCap: number } | Exclude<HoldOutcome, { granted: GrantedHold }>;

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
): Exclude<HoldOutcome, { granted: GrantedHold } | { wait: true }> => ({ refused: { code, message } });

const exhaustedMessage = (budget: BudgetPeriod) =>
  `${nameOfBudget(budget)} leaves no room for this call. It renews on ${renewalOf(budget)}.`;

const frozenMessage = (budget: BudgetPeriod) =>
  `${nameOfBudget(budget)} is frozen: ${budget.frozenReason ?? 'a call cost more than it may'} An admin can lift that.`;

const unknownPriceMessage = ({ provider, model }: HoldRequest) =>
  `Nobody has said what ${provider}/${model} costs, and a hard budget applies. Set its price, or use another model.`;
