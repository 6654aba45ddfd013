import type { ClientBase, Pool } from 'pg';
import {
  CEILING_PER_MINUTE,
  DAYS_BEFORE_START,
  DAYS_KEPT,
  GROWTH_PER_DAY,
  HALF_WAY_DAY,
  HOUR_WEIGHTS,
  PROMOTION_UPLIFT,
  SLOT_SECONDS,
  STORE_TIMEZONE,
  WEEKDAY_WEIGHTS,
} from './demand';

const HOUR_SECONDS = 3_600;
const SLOTS_PER_HOUR = HOUR_SECONDS / SLOT_SECONDS;
const SLOTS_PER_MINUTE = 60 / SLOT_SECONDS;

/** Of an order, 46 % have one line, 30 % two, 16 % three and the rest four; likewise its quantities. */
const LINES = 'array[0.46, 0.76, 0.92]';
const QUANTITIES = 'array[0.84, 0.96]';
const REFUND_SHARE = 0.035;
const REASONS = `array['changed their mind', 'damaged in transit', 'wrong item']`;

/**
 * Everything that happens in the shop between where the simulation stands and $1, in one statement, and so wholly
 * or not at all. An order is a function of its slot alone: whether one stop was ten seconds or a week, the same
 * orders are there afterwards as if there had been none.
 *
 * The numbers given to `draw` name its purposes; an order's id is its slot's number.
 */
const ADVANCE = `
  with span as (
    select opened_at, greatest(upto, $1::timestamptz - interval '${DAYS_BEFORE_START} days') as since
      from simulation.state where upto < $1 for update
  ), moved as (
    update simulation.state set upto = $1 where upto < $1
  ), forgotten as (
    delete from orders where placed_at < $1::timestamptz - interval '${DAYS_KEPT} days'
  ), hours as (
    select hour, since, to_timestamp(hour * ${HOUR_SECONDS}) at time zone '${STORE_TIMEZONE}' as local,
           (hour * ${HOUR_SECONDS} - extract(epoch from opened_at)) / 86400 as day
      from span, generate_series(floor(extract(epoch from since) / ${HOUR_SECONDS})::bigint,
                                 floor(extract(epoch from $1::timestamptz) / ${HOUR_SECONDS})::bigint) hour
  ), demand as materialized (
    select hour, since, local::date as today,
           ${CEILING_PER_MINUTE} / (1 + exp(-${GROWTH_PER_DAY} * (day::float8 - ${HALF_WAY_DAY})))
           * (array[${HOUR_WEIGHTS.join(', ')}])[extract(hour from local)::int + 1]
           * (array[${WEEKDAY_WEIGHTS.join(', ')}])[extract(isodow from local)::int]
           * case when exists (select from promotions where local::date between starts_on and ends_on)
                  then ${1 + PROMOTION_UPLIFT} else 1 end as per_minute
      from hours
  ), placed as materialized (
    select slot as id, placed_at, today,
           1 + floor(power(simulation.draw(slot, 3), 1.7) * (select count(*) from customers))::int as customer_id,
           1 + width_bucket(simulation.draw(slot, 4), ${LINES}) as lines
      from demand
           cross join lateral generate_series(hour * ${SLOTS_PER_HOUR}, hour * ${SLOTS_PER_HOUR} + ${SLOTS_PER_HOUR - 1}) slot
           cross join lateral (select date_trunc('milliseconds',
             to_timestamp((slot + simulation.draw(slot, 2)) * ${SLOT_SECONDS})) as placed_at) moment
     where simulation.draw(slot, 1) < 1 - exp(-per_minute / ${SLOTS_PER_MINUTE})
       and placed_at > since and placed_at <= $1
  ), lines as materialized (
    select placed.id as order_id, line, product_id,
           1 + width_bucket(simulation.draw(placed.id * 8 + line, 6), ${QUANTITIES}) as quantity,
           round(price * (1 - coalesce(discount, 0)), 2) as unit_price
      from placed
           cross join lateral generate_series(1, lines) line
           cross join lateral (select 1 + width_bucket(simulation.draw(placed.id * 8 + line, 5),
             (select array_agg(threshold order by threshold) from simulation.popularity)) as product_id) choice
           join products on products.id = product_id
           left join promotions on promotions.category = products.category and today between starts_on and ends_on
  ), totals as materialized (
    select placed.*, total
      from placed join (select order_id, sum(quantity * unit_price) as total from lines group by 1) sums
           on order_id = id
  ), new_orders as (
    insert into orders (id, placed_at, customer_id, total) select id, placed_at, customer_id, total from totals
  ), new_lines as (
    insert into order_lines (order_id, line, product_id, quantity, unit_price)
    select order_id, line, product_id, quantity, unit_price from lines
  ), new_refunds as (
    insert into simulation.refunds (order_id, refunded_at, amount, reason)
    select id, placed_at + (1 + 13 * simulation.draw(id, 8)) * interval '1 day', total,
           (${REASONS})[1 + floor(3 * simulation.draw(id, 9))::int]
      from totals where simulation.draw(id, 7) < ${REFUND_SHARE}
  )
  select count(*)::int as orders from totals`;

/**
 * Brings the shop up to this moment.
 * @returns how many orders came in
 */
export async function advance(store: ClientBase | Pool, now: Date): Promise<number> {
  const { rows } = await store.query<{ orders: number }>(ADVANCE, [now]);
  return rows[0]?.orders ?? 0;
}
