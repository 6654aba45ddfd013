import { withTenant } from '../../../db/scope';
import { settleCall, settleCallIn } from '../../../domain/money/settle';
import type { Settlement } from '../../../domain/money/settlement';
import { NO_USAGE } from '../../../domain/money/usage';
import { holdCall } from '../../../domain/money/hold';
import { parseNano } from '../../../domain/money/nano';
import { createMoneyWorld, usage, type MoneyWorld } from './fixture';

let world: MoneyWorld;
beforeEach(async () => {
  world = await createMoneyWorld();
});
afterEach(() => world.drop());

const dollars = parseNano;
const settle = (ledgerId: string, settlement: Settlement) =>
  settleCall(world.db, world.businessId, ledgerId, settlement);
const completed = (input: number, outputText: number): Settlement => ({
  outcome: 'completed',
  usage: usage({ input, outputText }),
});

/** Of a hold of 1,000,000 nano-dollars, 1,000 for each token. */
it.each<[string, Settlement, bigint, boolean]>([
  ['was never sent', { outcome: 'unsent', usage: NO_USAGE }, 0n, false],
  ['was refused', { outcome: 'refused', usage: NO_USAGE }, 0n, false],
  ['nobody knows of', { outcome: 'unknown', usage: usage({ input: 5, outputText: 1 }) }, 1_000_000n, true],
  ['completed and was counted', completed(60, 40), 100_000n, false],
  ['completed for nothing', completed(0, 0), 0n, false],
  // 10 + 20 % of 100 in, 20 % above 50 out, and 64 in flight.
  [
    'completed uncounted',
    { outcome: 'completed', usage: NO_USAGE, counted: { input: 100, output: 50 } },
    244_000n,
    true,
  ],
  ['completed without a trace', { outcome: 'completed', usage: NO_USAGE }, 1_000_000n, true],
  [
    'was stopped after it told its input',
    { outcome: 'stopped', usage: usage({ input: 80, outputText: 1 }), counted: { input: 99, output: 100 } },
    264_000n,
    true,
  ],
  ['was stopped without a trace', { outcome: 'stopped', usage: NO_USAGE }, 1_000_000n, true],
  [
    'was stopped when it had told more than we counted',
    { outcome: 'stopped', usage: usage({ input: 80, outputText: 300 }), counted: { input: 80, output: 100 } },
    444_000n,
    true,
  ],
  [
    'failed after almost everything',
    { outcome: 'failed', usage: NO_USAGE, counted: { input: 100, output: 890 } },
    1_000_000n,
    true,
  ],
])('books a call that %s', async (_, settlement, cost, estimated) => {
  await world.setBudget({ hardLimit: dollars('1') });
  const { ledgerId } = await world.hold();
  expect(await settle(ledgerId, settlement)).toMatchObject({ costNano: cost, estimated, overrun: false });
  expect(await world.figures()).toEqual([{ spent: cost, held: 0n }]);
});

it('writes down all that the provider told', async () => {
  const { ledgerId } = await world.hold();
  const settled = await settle(ledgerId, {
    outcome: 'completed',
    usage: { input: 1, cacheRead: 2, cacheWrite5m: 3, cacheWrite1h: null, outputText: 5, outputReasoning: 6 },
    modelServed: 'flat-2026',
    providerRequestId: 'req_1',
    stopReason: 'end',
    errorCode: undefined,
  });
  expect(settled?.call).toMatchObject({
    id: ledgerId,
    status: 'settled',
    outcome: 'completed',
    modelServed: 'flat-2026',
    providerRequestId: 'req_1',
    stopReason: 'end',
    errorCode: null,
    input: 1,
    cacheRead: 2,
    cacheWrite5m: 3,
    cacheWrite1h: null,
    outputText: 5,
    outputReasoning: 6,
    costNano: '17000',
    estimated: false,
    overrun: false,
  });
  expect(settled?.managerIds.toSorted()).toEqual([world.admin.userId, world.manager.userId].sort());
});

it('gives back in the period that held, though another has begun', async () => {
  await world.setBudget({ hardLimit: dollars('1'), period: 'day' });
  const { ledgerId } = await world.hold();
  // As if midnight had passed.
  await world.sql(`update ledger_holds set period_start = period_start`);
  await world.sql(
    `alter table ledger_holds drop constraint ledger_holds_business_id_budget_id_period_start_fkey`,
  );
  await world.sql(`update budget_periods set period_start = period_start - interval '1 day'`);
  await world.sql(`update ledger_holds set period_start = period_start - interval '1 day'`);
  await world.sql(`update ledger set created_at = created_at - interval '1 day'`);
  const today = await world.hold();
  await settle(ledgerId, completed(50, 50));
  const periods = await world.sql(
    `select spent_nano::int as spent, held_nano::int as held from budget_periods order by period_start`,
  );
  expect(periods).toEqual([
    { spent: 100_000, held: 0 },
    { spent: 0, held: Number(today.holdNano) },
  ]);
});

it('is one with the transaction it is in', async () => {
  await world.setBudget({ hardLimit: dollars('1') });
  const { ledgerId, holdNano } = await world.hold();
  const broken = withTenant(world.db, world.businessId, async (tx) => {
    await settleCallIn(tx, ledgerId, completed(1, 1));
    throw new Error('The rest did not work out.');
  });
  await expect(broken).rejects.toThrow('The rest did not work out.');
  expect(await world.figures()).toEqual([{ spent: 0n, held: holdNano }]);
  expect(await settle(ledgerId, completed(1, 1))).toMatchObject({ costNano: 2_000n });
});

it('is nobody else’s to settle', async () => {
  const { ledgerId } = await world.hold();
  const other = await world.addBusiness();
  expect(await settleCall(world.db, other, ledgerId, completed(1, 1))).toBeUndefined();
  expect(await world.sql('select status from ledger')).toEqual([{ status: 'held' }]);
});

describe('an overrun', () => {
  const overrun = async () => {
    const { ledgerId } = await world.hold();
    return settle(ledgerId, completed(100, 1_900));
  };

  it('is booked in full, freezes the hard budgets it was under, and tells the admins', async () => {
    await world.setBudget({ hardLimit: dollars('1') });
    await world.setBudget({ scope: 'member', scopeId: world.member.userId, softLimit: dollars('1') });
    const settled = await overrun();
    expect(settled).toMatchObject({ costNano: 2_000_000n, overrun: true, estimated: false });
    expect(settled?.frozen.map(({ scope }) => scope)).toEqual(['business']);
    expect(settled?.notices.map(({ type, userId }) => [type, userId])).toEqual([
      ['budget.frozen', world.admin.userId],
    ]);
    expect((await world.figures()).map(({ spent }) => spent)).toEqual([2_000_000n, 2_000_000n]);
    const next = await holdCall(world.db, world.request());
    expect(next).toMatchObject({ refused: { code: 'budget_frozen' } });
  });

  it('is lifted by an admin’s word, or by a higher limit, and by nothing else', async () => {
    await world.setBudget({ hardLimit: dollars('1') });
    await overrun();
    const refused = async () => 'refused' in (await holdCall(world.db, world.request()));
    await world.setBudget({ hardLimit: dollars('1'), softLimit: dollars('0.5') });
    await world.setBudget({ hardLimit: dollars('0.9') });
    expect(await refused()).toBe(true);
    await world.setBudget({ hardLimit: dollars('0.9'), unfreeze: true });
    expect(await refused()).toBe(false);
    await overrun();
    expect(await refused()).toBe(true);
    await world.setBudget({ hardLimit: dollars('1.1') });
    expect(await refused()).toBe(false);
  });

  it('of a server that counts beyond all reason can still be settled', async () => {
    await world.setBudget({ hardLimit: dollars('1') });
    const { ledgerId } = await world.hold();
    const most = Number.MAX_SAFE_INTEGER;
    const settled = await settle(ledgerId, {
      outcome: 'completed',
      usage: {
        input: most,
        cacheRead: most,
        cacheWrite5m: most,
        cacheWrite1h: most,
        outputText: most,
        outputReasoning: most,
      },
    });
    expect(settled).toMatchObject({ costNano: dollars('1000000'), overrun: true });
  });

  it('that a stopped call told of counts, too', async () => {
    await world.setBudget({ hardLimit: dollars('1') });
    const { ledgerId } = await world.hold();
    const settled = await settle(ledgerId, {
      outcome: 'stopped',
      usage: usage({ input: 100, outputText: 950 }),
    });
    expect(settled).toMatchObject({ costNano: 1_050_000n, overrun: true, estimated: true });
  });
});

describe('thresholds', () => {
  const spend = async (tokens: number) => {
    const { ledgerId } = await world.hold({ inputBound: 0, outputCap: tokens });
    return settle(ledgerId, completed(0, tokens));
  };
  const told = (settled: Awaited<ReturnType<typeof spend>>) =>
    settled?.crossings.map(({ budget, limit, percent }) => `${budget.scope} ${limit} ${percent}`);

  it('are told once each', async () => {
    await world.setBudget({ softLimit: dollars('0.0005'), hardLimit: dollars('0.001') });
    expect(told(await spend(399))).toEqual([]);
    expect(told(await spend(1))).toEqual(['business soft 80']);
    expect(told(await spend(90))).toEqual([]);
    expect(told(await spend(310))).toEqual(['business soft 100', 'business hard 80']);
    expect(told(await spend(100))).toEqual([]);
    expect(told(await spend(100))).toEqual(['business hard 100']);
    const notices = await world.sql('select user_id as "userId", title from notifications order by id');
    expect(notices.map(({ title }) => title)).toEqual([
      'The business’s budget for this month is at 80 %',
      'The business’s budget for this month is used up',
      'The business’s budget for this month is at 80 %',
      'The business’s budget for this month is used up',
    ]);
    expect(new Set(notices.map(({ userId }) => userId))).toEqual(new Set([world.admin.userId]));
  });

  it('that one call skips are told with the highest alone', async () => {
    await world.setBudget({ softLimit: dollars('0.0005') });
    expect(told(await spend(600))).toEqual(['business soft 100']);
  });

  it('of a member’s budget are told to the member, too', async () => {
    await world.setBudget({ scope: 'member', scopeId: world.member.userId, softLimit: dollars('0.0005') });
    const settled = await spend(400);
    expect(settled?.notices.map(({ userId }) => userId).sort()).toEqual(
      [world.admin.userId, world.member.userId].sort(),
    );
  });

  it('are told once though 20 calls reach them at the same moment', async () => {
    await world.setBudget({ softLimit: dollars('0.0005') });
    const holds = await Promise.all(Array.from({ length: 20 }, () => world.hold()));
    const settled = await Promise.all(holds.map(({ ledgerId }) => settle(ledgerId, completed(0, 50))));
    // Whichever of them settled first.
    expect(settled.flatMap(told).toSorted()).toEqual(['business soft 100', 'business soft 80']);
  });

  it('are told again after the limit was raised, not after it was lowered', async () => {
    await world.setBudget({ softLimit: dollars('0.0005') });
    await spend(500);
    await world.setBudget({ softLimit: dollars('0.0004') });
    expect(told(await spend(1))).toEqual([]);
    await world.setBudget({ softLimit: dollars('0.001') });
    expect(told(await spend(299))).toEqual(['business soft 80']);
  });
});
