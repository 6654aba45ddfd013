import { listBudgets } from '../../../domain/budgets/list';
import { holdCall } from '../../../domain/money/hold';
import { settleCall } from '../../../domain/money/settle';
import { parseNano } from '../../../domain/money/nano';
import { newId } from '../../../lib/ids';
import { createMoneyWorld, usage, type MoneyWorld } from '../money/fixture';

let world: MoneyWorld;
beforeEach(async () => {
  world = await createMoneyWorld();
});
afterEach(() => world.drop());

const dollars = parseNano;
const list = async () =>
  (await listBudgets(world.db, world.businessId)).map(({ scope, spent, held }) => ({ scope, spent, held }));
const spend = async (tokens: number, overrides = {}) => {
  const { ledgerId } = await world.hold(overrides);
  return settleCall(world.db, world.businessId, ledgerId, {
    outcome: 'completed',
    usage: usage({ input: 0, outputText: tokens }),
  });
};

it('begins with what its period has cost, and holds what calls under way hold', async () => {
  await spend(100);
  await spend(50, { userId: world.admin.userId });
  await world.hold();
  const late = await world.hold({ agentId: null });
  await world.setBudget({ hardLimit: dollars('1') });
  await world.setBudget({ scope: 'member', scopeId: world.member.userId, hardLimit: dollars('1') });
  await world.setBudget({ scope: 'agent', scopeId: world.agentId, hardLimit: dollars('1') });
  expect(await list()).toEqual([
    { scope: 'agent', spent: 150_000n, held: 1_000_000n },
    { scope: 'business', spent: 150_000n, held: 2_000_000n },
    { scope: 'member', spent: 100_000n, held: 2_000_000n },
  ]);
  await settleCall(world.db, world.businessId, late.ledgerId, {
    outcome: 'completed',
    usage: usage({ input: 100, outputText: 100 }),
  });
  expect(await list()).toEqual([
    { scope: 'agent', spent: 150_000n, held: 1_000_000n },
    { scope: 'business', spent: 350_000n, held: 1_000_000n },
    { scope: 'member', spent: 300_000n, held: 1_000_000n },
  ]);
});

it('does not count what came before its period', async () => {
  await spend(100);
  await world.hold();
  await world.sql(`update ledger set created_at = created_at - interval '40 days'`);
  await world.setBudget({ hardLimit: dollars('1') });
  expect(await list()).toEqual([{ scope: 'business', spent: 0n, held: 0n }]);
});

it('begins its next period with nothing', async () => {
  await world.setBudget({ hardLimit: dollars('0.001'), period: 'day' });
  await spend(900);
  expect(await holdCall(world.db, world.request())).toMatchObject({ refused: { code: 'budget_exhausted' } });
  await world.sql(`update ledger set created_at = created_at - interval '1 day'`);
  await world.sql(`update budget_periods set period_start = period_start - interval '1 day',
                          period_end = period_end - interval '1 day'`);
  expect(await list()).toEqual([{ scope: 'business', spent: 0n, held: 0n }]);
  expect(await world.hold()).toMatchObject({ outputCap: 900 });
});

it('forgets nothing when the business moves to another time zone', async () => {
  await world.setBudget({ hardLimit: dollars('0.001'), period: 'month' });
  const { ledgerId } = await world.hold({ outputCap: 400 });
  await world.sql(`update businesses set timezone = 'Pacific/Kiritimati'`);
  // Its month began up to 14 hours earlier, or just now; wherever it did, what is under way stays reserved.
  await world.sql(`update ledger set created_at = now()`);
  expect(await world.hold()).toMatchObject({ outputCap: 400 });
  await settleCall(world.db, world.businessId, ledgerId, { outcome: 'unsent', usage: usage() });
});

it('changes its limits under calls that are held, which keep what they were granted', async () => {
  await world.setBudget({ hardLimit: dollars('0.002') });
  const { ledgerId } = await world.hold();
  await world.setBudget({ hardLimit: dollars('0.0005') });
  expect(await holdCall(world.db, world.request({ outputCap: 64 }))).toEqual({ wait: true });
  await settleCall(world.db, world.businessId, ledgerId, {
    outcome: 'completed',
    usage: usage({ input: 100, outputText: 200 }),
  });
  expect(await world.hold()).toMatchObject({ outputCap: 100 });
});

it('is deleted without a limit, with what calls held in it', async () => {
  await world.setBudget({ hardLimit: dollars('1') });
  const { ledgerId } = await world.hold();
  expect(await world.setBudget({})).toBe('deleted');
  expect(await world.setBudget({})).toBe('deleted');
  expect(await list()).toEqual([]);
  const settled = await settleCall(world.db, world.businessId, ledgerId, {
    outcome: 'completed',
    usage: usage({ input: 1, outputText: 1 }),
  });
  expect(settled).toMatchObject({ costNano: 2_000n });
});

it('is of someone or something of the business’s own', async () => {
  const other = await world.addBusiness();
  const stranger = await world.addPerson(other);
  const limits = { hardLimit: dollars('1') };
  for (const scopeId of [newId(), stranger.userId, world.agentId]) {
    expect(await world.setBudget({ ...limits, scope: 'member', scopeId })).toBe('no_such_scope');
  }
  for (const scopeId of [newId(), world.member.userId]) {
    expect(await world.setBudget({ ...limits, scope: 'agent', scopeId })).toBe('no_such_scope');
  }
  expect(await listBudgets(world.db, other)).toEqual([]);
});

it('can be changed and deleted after its member is gone', async () => {
  const scope = { scope: 'member', scopeId: world.member.userId } as const;
  await world.setBudget({ ...scope, hardLimit: dollars('1') });
  await world.sql('delete from memberships where user_id = $1', [world.member.userId]);
  expect(await world.setBudget({ ...scope, hardLimit: dollars('2') })).toMatchObject({
    budget: { hardLimit: dollars('2'), scopeName: null },
  });
  expect(await world.setBudget(scope)).toBe('deleted');
});

it('is changed only from the version that the caller names', async () => {
  await world.setBudget({ hardLimit: dollars('1') });
  expect(await world.setBudget({ hardLimit: dollars('2'), ifMatch: 2 })).toBe('version_conflict');
  expect(await world.setBudget({ hardLimit: dollars('2'), ifMatch: 1 })).toMatchObject({
    budget: { version: 2 },
  });
});

it('leaves one row to two who make it at the same moment', async () => {
  const made = await Promise.all(
    ['1', '2', '3'].map((limit) => world.setBudget({ hardLimit: dollars(limit) })),
  );
  expect(made.every((answer) => typeof answer === 'object')).toBe(true);
  expect(await list()).toHaveLength(1);
});
