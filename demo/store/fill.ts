import { Client, escapeLiteral } from 'pg';
import { COUNTRIES, CUSTOMERS, PRODUCTS, SUPPLIERS, thresholds } from './catalogue';
import { DAYS_BEFORE_START, STORE_TIMEZONE } from './demand';
import { CREATE_KEYS, CREATE_TABLES } from './schema';
import { advance } from './simulate';

/** How far ahead promotions and deliveries are planned, years. */
const PLANNED_YEARS = 5;

/** The role of the platform's connection to the shop: reads what is in `public`, and nothing else. */
export const READER = 'demo_store_reader';
/** Sessions the reader may have at once: every demo widget refreshed at the same time, and as many again. */
const READER_SESSIONS = 30;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Makes the shop's tables with its first 90 days of orders, where they are missing, and brings it up to `now`. One
 * transaction: what is killed in between begins anew.
 * @param url of a role that owns the database and may create roles
 * @param readerPassword given to {@link READER}, also where it had another one
 */
export async function openStore(url: string, readerPassword: string, now: Date): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // A simulation needs no fsync of its own: after a crash it computes the same orders again.
    await client.query('begin; set local synchronous_commit = off; set local jit = off');
    const { rows } = await client.query<{ filled: boolean }>(
      `select to_regclass('simulation.state') is not null as filled`,
    );
    if (rows[0]?.filled) await advance(client, now);
    else await fill(client, now);
    await grantReading(client, readerPassword);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

async function fill(client: Client, now: Date): Promise<void> {
  await client.query(CREATE_TABLES);
  const openedAt = new Date(Math.floor((now.getTime() - DAYS_BEFORE_START * DAY_MS) / MINUTE_MS) * MINUTE_MS);
  await client.query('insert into simulation.state (opened_at, upto) values ($1, $1)', [openedAt]);
  await client.query(
    `insert into products (id, sku, name, category, price)
     select ordinality, sku, name, category, price
       from rows from (json_to_recordset($1) as (sku text, name text, category text, price numeric)) with ordinality`,
    [JSON.stringify(PRODUCTS)],
  );
  await client.query('insert into simulation.popularity select unnest($1::float8[])', [
    thresholds(PRODUCTS.map(({ popularity }) => popularity)),
  ]);
  await client.query(
    `insert into customers (id, country)
     select id, ($2::text[])[1 + width_bucket(simulation.draw(id, 10), $3::float8[])] from generate_series(1, $1) id`,
    [CUSTOMERS, COUNTRIES.map(({ code }) => code), thresholds(COUNTRIES.map(({ share }) => share))],
  );
  await plan(client, openedAt);
  await advance(client, now);
  await client.query(CREATE_KEYS);
  await client.query('analyze');
}

/** Promotions (the first weekend and the middle of each month) and the suppliers' weekly deliveries. */
async function plan(client: Client, openedAt: Date): Promise<void> {
  await client.query(
    `insert into promotions (name, category, discount, starts_on, ends_on)
     select title || ': ' || category, category, discount, starts_on, starts_on + 2
       from generate_series(date_trunc('month', $1::timestamptz at time zone '${STORE_TIMEZONE}'),
              ($1::timestamptz at time zone '${STORE_TIMEZONE}') + interval '${PLANNED_YEARS} years', '1 month') as month
       cross join lateral (values
         ('Weekend deal', 0.15, month::date + ((12 - extract(isodow from month)::int) % 7), 0),
         ('Mid-month deal', 0.10, month::date + 14, 3)) as deal (title, discount, starts_on, offset_)
       cross join lateral (select array_agg(distinct category order by category) as names from products) categories
       cross join lateral (select names[1 + (extract(month from month)::int + offset_) % cardinality(names)]
                                  as category) choice`,
    [openedAt],
  );
  await client.query(
    `insert into deliveries (supplier, expected_at, pallets)
     select name, (day + hour * interval '1 hour') at time zone '${STORE_TIMEZONE}', pallets
       from json_to_recordset($2) as supplier (name text, weekday int, hour int, pallets int)
       join generate_series(($1::timestamptz at time zone '${STORE_TIMEZONE}')::date::timestamp,
              ($1::timestamptz at time zone '${STORE_TIMEZONE}') + interval '${PLANNED_YEARS} years', '1 day') as day
         on extract(isodow from day) = weekday`,
    [openedAt, JSON.stringify(SUPPLIERS)],
  );
}

async function grantReading(client: Client, password: string): Promise<void> {
  await client.query(`
    do $$ begin
      create role ${READER} login;
    exception when duplicate_object or unique_violation then null; end $$;
    alter role ${READER} password ${escapeLiteral(password)} connection limit ${READER_SESSIONS};
    alter role ${READER} set default_transaction_read_only = on;
    grant usage on schema public to ${READER};
    grant select on products, customers, promotions, deliveries, orders, order_lines, refunds, fulfilment to ${READER};
  `);
}
