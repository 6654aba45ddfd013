import { Client } from 'pg';
import { openStore } from '../../demo/store/fill';
import { advance } from '../../demo/store/simulate';
import { createTestDatabase } from '../support/postgres';

const NOW = new Date('2026-11-20T17:42:13.500Z');
const minutesLater = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

/** Everything that the simulation wrote, as one number per table. */
const FINGERPRINT = `select
  (select count(*)::int from orders) as orders,
  (select sum(hashtextextended(orders::text, 0))::text from orders) as orders_hash,
  (select sum(hashtextextended(order_lines::text, 0))::text from order_lines) as lines_hash,
  (select sum(hashtextextended(r::text, 0))::text from simulation.refunds r) as refunds_hash`;

async function withStore(work: (client: Client, url: string) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  try {
    await openStore(database.url, 'a reader of the demo', NOW);
    await client.connect();
    await work(client, database.url);
  } finally {
    await client.end();
    await database.drop();
  }
}

const fingerprint = async (client: Client) => (await client.query(FINGERPRINT)).rows[0];

describe('the simulated shop', () => {
  it('has 90 days of orders whose totals are their lines, and grows', async () => {
    await withStore(async (client) => {
      const { rows } = await client.query(`
        select count(*)::int as orders, min(placed_at) as first, max(placed_at) as last,
               count(*) filter (where total <> (select sum(quantity * unit_price) from order_lines where order_id = id))::int
                 as wrong,
               count(*) filter (where placed_at < '2026-09-01')::int as early,
               count(*) filter (where placed_at > '2026-11-10')::int as late
          from orders`);
      const [shop] = rows;
      expect(shop).toMatchObject({ wrong: 0 });
      expect(shop.orders).toBeGreaterThan(20_000);
      expect(shop.late).toBeGreaterThan(2 * shop.early);
      expect(shop.last.getTime()).toBeLessThanOrEqual(NOW.getTime());
    });
  });

  it('comes to the same orders by many small steps, one large one, and after a restart', async () => {
    const seen: unknown[] = [];
    await withStore(async (client) => {
      for (let seconds = 3; seconds <= 7_200; seconds += 37)
        await advance(client, minutesLater(seconds / 60));
      await advance(client, minutesLater(180));
      seen.push(await fingerprint(client));
    });
    await withStore(async (client) => {
      expect(await advance(client, minutesLater(180))).toBeGreaterThan(50);
      expect(await advance(client, minutesLater(180))).toBe(0);
      expect(await advance(client, minutesLater(90))).toBe(0);
      seen.push(await fingerprint(client));
    });
    await withStore(async (client, url) => {
      await openStore(url, 'another password', minutesLater(180));
      seen.push(await fingerprint(client));
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('writes no order twice when two processes bring it up to date at once', async () => {
    await withStore(async (client, url) => {
      const other = new Client({ connectionString: url });
      await other.connect();
      const came = await Promise.all([advance(client, minutesLater(60)), advance(other, minutesLater(60))]);
      await other.end();
      expect(Math.min(...came)).toBe(0);
      expect(Math.max(...came)).toBeGreaterThan(20);
    });
  });
});
