import { withTenant } from '../../../db/scope';
import { cataloguedPrices } from '../../../domain/money/price-catalogue';
import { priceFor } from '../../../domain/money/prices';
import { parseNano } from '../../../domain/money/nano';
import { seedPrices } from '../../../domain/money/seed-prices';
import { newId } from '../../../lib/ids';
import { createMoneyWorld, FLAT_TIER, type MoneyWorld } from './fixture';
import { PRICES } from './costs';

let world: MoneyWorld;
beforeEach(async () => {
  world = await createMoneyWorld();
});
afterEach(() => world.drop());

const NOW = new Date('2026-11-21T12:00:00Z');
const find = (provider: string, model: string, at = NOW, businessId = world.businessId) =>
  withTenant(world.db, businessId, (tx) => priceFor(tx, provider, model, at));
const count = async () => Number((await world.sql('select count(*)::int as n from model_prices'))[0]?.n);

it.each(PRICES.filter(({ provider }) => provider !== 'own'))(
  'seeds what $model costs as it is published',
  async ({ provider, model, tiers }) => {
    await seedPrices(world.db, NOW);
    expect((await find(provider, model))?.tiers).toEqual(
      tiers.map(([aboveInputTokens, input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning]) => ({
        aboveInputTokens,
        input: parseNano(input),
        cacheRead: parseNano(cacheRead),
        cacheWrite5m: parseNano(cacheWrite5m),
        cacheWrite1h: parseNano(cacheWrite1h),
        output: parseNano(output),
        reasoning: parseNano(reasoning),
      })),
    );
  },
);

it('seeds once, however many processes start, and again at each start', async () => {
  await Promise.all(Array.from({ length: 4 }, () => seedPrices(world.db, NOW)));
  await seedPrices(world.db, NOW);
  expect(await count()).toBe(cataloguedPrices().length + 1);
});

it('takes a price from its date on', async () => {
  await seedPrices(world.db, NOW);
  const rateAt = async (at: string) => (await find('openai', 'o3', new Date(at)))?.tiers[0].input;
  expect(await rateAt('2025-06-09T23:59:59Z')).toBe(parseNano('10'));
  expect(await rateAt('2025-06-10T00:00:00Z')).toBe(parseNano('2'));
});

it('takes what the catalogue corrected from now on, back and forth, and keeps what was', async () => {
  await seedPrices(world.db, NOW);
  const before = await find('openai', 'gpt-4o-mini');
  const wrong = JSON.stringify([FLAT_TIER]);
  await world.sql(`update model_prices set tiers = $1 where model = 'gpt-4o-mini'`, [wrong]);
  const later = new Date('2026-11-22T12:00:00Z');
  await seedPrices(world.db, later);
  expect((await find('openai', 'gpt-4o-mini', NOW))?.tiers).not.toEqual(before?.tiers);
  const corrected = await find('openai', 'gpt-4o-mini', later);
  expect(corrected).toMatchObject({ tiers: before?.tiers });
  // Wrong in between, then as it was: a third row, since the second is not in force any more.
  await world.sql(
    `insert into model_prices (id, provider, model, effective_from, tiers, source)
     values ($1, 'openai', 'gpt-4o-mini', '2026-11-23T12:00:00Z', $2, 'test')`,
    [newId(), wrong],
  );
  const last = new Date('2026-11-24T12:00:00Z');
  await seedPrices(world.db, last);
  expect(await find('openai', 'gpt-4o-mini', last)).toMatchObject({
    tiers: before?.tiers,
    effectiveFrom: last,
  });
});

it('knows dated names, and does not know what nobody knows', async () => {
  await seedPrices(world.db, NOW);
  const dated = await find('openai', 'gpt-4o-mini-2024-07-18');
  expect(dated?.id).toBe((await find('openai', 'gpt-4o-mini'))?.id);
  for (const [provider, model] of [
    ['openai', 'gpt-99-nobody-made'],
    ['openai', 'text-embedding-3-small'],
    ['anthropic', 'gpt-4o-mini'],
    ['mine', 'gpt-4o-mini'],
    ['openai', ''],
  ] as const) {
    expect([model, await find(provider, model)]).toEqual([model, undefined]);
  }
});

it('has a price above zero for every model of the sandbox, one of them in tiers', async () => {
  await seedPrices(world.db, NOW);
  const models = ['analyst', 'echo', 'script', 'reasoner', 'small'].map((name) => `sandbox-${name}`);
  const prices = await Promise.all(models.map((model) => find('sandbox', model)));
  for (const price of prices) {
    for (const { aboveInputTokens: _, ...rates } of price?.tiers ?? [{ aboveInputTokens: 0, none: 0n }]) {
      expect(Object.values(rates).every((nano) => nano > 0n)).toBe(true);
    }
  }
  expect(prices.some((price) => (price?.tiers.length ?? 0) > 1)).toBe(true);
});

it('puts a business’s own price first, and shows it to nobody else', async () => {
  const other = await world.addBusiness();
  await world.sql(
    `insert into providers (id, business_id, slug, name, protocol) values ($1, $2, 'test', 'Mine', 'openai-chat')`,
    [newId(), world.businessId],
  );
  const own = newId();
  await world.sql(
    `insert into model_prices (id, business_id, provider, model, effective_from, tiers, source)
     values ($1, $2, 'test', 'flat', 'epoch', $3, 'business')`,
    [own, world.businessId, JSON.stringify([{ ...FLAT_TIER, output: '5' }])],
  );
  expect(await find('test', 'flat')).toMatchObject({ id: own, tiers: [{ output: 5n }] });
  const everyones = { tiers: [{ output: parseNano('1') }] };
  expect(await find('test', 'flat', NOW, other)).toMatchObject(everyones);
  // Calls go to another server once the business's own provider is deleted, at what that one costs.
  await world.sql('delete from providers where business_id = $1', [world.businessId]);
  expect(await find('test', 'flat')).toMatchObject(everyones);
});

it('writes the catalogue’s decimals as they are read', () => {
  const rates = cataloguedPrices().flatMap(({ tiers }) =>
    tiers.flatMap((tier) =>
      Object.entries(tier).flatMap(([name, rate]) => (name === 'aboveInputTokens' ? [] : [rate])),
    ),
  );
  // A rate that went through a float wrongly ends in stray digits: prices are published to a ten-thousandth of a dollar.
  expect(rates.filter((nano) => BigInt(nano) % 1_000n !== 0n)).toEqual([]);
});
