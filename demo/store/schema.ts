/**
 * The simulated shop's tables. What its connection's role may read is in `public`; how the simulation works, and
 * what it already knows of the future (refunds to come), is in `simulation`.
 */
export const CREATE_TABLES = `
  create schema simulation;

  -- Where the simulation stands: every order placed up to this moment is in the tables.
  create table simulation.state (
    singleton boolean primary key default true check (singleton),
    opened_at timestamptz not null,
    upto timestamptz not null
  );

  -- A number in [0, 1) that depends on nothing but its arguments: the simulation's dice, the same after a restart.
  create function simulation.draw(id bigint, purpose integer) returns double precision
    language sql immutable parallel safe
    return (hashint8extended(id, purpose) & 9007199254740991)::double precision / 9007199254740992;

  create table products (
    id integer primary key,
    sku text not null unique,
    name text not null,
    category text not null,
    price numeric(10, 2) not null
  );
  create table simulation.popularity (threshold double precision primary key);

  create table customers (id integer primary key, country text not null);

  create table promotions (
    name text not null,
    category text not null,
    discount numeric(3, 2) not null,
    starts_on date not null,
    ends_on date not null,
    primary key (starts_on, category)
  );

  create table deliveries (
    supplier text not null,
    expected_at timestamptz not null,
    pallets integer not null,
    primary key (expected_at, supplier)
  );

  create table orders (
    id bigint not null,
    placed_at timestamptz not null,
    customer_id integer not null,
    total numeric(10, 2) not null
  );
  create table order_lines (
    order_id bigint not null,
    line smallint not null,
    product_id smallint not null,
    quantity smallint not null,
    unit_price numeric(10, 2) not null
  );
  create table simulation.refunds (
    order_id bigint not null,
    refunded_at timestamptz not null,
    amount numeric(10, 2) not null,
    reason text not null
  );

  create view refunds as select * from simulation.refunds where refunded_at <= now();

  -- Where an order is on its way to the customer.
  create view fulfilment as
    select id, placed_at, total,
           case when age < interval '5 minutes' then 'new'
                when age < interval '30 minutes' + simulation.draw(id, 20) * interval '5 hours' then 'packing'
                when age < interval '1 day' + simulation.draw(id, 21) * interval '60 hours' then 'in transit'
                else 'delivered' end as stage
      from (select *, now() - placed_at as age from orders);
`;

/** Made after the first fill, which is a third faster for it. */
export const CREATE_KEYS = `
  alter table orders add primary key (id);
  create index orders_placed on orders (placed_at);
  alter table order_lines add primary key (order_id, line);
  alter table order_lines add foreign key (order_id) references orders (id) on delete cascade;
  alter table simulation.refunds add primary key (order_id);
  alter table simulation.refunds add foreign key (order_id) references orders (id) on delete cascade;
  alter table orders add foreign key (customer_id) references customers (id);
`;
