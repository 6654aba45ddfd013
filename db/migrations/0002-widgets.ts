import type { Knex } from 'knex';

/** Connections, widgets, their data and schedules, dashboards. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table connections (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      name text not null,
      kind text not null check (kind in ('postgres', 'http')),
      config jsonb not null,
      secret text,
      created_by uuid references users (id) on delete set null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id)
    );
    create unique index connections_name on connections (business_id, lower(name));

    create table widgets (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      owner_id uuid references users (id) on delete set null,
      name text not null,
      type text not null check (type in ('stats', 'chart', 'table', 'calendar', 'custom')),
      config jsonb not null default '{}',
      source jsonb not null,
      connection_id uuid,
      schedule jsonb,
      ttl_seconds integer check (ttl_seconds > 0),
      refresh_when text not null default 'always' check (refresh_when in ('always', 'watched')),
      scope text not null default 'business' check (scope in ('business', 'user')),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id),
      foreign key (business_id, connection_id) references connections (business_id, id)
    );
    create index widgets_list on widgets (business_id, created_at desc);
    create index widgets_xid on widgets (business_id, xid);
    create index widgets_connection on widgets (business_id, connection_id);

    -- What clients see of a widget's data. Written only when that changes, so that its version and xid
    -- mean "there is something new"; the moment of the last refresh lives in widget_schedules.
    create table widget_data (
      widget_id uuid primary key,
      business_id uuid not null,
      status text not null default 'pending' check (status in ('ok', 'pending', 'failing', 'paused')),
      data json,
      data_hash text,
      error jsonb,
      version bigint not null,
      xid xid8 not null,
      foreign key (business_id, widget_id) references widgets (business_id, id) on delete cascade
    );
    create index widget_data_xid on widget_data (business_id, xid);

    create table widget_data_history (
      widget_id uuid not null,
      business_id uuid not null,
      version bigint not null,
      data json,
      refreshed_at timestamptz not null default now(),
      primary key (widget_id, version),
      foreign key (business_id, widget_id) references widgets (business_id, id) on delete cascade
    );

    -- When a widget is due and who is at it: narrow, written with every refresh, and never seen by a client
    -- as it is. due_at is null where nothing is due (no schedule, paused, watched-only and unwatched).
    -- A claim (claimed_at) has a number, which is in its job's id; each start of that job takes a new fence.
    create table widget_schedules (
      widget_id uuid primary key,
      business_id uuid not null,
      watched boolean not null default false,
      due_at timestamptz,
      lane text not null default 'scheduled' check (lane in ('scheduled', 'interactive')),
      claim_no bigint not null default 0,
      claimed_at timestamptz,
      started_at timestamptz,
      lease_until timestamptz,
      fence bigint not null default 0,
      again boolean not null default false,
      request_id text,
      failures integer not null default 0,
      crashes integer not null default 0,
      refreshed_at timestamptz,
      paused_at timestamptz,
      foreign key (business_id, widget_id) references widgets (business_id, id) on delete cascade
    ) with (fillfactor = 70);
    create index widget_schedules_due on widget_schedules (due_at, business_id, lane)
      where due_at is not null and claimed_at is null;
    create index widget_schedules_business_due on widget_schedules (business_id, lane, due_at)
      where due_at is not null and claimed_at is null;
    create index widget_schedules_claimed on widget_schedules (business_id, lane)
      where claimed_at is not null;
    create index widget_schedules_watched on widget_schedules (business_id) where watched;

    -- A business's place in the round robin: the weighted work it has been given so far.
    create table business_turns (
      business_id uuid not null references businesses (id) on delete cascade,
      lane text not null,
      virtual_time double precision not null default 0,
      primary key (business_id, lane)
    );

    -- When a sweep last looked for what is due: a gap is an outage, after which missed ticks are spread.
    create table refresh_sweeps (
      singleton boolean primary key default true check (singleton),
      last_at timestamptz not null
    );
    insert into refresh_sweeps (last_at) values (now());

    -- Worker processes alive, and how many scheduled refreshes each can run at once.
    create table worker_nodes (
      node_id uuid primary key,
      slots integer not null,
      lease_until timestamptz not null
    );

    create table dashboards (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      owner_id uuid not null references users (id) on delete cascade,
      name text not null,
      description text not null default '',
      shared boolean not null default false,
      layout jsonb not null default '[]',
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id)
    );
    create index dashboards_list on dashboards (business_id, created_at desc);
    create index dashboards_xid on dashboards (business_id, xid);

    -- Which widgets a dashboard shows: the layout's twin that can be joined and referenced.
    create table dashboard_widgets (
      dashboard_id uuid not null,
      widget_id uuid not null,
      business_id uuid not null,
      primary key (dashboard_id, widget_id),
      foreign key (business_id, dashboard_id) references dashboards (business_id, id) on delete cascade,
      foreign key (business_id, widget_id) references widgets (business_id, id) on delete cascade
    );
    create index dashboard_widgets_widget on dashboard_widgets (widget_id);
  `);
  for (const table of ['connections', 'widgets', 'widget_data', 'dashboards']) {
    await knex.raw(`create trigger stamp before insert or update on ${table}
      for each row execute function stamp_row()`);
  }
  await knex.raw(`
    create function bury_widget() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version, user_id)
        select old.business_id, 'widget', old.id, old.version + 1, case when old.scope = 'user' then old.owner_id end
        where exists (select from businesses where id = old.business_id);
      return null;
    end $$;
    create trigger bury after delete on widgets for each row execute function bury_widget();

    -- A widget that becomes its owner's alone is gone for everyone else.
    create function bury_narrowed_widget() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version, except_user_id)
        values (old.business_id, 'widget', old.id, new.version, new.owner_id);
      return null;
    end $$;
    create trigger bury_narrowed after update on widgets for each row
      when (old.scope = 'business' and new.scope = 'user') execute function bury_narrowed_widget();

    create function bury_dashboard() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version, user_id)
        select old.business_id, 'dashboard', old.id, old.version + 1, case when not old.shared then old.owner_id end
        where exists (select from businesses where id = old.business_id);
      return null;
    end $$;
    create trigger bury after delete on dashboards for each row execute function bury_dashboard();

    create function bury_unshared_dashboard() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version, except_user_id)
        values (old.business_id, 'dashboard', old.id, new.version, new.owner_id);
      return null;
    end $$;
    create trigger bury_unshared after update on dashboards for each row
      when (old.shared and not new.shared) execute function bury_unshared_dashboard();
  `);
}
