import { PUSHED_BY } from '../feed/pushed-by';
import { STORE_TIMEZONE } from '../store/demand';
import { sales, widget, type DemoWidget } from './widget';

const EURO = { format: 'currency', currency: 'EUR' };

/** What came in since a unit of time began, beside what had come in at the same moment of the unit before. */
const revenueSince = (unit: 'day' | 'week') => `
  select coalesce(sum(total) filter (where placed_at >= date_trunc('${unit}', now(), '${STORE_TIMEZONE}')), 0) as revenue,
         coalesce(sum(total) filter (where placed_at < now() - interval '1 ${unit}'), 0) as before
    from orders
   where placed_at >= date_trunc('${unit}', now() - interval '1 ${unit}', '${STORE_TIMEZONE}')
     and (placed_at >= date_trunc('${unit}', now(), '${STORE_TIMEZONE}') or placed_at < now() - interval '1 ${unit}')`;

export const SALES_WIDGETS: readonly DemoWidget[] = [
  widget({
    name: 'Sales today',
    type: 'stats',
    config: {
      ...EURO,
      decimals: 2,
      better: 'up',
      value: 'revenue',
      previous: 'before',
      label: 'vs. yesterday, same time',
    },
    source: sales(revenueSince('day')),
    schedule: { everySeconds: 5 },
    size: [3, 2],
  }),
  widget({
    name: 'Revenue this week',
    type: 'stats',
    config: {
      ...EURO,
      decimals: 0,
      better: 'up',
      value: 'revenue',
      previous: 'before',
      label: 'vs. last week, same time',
    },
    source: sales(revenueSince('week')),
    schedule: { everySeconds: 10 },
    size: [3, 2],
  }),
  widget({
    name: 'Refunded, last 30 days',
    type: 'stats',
    config: { unit: '%', decimals: 2, better: 'down', value: 'share' },
    source: sales(`
      select round(100 * (select coalesce(sum(amount), 0) from refunds where refunded_at > now() - interval '30 days')
                   / nullif(sum(total), 0), 2) as share
        from orders where placed_at > now() - interval '30 days'`),
    schedule: { cron: '*/10 * * * *', timezone: STORE_TIMEZONE },
    ttlSeconds: 1_200,
    size: [3, 2],
  }),
  widget({
    name: 'Latest order',
    type: 'custom',
    config: { pushedBy: PUSHED_BY },
    source: { kind: 'push' },
    schedule: null,
    ttlSeconds: null,
    size: [3, 2],
  }),
  widget({
    name: 'Orders per hour',
    type: 'chart',
    config: { kind: 'bar', x: 'hour', y: ['orders'], yLabel: 'orders' },
    source: sales(`
      select hour, count(id) as orders
        from generate_series(date_trunc('hour', now()) - interval '23 hours', now(), interval '1 hour') as hour
        left join orders on placed_at >= hour and placed_at < hour + interval '1 hour'
       group by hour order by hour`),
    schedule: { everySeconds: 5 },
    size: [6, 4],
  }),
  widget({
    name: 'Revenue per day, last 90 days',
    type: 'chart',
    config: { ...EURO, decimals: 0, kind: 'area', x: 'day', y: ['revenue'] },
    source: sales(`
      select (date_trunc('day', placed_at, '${STORE_TIMEZONE}') at time zone '${STORE_TIMEZONE}')::date as day,
             sum(total) as revenue
        from orders where placed_at > now() - interval '90 days' group by 1 order by 1`),
    schedule: { everySeconds: 60 },
    ttlSeconds: 300,
    refreshWhen: 'watched',
    size: [6, 4],
  }),
  widget({
    name: 'Top products, last 7 days',
    type: 'table',
    config: {
      columns: [
        { key: 'product', label: 'Product' },
        { key: 'sold', label: 'Sold', format: 'number', align: 'right' },
        { key: 'revenue', label: 'Revenue (EUR)', format: 'number', align: 'right' },
      ],
      pageSize: 10,
    },
    source: sales(`
      select p.name as product, sum(l.quantity) as sold, sum(l.quantity * l.unit_price) as revenue
        from orders o join order_lines l on l.order_id = o.id join products p on p.id = l.product_id
       where o.placed_at > now() - interval '7 days'
       group by p.name order by revenue desc limit 10`),
    schedule: { everySeconds: 10 },
    refreshWhen: 'watched',
    size: [4, 5],
  }),
  widget({
    name: 'Orders on their way',
    type: 'chart',
    config: { kind: 'bar', x: 'stage', y: ['orders'] },
    source: sales(`
      select stage, count(f.id) as orders
        from unnest(array['new', 'packing', 'in transit']) with ordinality as stages (stage, place)
        left join fulfilment f using (stage)
       where f.placed_at is null or f.placed_at > now() - interval '7 days'
       group by stage, place order by place`),
    schedule: { everySeconds: 15 },
    refreshWhen: 'watched',
    size: [4, 5],
  }),
  widget({
    name: 'Revenue by country, last 30 days',
    type: 'chart',
    config: { ...EURO, decimals: 0, kind: 'donut', x: 'country', y: ['revenue'], legend: true },
    source: sales(`
      select c.country, sum(o.total) as revenue
        from orders o join customers c on c.id = o.customer_id
       where o.placed_at > now() - interval '30 days' group by c.country order by revenue desc`),
    schedule: { everySeconds: 30 },
    refreshWhen: 'watched',
    size: [4, 5],
  }),
  widget({
    name: 'Promotions and deliveries',
    type: 'calendar',
    config: { view: 'month', title: 'title', start: 'starts', end: 'ends', weekStartsOn: 'monday' },
    source: sales(`
      select name as title, starts_on::text as starts, ends_on::text as ends, true as "allDay", category as detail
        from promotions where ends_on > now() - interval '30 days' and starts_on < now() + interval '60 days'
      union all
      select supplier || ' delivers', to_char(expected_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), null, false,
             pallets || ' pallets'
        from deliveries where expected_at > now() - interval '30 days' and expected_at < now() + interval '60 days'
       order by starts`),
    schedule: { cron: '0 6 * * *', timezone: STORE_TIMEZONE },
    ttlSeconds: 90_000,
    size: [6, 5],
  }),
  widget({
    name: 'Last ten orders',
    type: 'table',
    config: {
      columns: [
        { key: 'number', label: 'Order' },
        { key: 'placed', label: 'Placed', format: 'datetime' },
        { key: 'country', label: 'Country' },
        { key: 'pieces', label: 'Pieces', format: 'number', align: 'right' },
        { key: 'total', label: 'Total (EUR)', format: 'number', align: 'right' },
      ],
    },
    source: sales(`
      select o.id as number, o.placed_at as placed, c.country, sum(l.quantity) as pieces, o.total
        from (select * from orders order by placed_at desc limit 10) o
        join customers c on c.id = o.customer_id join order_lines l on l.order_id = o.id
       group by o.id, o.placed_at, c.country, o.total order by placed desc`),
    schedule: { everySeconds: 5 },
    size: [6, 5],
  }),
];
