import type { ClientBase, Pool } from 'pg';

/** What the "Latest order" widget shows. */
export interface LatestOrder {
  number: number;
  country: string;
  total: number;
  currency: 'EUR';
  placedAt: string;
  lines: { product: string; quantity: number }[];
}

const LATEST = `
  select o.id::float8 as number, c.country, o.total::float8 as total, 'EUR' as currency,
         to_char(o.placed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "placedAt",
         (select json_agg(json_build_object('product', p.name, 'quantity', l.quantity) order by l.line)
            from order_lines l join products p on p.id = l.product_id where l.order_id = o.id) as lines
    from orders o join customers c on c.id = o.customer_id order by o.placed_at desc limit 1`;

/** The newest order of the simulated shop; undefined before the first. */
export async function latestOrder(store: ClientBase | Pool): Promise<LatestOrder | undefined> {
  return (await store.query<LatestOrder>(LATEST)).rows[0];
}
