import { Client } from 'pg';
import { LOCK_BUDGETS } from '../../../domain/budgets/lock';
import { createHoldCall, type HoldCall } from '../../../domain/money/hold-unbudgeted';
import type { HoldOutcome } from '../../../domain/money/hold';
import { parseNano } from '../../../domain/money/nano';
import { newId } from '../../../lib/ids';
import { eventually } from '../../support/eventually';
import { createMoneyWorld, FLAT_TIER, type MoneyWorld } from './fixture';

let world: MoneyWorld;
let hold: HoldCall;
beforeEach(async () => {
  world = await createMoneyWorld();
  hold = createHoldCall(world.db);
});
afterEach(() => world.drop());

const dollars = parseNano;
const ask = (overrides = {}) => hold(world.request(overrides));
const ledger = () =>
  world.sql(
    `select l.hold_nano::text as hold, l.output_cap as cap, l.status, p.model from ledger l
       left join model_prices p on p.id = l.price_id order by l.created_at`,
  );

/** Does `work` while nobody gets at budgets' figures. */
async function withoutFigures<T>(work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: world.url });
  await client.connect();
  try {
    await client.query('begin; lock table budget_periods in access exclusive mode');
    return await work();
  } finally {
    await client.end();
  }
}

describe('a call of a model that was called before without a budget', () => {
  it('is held without a look at budgets’ figures, and written down alike', async () => {
    const first = await ask();
    const second = await withoutFigures(() => ask());
    expect(second).toEqual({ granted: { ...granted(first), ledgerId: granted(second).ledgerId } });
    expect(granted(second)).toMatchObject({ outputCap: 900, holdNano: dollars('0.001'), isBudgeted: false });
    const row = { hold: '1000000', cap: 900, status: 'held', model: 'flat' };
    expect(await ledger()).toEqual([row, row]);
  });

  it.each(['business', 'member', 'agent'] as const)(
    'is held within a budget of its %s made since',
    async (scope) => {
      await ask();
      const scopeId = { business: null, member: world.member.userId, agent: world.agentId }[scope];
      await world.setBudget({ scope, scopeId, hardLimit: dollars('0.0015') });
      expect(await ask()).toMatchObject({ granted: { outputCap: 400, isBudgeted: true } });
      expect(await world.figures()).toEqual([{ spent: 0n, held: dollars('0.0015') }]);
      expect(await ledger()).toHaveLength(2);
    },
  );

  it('is held without one where those that were made are for others', async () => {
    await ask();
    await world.setBudget({ scope: 'member', scopeId: world.admin.userId, hardLimit: 0n });
    expect(await withoutFigures(() => ask())).toMatchObject({
      granted: { outputCap: 900, isBudgeted: false },
    });
  });

  it('waits for a budget that is being made, and is held within it', async () => {
    await ask();
    const client = new Client({ connectionString: world.url });
    await client.connect();
    try {
      await client.query(`begin; select set_config('app.business_id', '${world.businessId}', true)`);
      await client.query(LOCK_BUDGETS.text);
      const asked = ask();
      await eventually('the call waits', async () => {
        const waiting = await world.sql(
          `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
        );
        return waiting.length === 1;
      });
      await client.query(
        `insert into budgets (id, business_id, scope_kind, period, hard_limit_nano) values ($1, $2, 'business', 'day', 0)`,
        [newId(), world.businessId],
      );
      await client.query('commit');
      expect(await asked).toMatchObject({ refused: { code: 'budget_exhausted' } });
    } finally {
      await client.end();
    }
    expect(await ledger()).toHaveLength(1);
  });

  it('is held at the price that counts by now', async () => {
    await ask();
    await world.sql(
      `insert into model_prices (id, provider, model, effective_from, tiers, source)
       values ($1, 'test', 'flat', now(), $2, 'test')`,
      [newId(), JSON.stringify([{ ...FLAT_TIER, output: dollars('2').toString() }])],
    );
    expect(granted(await ask()).holdNano).toBe(dollars('0.0019'));
    expect(granted(await withoutFigures(() => ask())).holdNano).toBe(dollars('0.0019'));
  });

  it('is not held for a run that is another’s by now', async () => {
    await ask();
    await world.sql('update runs set epoch = 2 where id = $1', [world.run.runId]);
    expect(await ask()).toEqual({ lost: true });
    expect(await ledger()).toHaveLength(1);
  });

  it('waits for the end of its run that is under way, and is not held then', async () => {
    await ask();
    const client = new Client({ connectionString: world.url });
    await client.connect();
    try {
      await client.query(
        `begin; update runs set status = 'completed', finished_at = now() where id = '${world.run.runId}'`,
      );
      const asked = ask();
      await eventually('the call waits', async () => {
        const waiting = await world.sql(
          `select from pg_stat_activity where wait_event = 'transactionid' and datname = current_database()`,
        );
        return waiting.length === 1;
      });
      await client.query('commit');
      expect(await asked).toEqual({ lost: true });
    } finally {
      await client.end();
    }
    expect(await ledger()).toHaveLength(1);
  });

  it('takes no price of another model', async () => {
    await ask();
    expect(granted(await ask({ model: 'unheard-of' })).holdNano).toBe(0n);
    expect(granted(await ask({ model: 'unheard-of' })).price).toBeUndefined();
  });
});

function granted(outcome: HoldOutcome) {
  if (!('granted' in outcome)) throw new Error(`Not granted: ${JSON.stringify(outcome)}`);
  return outcome.granted;
}
