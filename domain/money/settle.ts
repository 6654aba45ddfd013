import type { Database } from '../../db/database';
import { withTenant, type Statement, type Transaction } from '../../db/scope';
import { BUDGET_COLUMNS, readBudgets, SHARE_BUDGETS, type BudgetPeriod } from '../budgets/lock';
import { writeNotices, type Notice } from '../budgets/notices';
import { crossingsOf, thresholdOf, type Crossing } from '../budgets/thresholds';
import { CALL_COLUMNS, type CallRow } from '../presenters/call';
import { readPrice, type PriceRow } from './prices';
import { bookingOf, type Booking, type Settlement } from './settlement';
import { NO_USAGE } from './usage';

/** A call that was settled just now, with all that has to be announced after the commit. */
export interface Settled extends Booking {
  call: CallRow;
  /** Thresholds that this call was the first to reach. */
  crossings: Crossing[];
  /** Budgets that its overrun froze. */
  frozen: BudgetPeriod[];
  /** Notifications that tell of both. */
  notices: Notice[];
  /** The business's managers and admins, who may see usage. */
  managerIds: string[];
}

interface HeldCall {
  holdNano: string;
  price: (Omit<PriceRow, 'effectiveFrom'> & { effectiveFrom: string }) | null;
}

const LOCK_CALL: Statement = {
  name: 'settle-lock-call',
  text: `select l.hold_nano::text as "holdNano",
                case when p.id is not null then json_build_object('id', p.id, 'provider', p.provider,
                  'model', p.model, 'effectiveFrom', p.effective_from, 'tiers', p.tiers) end as price
           from ledger l left join model_prices p on p.id = l.price_id
          where l.id = $1 and l.status = 'held' for update of l`,
};

const LOCK_PERIODS: Statement = {
  name: 'settle-lock-periods',
  text: `select from ledger_holds h join budget_periods p using (budget_id, period_start)
          where h.ledger_id = $1 order by h.budget_id, h.period_start for update of p`,
};

const READ_BUDGETS: Statement = {
  name: 'settle-read-budgets',
  text: `select ${BUDGET_COLUMNS} from ledger_holds h join budget_periods f using (budget_id, period_start)
           join budgets b on b.id = f.budget_id join businesses z on z.id = b.business_id
          where h.ledger_id = $1 order by b.id`,
};

const MANAGERS: Statement = {
  name: 'settle-managers',
  text: `select user_id as "userId", role from memberships
          where business_id = current_business() and role in ('manager', 'admin')`,
};

const SETTLE: Statement = {
  name: 'settle-call',
  text: `
    with released as (
      delete from ledger_holds where ledger_id = $1 returning budget_id, period_start, hold_nano
    ), told as (
      select * from unnest($16::uuid[], $17::int[], $18::int[]) as told (budget_id, soft, hard)
    ), booked as (
      update budget_periods p set spent_nano = p.spent_nano + $12, held_nano = p.held_nano - r.hold_nano,
             told_soft = told.soft, told_hard = told.hard
        from released r join told using (budget_id)
       where p.budget_id = r.budget_id and p.period_start = r.period_start
    ), frozen as (
      update budgets set frozen_at = now(), frozen_reason = $19 where id = any($15::uuid[])
    )
    update ledger l set
      status = 'settled', settled_at = now(), outcome = $2, stop_reason = $3, error_code = $4, model_served = $5,
      provider_request_id = $6, input = $7, cache_read = $8, cache_write_5m = $9, cache_write_1h = $10,
      output_text = $11, output_reasoning = $20, cost_nano = $12, estimated = $13, overrun = $14
    where l.id = $1 and l.status = 'held'
    returning ${CALL_COLUMNS}`,
};

/**
 * Books what a call cost and gives back what it held, in the very periods that held it. Two round trips.
 * @returns undefined where it was settled before, or never held: nothing is written then
 */
export function settleCall(
  db: Database,
  businessId: string,
  ledgerId: string,
  settlement: Settlement,
): Promise<Settled | undefined> {
  return withTenant(db, businessId, (tx) =>
    settle(tx, (...write) => tx.last(...write), ledgerId, settlement),
  );
}

/** {@link settleCall} inside of a transaction of the business, so that it is booked with what else ends a run. */
export const settleCallIn = (
  tx: Transaction,
  ledgerId: string,
  settlement: Settlement,
): Promise<Settled | undefined> => settle(tx, (...write) => tx.query(...write), ledgerId, settlement);

async function settle(
  tx: Transaction,
  write: Transaction['query'],
  ledgerId: string,
  settlement: Settlement,
): Promise<Settled | undefined> {
  const { held, budgets, managers } = await lockAndRead(tx, ledgerId);
  if (!held) return undefined;
  const holdNano = BigInt(held.holdNano);
  const price = held.price
    ? readPrice({ ...held.price, effectiveFrom: new Date(held.price.effectiveFrom) })
    : undefined;
  const booking = bookingOf(settlement, holdNano, price);
  // Where the money ends is what an overrun breaks; a budget without a hard limit only counts it.
  const freezing = booking.overrun ? budgets.filter(({ hardLimit }) => hardLimit !== null) : [];
  const reason = 'A call cost more than it may: its provider ignored the cap on its output.';
  const after = budgets.map((budget) => booked(budget, holdNano, booking.costNano));
  const crossings = budgets.flatMap((before, index) => crossingsOf(before, after[index] ?? before));
  const frozen = after
    .filter(({ budgetId, frozenAt }) => !frozenAt && freezing.some((budget) => budget.budgetId === budgetId))
    .map((budget) => ({ ...budget, frozenAt: new Date(), frozenReason: reason }));
  const adminIds = managers.filter(({ role }) => role === 'admin').map(({ userId }) => userId);
  const notices = await writeNotices(tx, adminIds, crossings, frozen);
  const { usage } = settlement;
  const [call] = await write<CallRow>(SETTLE, [
    ledgerId,
    settlement.outcome,
    settlement.stopReason ?? null,
    settlement.errorCode ?? null,
    settlement.modelServed ?? null,
    settlement.providerRequestId ?? null,
    usage.input,
    usage.cacheRead,
    usage.cacheWrite5m,
    usage.cacheWrite1h,
    usage.outputText,
    booking.costNano.toString(),
    booking.estimated,
    booking.overrun,
    frozen.map(({ budgetId }) => budgetId),
    after.map(({ budgetId }) => budgetId),
    after.map(({ toldSoft }) => toldSoft),
    after.map(({ toldHard }) => toldHard),
    reason,
    usage.outputReasoning,
  ]);
  if (!call) throw new Error(`The call ${ledgerId} was held and locked, and is not there.`);
  return { ...booking, call, crossings, frozen, notices, managerIds: managers.map(({ userId }) => userId) };
}

/** One message: each statement sees what was committed before the locks ahead of it were given. */
async function lockAndRead(tx: Transaction, ledgerId: string) {
  const [, [held], , budgets, managers] = await Promise.all([
    tx.query(SHARE_BUDGETS, []),
    tx.query<HeldCall>(LOCK_CALL, [ledgerId]),
    tx.query(LOCK_PERIODS, [ledgerId]),
    readBudgets(tx, READ_BUDGETS, [ledgerId]),
    tx.query<{ userId: string; role: string }>(MANAGERS, []),
  ]);
  return { held, budgets, managers };
}

/** A budget's period after a call that held `hold` and cost `cost`. */
function booked(budget: BudgetPeriod, hold: bigint, cost: bigint): BudgetPeriod {
  const spent = budget.spent + cost;
  return {
    ...budget,
    spent,
    held: budget.held - hold,
    toldSoft: Math.max(budget.toldSoft, thresholdOf(spent, budget.softLimit)),
    toldHard: Math.max(budget.toldHard, thresholdOf(spent, budget.hardLimit)),
  };
}

const ABANDONED: Statement = {
  name: 'settle-abandoned',
  text: `select id from ledger where run_id = $1 and epoch < $2 and status = 'held' order by id for update`,
};

/**
 * Books in full what a run's earlier workers held and never settled: they are gone, and what reached the provider
 * nobody can say. For whoever took the run over, with its own epoch, or ends it, with one above.
 */
export function settleAbandoned(
  db: Database,
  businessId: string,
  runId: string,
  beforeEpoch: number,
): Promise<Settled[]> {
  return withTenant(db, businessId, (tx) => settleAbandonedIn(tx, runId, beforeEpoch));
}

/** {@link settleAbandoned} inside of a transaction of the business. */
export async function settleAbandonedIn(
  tx: Transaction,
  runId: string,
  beforeEpoch: number,
): Promise<Settled[]> {
  const [, calls] = await Promise.all([
    tx.query(SHARE_BUDGETS, []),
    tx.query<{ id: string }>(ABANDONED, [runId, beforeEpoch]),
  ]);
  const settled: Settled[] = [];
  for (const { id } of calls) {
    const one = await settleCallIn(tx, id, { outcome: 'unknown', usage: NO_USAGE });
    if (one) settled.push(one);
  }
  return settled;
}
