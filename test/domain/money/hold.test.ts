import { holdCall, type HoldOutcome } from '../../../domain/money/hold';
import { parseNano } from '../../../domain/money/nano';
import { settleAbandoned, settleCall } from '../../../domain/money/settle';
import { NO_USAGE } from '../../../domain/money/usage';
import { newId } from '../../../lib/ids';
import { createMoneyWorld, usage, type MoneyWorld } from './fixture';

let world: MoneyWorld;
beforeEach(async () => {
  world = await createMoneyWorld();
});
afterEach(() => world.drop());

const dollars = parseNano;
const ask = (overrides = {}) => holdCall(world.db, world.request(overrides));
const refusalOf = (outcome: HoldOutcome) => ('refused' in outcome ? outcome.refused : undefined);
const settleAt = (ledgerId: string, tokens: { input: number; output: number }) =>
  settleCall(world.db, world.businessId, ledgerId, {
    outcome: 'completed',
    usage: usage({ input: tokens.input, outputText: tokens.output }),
  });

describe('without a budget', () => {
  it('grants what the agent allows and writes the call down before it is sent', async () => {
    const granted = await world.hold();
    expect(granted).toMatchObject({ outputCap: 900, holdNano: dollars('0.001') });
    const rows = await world.sql('select id, status, hold_nano::text as hold, output_cap as cap from ledger');
    expect(rows).toEqual([{ id: granted.ledgerId, status: 'held', hold: '1000000', cap: 900 }]);
  });

  it('grants what nobody knows the price of, and books it at nothing, as an estimate', async () => {
    const granted = await world.hold({ model: 'unheard-of' });
    expect(granted).toMatchObject({ holdNano: 0n, price: undefined });
    const settled = await settleAt(granted.ledgerId, { input: 5, output: 5 });
    expect(settled).toMatchObject({ costNano: 0n, estimated: true, overrun: false });
  });
});

describe('a hard budget', () => {
  it('makes the call smaller where the money left buys less', async () => {
    await world.setBudget({ hardLimit: dollars('0.0005') });
    expect(await world.hold()).toMatchObject({ outputCap: 400, holdNano: dollars('0.0005') });
  });

  it('holds what a server that ignores the cap can put out until we cut it', async () => {
    // 100 tokens in; 250 out, a fifth more by its own count, and 64 under way.
    await world.setBudget({ hardLimit: dollars('0.000464') });
    expect(await world.hold({ isCutByUs: true })).toMatchObject({
      outputCap: 250,
      holdNano: dollars('0.000464'),
    });
  });

  it('takes the smallest of what every budget that applies leaves', async () => {
    await world.setBudget({ hardLimit: dollars('0.0009') });
    await world.setBudget({ scope: 'member', scopeId: world.member.userId, hardLimit: dollars('0.0006') });
    await world.setBudget({ scope: 'agent', scopeId: world.agentId, hardLimit: dollars('0.0004') });
    await world.setBudget({ scope: 'member', scopeId: world.admin.userId, hardLimit: dollars('0') });
    expect(await world.hold()).toMatchObject({ outputCap: 300 });
    expect((await world.figures()).map(({ held }) => held)).toEqual([0n, 400_000n, 400_000n, 400_000n]);
  });

  it('refuses what would leave less than a readable answer, and says when it renews', async () => {
    await world.setBudget({ hardLimit: dollars('0.000163') });
    const refused = refusalOf(await ask());
    expect(refused?.code).toBe('budget_exhausted');
    expect(refused?.message).toMatch(
      /^The business’s budget for this month leaves no room .* renews on 1 \w+ \d{4} at 00:00 \(UTC\)\.$/,
    );
    await world.setBudget({ hardLimit: dollars('0.000164') });
    expect(await world.hold()).toMatchObject({ outputCap: 64 });
  });

  it('asks for patience while others hold what this call needs', async () => {
    await world.setBudget({ hardLimit: dollars('0.001') });
    const { ledgerId } = await world.hold();
    expect(await ask()).toEqual({ wait: true });
    await settleAt(ledgerId, { input: 100, output: 100 });
    expect(await world.hold()).toMatchObject({ outputCap: 700 });
  });

  it('refuses a model that nobody knows the price of', async () => {
    await world.setBudget({ hardLimit: dollars('5') });
    expect(refusalOf(await ask({ model: 'unheard-of' }))?.code).toBe('unknown_price');
    expect(await world.sql('select from ledger')).toEqual([]);
  });

  it('of a business counts calls without a person’s or an agent’s, too', async () => {
    await world.setBudget({ hardLimit: dollars('1'), period: 'day' });
    await world.hold({ agentId: null, userId: newId() });
    expect(await world.figures()).toEqual([{ spent: 0n, held: 1_000_000n }]);
  });
});

const NOT_IN_HAND = {
  'waits for a worker': `status = 'queued'`,
  'waits for its person’s word': `status = 'waiting'`,
  'is another worker’s': 'epoch = 2',
  'has ended': `status = 'completed', finished_at = now()`,
};

describe.each(Object.entries(NOT_IN_HAND))('a run that %s', (_, state) => {
  beforeEach(() => world.sql(`update runs set ${state} where id = $1`, [world.run.runId]));

  it.each([{}, { hardLimit: dollars('1') }])('spends nothing within %p', async (budget) => {
    await world.setBudget(budget);
    expect(await ask()).toEqual({ lost: true });
    expect(await world.sql('select from ledger')).toEqual([]);
    expect((await world.figures()).filter(({ held }) => held !== 0n)).toEqual([]);
  });
});

it('spends nothing for a run that nobody knows', async () => {
  expect(await ask({ runId: newId() })).toEqual({ lost: true });
});

describe('a crash between hold and settling', () => {
  it('leaves a hold that whoever takes the run over books in full', async () => {
    await world.setBudget({ hardLimit: dollars('1') });
    const { runId } = world.run;
    const lost = await world.hold({ epoch: 1 });
    const other = await world.hold({ runId: (await world.addRun()).runId });
    await world.sql('update runs set epoch = 2 where id = $1', [runId]);
    const own = await world.hold({ epoch: 2 });
    const settled = await settleAbandoned(world.db, world.businessId, runId, 2);
    expect(settled).toMatchObject([
      { call: { id: lost.ledgerId, outcome: 'unknown' }, costNano: lost.holdNano, estimated: true },
    ]);
    expect(await world.figures()).toEqual([{ spent: lost.holdNano, held: other.holdNano + own.holdNano }]);
    expect(await settleAbandoned(world.db, world.businessId, runId, 2)).toEqual([]);
    // The twin that only seemed dead comes back: too late.
    const late = { outcome: 'unsent', usage: NO_USAGE } as const;
    expect(await settleCall(world.db, world.businessId, lost.ledgerId, late)).toBeUndefined();
  });
});
