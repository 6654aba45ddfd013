import { readMetric } from '../../../domain/metrics/read-metric';
import { settleCall } from '../../../domain/money/settle';
import { METRICS } from '../../../domain/widgets/source-schemas';
import { createRun } from '../../../domain/runs/create';
import { withTenant } from '../../../db/scope';
import { createMoneyWorld, usage, type MoneyWorld } from '../money/fixture';

let world: MoneyWorld;
beforeAll(async () => {
  world = await createMoneyWorld();
});
afterAll(() => world.drop());

const read = (metric: (typeof METRICS)[number], range: '1h' | '24h' | '7d' | '30d' | '90d') =>
  readMetric(world.db, world.businessId, metric, range) as Promise<{ rows: Record<string, unknown>[] }>;

/** Spends at an instant. */
async function spendAt(at: string, outputText: number) {
  const { ledgerId } = await world.hold();
  await settleCall(world.db, world.businessId, ledgerId, {
    outcome: 'completed',
    usage: usage({ input: 10, cacheRead: 5, outputText, outputReasoning: 1 }),
  });
  await world.sql('update ledger set created_at = $2::timestamptz where id = $1', [ledgerId, at]);
}

it('tells usage and cost by day of the business’s own calendar', async () => {
  await world.sql(`update businesses set timezone = 'Pacific/Kiritimati'`);
  const [{ today, midnight } = { today: '', midnight: new Date() }] = (await world.sql(
    `select (now() at time zone 'Pacific/Kiritimati')::date::text as today,
            period_start('day', 'Pacific/Kiritimati', now()) as midnight`,
  )) as { today: string; midnight: Date }[];
  await spendAt(midnight.toISOString(), 100);
  await spendAt(midnight.toISOString(), 200);
  await spendAt(new Date(midnight.getTime() - 1).toISOString(), 7);
  await world.hold();
  const used = (await read('usage', '7d')).rows;
  const cost = (await read('cost', '7d')).rows;
  expect(used).toHaveLength(7);
  expect(used.at(-1)).toEqual({ day: today, calls: 2, input: 30, output: 302 });
  expect(used.at(-2)).toMatchObject({ calls: 1, input: 15, output: 8 });
  expect(used.slice(0, 5).every((row) => row.calls === 0 && row.input === 0)).toBe(true);
  expect(cost.at(-1)).toEqual({ day: today, cost: '0.000332' });
  expect(cost.at(-2)).toMatchObject({ cost: '0.000023' });
  expect(cost[0]).toMatchObject({ cost: '0' });
  expect((await read('cost', '1h')).rows).toEqual([{ day: today, cost: '0.000332' }]);
});

it('tells runs, and those that failed', async () => {
  const actor = { ...world.member, operator: false };
  for (const content of ['One', 'Two']) {
    await withTenant(world.db, world.businessId, (tx) =>
      createRun(tx, actor, { agentId: world.agentId, content, requestId: 'test' }),
    );
  }
  await world.sql(
    `update runs set status = 'failed', finished_at = now() where id = (select id from runs order by id limit 1)`,
  );
  const { rows } = await read('runs', '24h');
  expect(rows).toHaveLength(25);
  const sum = (key: string) => rows.reduce((total, row) => total + Number(row[key]), 0);
  // Two, and the one that the world begins with.
  expect([sum('runs'), sum('failed')]).toEqual([3, 1]);
});

it('tells every business its own', async () => {
  const other = await world.addBusiness();
  for (const metric of ['usage', 'cost', 'runs'] as const) {
    const { rows } = (await readMetric(world.db, other, metric, '30d')) as {
      rows: Record<string, unknown>[];
    };
    const figures = rows.flatMap((row) =>
      Object.entries(row).flatMap(([name, figure]) => (name === 'day' || name === 'at' ? [] : [figure])),
    );
    expect(new Set(figures.map(Number))).toEqual(new Set([0]));
  }
});

it.each(METRICS)('%s is read over every range', async (metric) => {
  for (const range of ['1h', '24h', '7d', '30d', '90d'] as const) {
    expect(await read(metric, range)).toBeDefined();
  }
});
