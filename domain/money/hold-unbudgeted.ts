import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import { APPLYING } from '../budgets/open-periods';
import {
  grantOf,
  HAS_RUN_IN_HAND,
  INSERT_CALL,
  SHARE_RUN_AND_BUDGETS,
  valuesOf,
  type GrantedHold,
  type HoldRequest,
} from './held-call';
import { holdCall, type HoldOutcome } from './hold';
import type { Price } from './price';
import { cataloguedName, selectPrice } from './prices';

const HOLD_UNBUDGETED: Statement = {
  name: 'hold-call-unbudgeted',
  text: `${INSERT_CALL}
   where ${HAS_RUN_IN_HAND} and not exists (select from budgets b where ${APPLYING})
     and $14::uuid = (${selectPrice('id', { provider: '$11', model: '$12', catalogued: '$17', at: 'now()' })})
  returning id`,
};

/**
 * Writes the ledger row of a call to which no budget applies, in one round trip.
 * @returns undefined, and nothing was written, where one does, or another price counts by now, or the run was lost
 */
async function holdUnbudgeted(
  db: Database,
  call: HoldRequest,
  price: Price,
): Promise<GrantedHold | undefined> {
  const granted = grantOf(call, call.outputCap, price, false);
  const values = [...valuesOf(call, granted), cataloguedName(call.provider, call.model)];
  const [, rows] = await withTenant(db, call.businessId, (tx) =>
    // A statement of its own behind the locks: it sees the budgets that were made before they were given.
    Promise.all([
      tx.query(SHARE_RUN_AND_BUDGETS, [call.runId, call.epoch]),
      tx.last(HOLD_UNBUDGETED, values),
    ]),
  );
  return rows.length > 0 ? granted : undefined;
}

/** Prices that a process remembers; past them it begins anew. */
const MAX_PRICES = 1_000;

export type HoldCall = (call: HoldRequest) => Promise<HoldOutcome>;

/**
 * {@link holdCall}, in one round trip in place of two where no budget applied to the last call of the same model in
 * the business. What it remembers is checked by the statement that uses it: a price never changes once it is written.
 */
export function createHoldCall(db: Database): HoldCall {
  const prices = new Map<string, Price>();
  return async (call) => {
    const key = JSON.stringify([call.businessId, call.provider, call.model]);
    const price = prices.get(key);
    const atOnce = price && (await holdUnbudgeted(db, call, price));
    if (atOnce) return { granted: atOnce };
    prices.delete(key);
    const outcome = await holdCall(db, call);
    if (prices.size >= MAX_PRICES) prices.clear();
    if ('granted' in outcome && outcome.granted.price && !outcome.granted.isBudgeted)
      prices.set(key, outcome.granted.price);
    return outcome;
  };
}
