import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { openDatabase, type Database } from '../../../db/database';
import type { GrantedHold } from '../../../domain/money/held-call';
import { holdCall } from '../../../domain/money/hold';
import { NANO_PER_DOLLAR } from '../../../domain/money/nano';
import { settleCall } from '../../../domain/money/settle';
import { createMoneyWorld, usage, type MoneyWorld } from './fixture';

let world: MoneyWorld;
let pools: Database[];
beforeEach(async () => {
  world = await createMoneyWorld();
  pools = Array.from({ length: 3 }, () => openDatabase(world.url, 4));
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await world.drop();
});

const CALLS = 300;
const LIMIT = NANO_PER_DOLLAR;
/** At most a cent each: three dollars' worth of calls want one dollar. */
const SIZE = { inputBound: 1_000, outputCap: 9_000 };
/** Between two tries of a call that waits for others, ms: it is others' settling that it waits for. */
const RETRY_MS = 5;

/** Holds until it is granted or refused. */
async function holdPatiently(db: Database): Promise<GrantedHold | 'refused'> {
  for (;;) {
    const outcome = await holdCall(db, world.request(SIZE));
    if ('granted' in outcome) return outcome.granted;
    if ('refused' in outcome) return 'refused';
    await sleep(RETRY_MS);
  }
}

/** Uses a share of what was granted, another for each call, and settles twice. */
async function useAndSettle(db: Database, { ledgerId, outputCap }: GrantedHold, index: number) {
  const share = (index % 7) / 6;
  const settlement = {
    outcome: 'completed' as const,
    usage: usage({ input: Math.floor(SIZE.inputBound * share), outputText: Math.floor(outputCap * share) }),
  };
  const answers = await Promise.all([
    settleCall(db, world.businessId, ledgerId, settlement),
    settleCall(db, world.businessId, ledgerId, settlement),
  ]);
  expect(answers.filter(Boolean)).toHaveLength(1);
}

/** Looks at the rows again and again, on a connection of its own, until told to stop. */
async function watch(isOver: () => boolean): Promise<bigint[]> {
  const client = new Client({ connectionString: world.url });
  await client.connect();
  const sums: bigint[] = [];
  while (!isOver()) {
    const { rows } = await client.query<{ sum: string }>(
      'select (spent_nano + held_nano)::text as sum from budget_periods',
    );
    sums.push(...rows.map(({ sum }) => BigInt(sum)));
  }
  await client.end();
  return sums;
}

it('never overshoots a budget of a dollar with 300 calls at once on three shared rows, and uses it up', async () => {
  await world.setBudget({ hardLimit: LIMIT });
  await world.setBudget({ scope: 'member', scopeId: world.member.userId, hardLimit: LIMIT });
  await world.setBudget({ scope: 'agent', scopeId: world.agentId, hardLimit: LIMIT });
  // Beside the samples: no write of any of the rows may ever pass the limit.
  await world.sql(
    `alter table budget_periods add constraint within_limit check (spent_nano + held_nano <= ${LIMIT})`,
  );
  let isOver = false;
  const watching = watch(() => isOver);
  const outcomes = await Promise.all(
    Array.from({ length: CALLS }, async (_, index) => {
      const db = pools[index % pools.length] as Database;
      const hold = await holdPatiently(db);
      if (hold !== 'refused') await useAndSettle(db, hold, index);
      return hold;
    }),
  );
  isOver = true;
  const sums = await watching;
  expect(sums.length).toBeGreaterThan(0);
  expect(sums.filter((sum) => sum > LIMIT)).toEqual([]);
  expect(outcomes.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(0);
  const [{ cost } = { cost: '' }] = (await world.sql('select sum(cost_nano)::text as cost from ledger')) as {
    cost: string;
  }[];
  const figures = await world.figures();
  expect(figures).toEqual(Array.from({ length: 3 }, () => ({ spent: BigInt(cost), held: 0n })));
  expect(BigInt(cost) * 100n).toBeGreaterThanOrEqual(LIMIT * 95n);
  expect(await world.sql('select from ledger_holds')).toEqual([]);
});

it('books a call once when it is settled 20 times at the same moment', async () => {
  await world.setBudget({ hardLimit: LIMIT });
  const { ledgerId } = await world.hold();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      settleCall(pools[index % pools.length] as Database, world.businessId, ledgerId, {
        outcome: 'completed',
        usage: usage({ input: 100, outputText: 100 + index }),
      }),
    ),
  );
  const settled = answers.filter((answer) => answer !== undefined);
  expect(settled).toHaveLength(1);
  expect(await world.figures()).toEqual([{ spent: settled[0]?.costNano, held: 0n }]);
});

it('counts every call once in budgets that are made and deleted while calls come and go', async () => {
  const calls = Array.from({ length: 60 }, async (_, index) => {
    const db = pools[index % pools.length] as Database;
    const hold = await holdPatiently(db);
    if (hold !== 'refused') await useAndSettle(db, hold, index);
  });
  const changes = (async () => {
    for (let round = 0; round < 10; round += 1) {
      await world.setBudget({ softLimit: LIMIT });
      await world.setBudget({ scope: 'agent', scopeId: world.agentId, softLimit: LIMIT, period: 'day' });
      if (round < 9) await world.setBudget({});
    }
  })();
  await Promise.all([...calls, changes]);
  const [{ cost } = { cost: '' }] = (await world.sql('select sum(cost_nano)::text as cost from ledger')) as {
    cost: string;
  }[];
  expect(await world.figures()).toEqual([
    { spent: BigInt(cost), held: 0n },
    { spent: BigInt(cost), held: 0n },
  ]);
});
