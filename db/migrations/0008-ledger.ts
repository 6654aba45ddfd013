import type { Knex } from 'knex';

/**
 * Prices, the ledger and budgets. Money is whole nano-dollars (1 USD = 10^9); prices are nano-dollars per million
 * tokens, since $0.0375 per million is half a nano-dollar off per token.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The day or month of a zone that an instant is in, as instants. Where midnight does not exist (Beirut in spring),
    -- Postgres gives the moment that stands in its place; where it comes twice (Havana in autumn) it gives the second,
    -- so the hour before is looked at, too.
    create function period_start(period text, zone text, at timestamptz) returns timestamptz
      language sql stable parallel safe
      return (
        select case when date_trunc(period, (late - interval '1 hour') at time zone zone) = local
                    then late - interval '1 hour' else late end
          from (select date_trunc(period, at at time zone zone)) as day (local),
               lateral (select local at time zone zone) as start (late));

    -- Some moment of the next one, and where that begins.
    create function period_end(period text, zone text, at timestamptz) returns timestamptz
      language sql stable parallel safe
      return period_start(period, zone,
        (date_trunc(period, at at time zone zone) + ('1 ' || period)::interval + interval '12 hours')
          at time zone zone);

    -- tiers: [{aboveInputTokens, input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning}], rates as decimal
    -- text. A changed price is a new row with its own effective_from; rows are never edited, the ledger names them.
    -- business_id: a price that a business set for its own provider's model; null for everyone's.
    create table model_prices (
      id uuid primary key,
      business_id uuid references businesses (id) on delete cascade,
      provider text not null,
      model text not null,
      effective_from timestamptz not null,
      tiers jsonb not null,
      source text not null,
      created_at timestamptz not null default now(),
      unique nulls not distinct (business_id, provider, model, effective_from)
    );

    -- One row per request to a provider, written before it is sent. It outlives what it was for: no foreign keys.
    create table ledger (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      run_id uuid,
      conversation_id uuid,
      agent_id uuid,
      user_id uuid,
      epoch integer not null,
      turn integer not null,
      attempt integer not null,
      purpose text not null default 'reply' check (purpose in ('reply', 'title')),
      provider text not null,
      model_requested text not null,
      model_served text,
      provider_request_id text,
      request_id text not null,
      status text not null default 'held' check (status in ('held', 'settled')),
      outcome text check (outcome in ('completed', 'stopped', 'failed', 'unsent', 'refused', 'unknown')),
      stop_reason text,
      error_code text,
      input bigint,
      cache_read bigint,
      cache_write_5m bigint,
      cache_write_1h bigint,
      output_text bigint,
      output_reasoning bigint,
      price_id uuid,
      output_cap integer not null,
      hold_nano bigint not null,
      cost_nano bigint not null default 0,
      estimated boolean not null default false,
      overrun boolean not null default false,
      created_at timestamptz not null default now(),
      settled_at timestamptz,
      check ((status = 'settled') = (outcome is not null))
    );
    create index ledger_list on ledger (business_id, created_at desc, id desc);
    create index ledger_run on ledger (run_id);
    create index ledger_held on ledger (created_at) where status = 'held';

    create table budgets (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      scope_kind text not null check (scope_kind in ('business', 'member', 'agent')),
      scope_id uuid,
      period text not null check (period in ('day', 'month')),
      hard_limit_nano bigint check (hard_limit_nano >= 0),
      soft_limit_nano bigint check (soft_limit_nano >= 0),
      frozen_at timestamptz,
      frozen_reason text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id),
      unique nulls not distinct (business_id, scope_kind, scope_id, period),
      check ((scope_kind = 'business') = (scope_id is null))
    );
    create trigger stamp before insert or update on budgets for each row execute function stamp_row();

    -- What a budget's day or month has taken. A call counts in the period in which it was held.
    create table budget_periods (
      budget_id uuid not null,
      period_start timestamptz not null,
      business_id uuid not null,
      period_end timestamptz not null,
      spent_nano bigint not null default 0,
      held_nano bigint not null default 0 check (held_nano >= 0),
      -- The highest threshold of which people were told, percent of the limit.
      told_soft integer not null default 0,
      told_hard integer not null default 0,
      primary key (budget_id, period_start),
      unique (business_id, budget_id, period_start),
      foreign key (business_id, budget_id) references budgets (business_id, id) on delete cascade
    );

    -- What one call holds in which budgets; gone when it is settled.
    create table ledger_holds (
      ledger_id uuid not null,
      budget_id uuid not null,
      period_start timestamptz not null,
      business_id uuid not null,
      hold_nano bigint not null,
      primary key (ledger_id, budget_id),
      foreign key (business_id, budget_id, period_start)
        references budget_periods (business_id, budget_id, period_start) on delete cascade
    );
  `);
  for (const table of ['ledger', 'budgets', 'budget_periods', 'ledger_holds', 'model_prices']) {
    await knex.raw(`
      alter table ${table} enable row level security;
      grant select, insert, update, delete on ${table} to liveboard_app, liveboard_system;
      create policy system on ${table} to liveboard_system using (true) with check (true);
    `);
  }
  for (const table of ['budgets', 'budget_periods', 'ledger_holds']) {
    await knex.raw(`create policy tenant on ${table} to liveboard_app
      using (business_id = (select current_business())) with check (business_id = (select current_business()))`);
  }
  await knex.raw(`
    -- No policy for deletes: what was called and cost is added and settled, never taken away.
    create policy tenant on ledger for select to liveboard_app using (business_id = (select current_business()));
    create policy tenant_insert on ledger for insert to liveboard_app
      with check (business_id = (select current_business()));
    create policy tenant_update on ledger for update to liveboard_app
      using (business_id = (select current_business())) with check (business_id = (select current_business()));

    -- Everyone's prices are for all to read, a business's own are its own.
    create policy tenant on model_prices for select to liveboard_app
      using (business_id is null or business_id = (select current_business()));
    create policy tenant_insert on model_prices for insert to liveboard_app
      with check (business_id = (select current_business()));
    create policy tenant_update on model_prices for update to liveboard_app
      using (business_id = (select current_business())) with check (business_id = (select current_business()));
  `);
}
