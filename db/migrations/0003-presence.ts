import type { Knex } from 'knex';

/** Who is connected, on which server node, and which dashboards they have open. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table presence_nodes (
      node_id uuid primary key,
      lease_until timestamptz not null
    );

    create table presence_connections (
      id uuid primary key,
      node_id uuid not null references presence_nodes (node_id) on delete cascade,
      business_id uuid not null references businesses (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      session_id uuid not null,
      connected_at timestamptz not null default now(),
      unique (business_id, id)
    );
    create index presence_connections_business on presence_connections (business_id, user_id);
    create index presence_connections_node on presence_connections (node_id);

    create table presence_dashboards (
      connection_id uuid not null,
      dashboard_id uuid not null,
      business_id uuid not null,
      user_id uuid not null,
      primary key (connection_id, dashboard_id),
      foreign key (business_id, connection_id) references presence_connections (business_id, id) on delete cascade,
      foreign key (business_id, dashboard_id) references dashboards (business_id, id) on delete cascade
    );
    create index presence_dashboards_dashboard on presence_dashboards (dashboard_id, user_id);

    -- A place where people are announced: a dashboard, or (scope_id = business_id) "online at all". rev is the
    -- number of its last diff, so that a client can tell that it missed one; whoever settles a place locks it.
    create table presence_scopes (
      business_id uuid not null references businesses (id) on delete cascade,
      scope_id uuid not null,
      dashboard_id uuid generated always as (case when scope_id <> business_id then scope_id end) stored,
      rev bigint not null default 0,
      primary key (business_id, scope_id),
      foreign key (business_id, dashboard_id) references dashboards (business_id, id) on delete cascade
    );
    create index presence_scopes_dashboard on presence_scopes (dashboard_id) where dashboard_id is not null;

    -- What has been announced: one row per person and place. missing_since is when their last connection was
    -- found gone; a leave is announced after a grace.
    create table presence_people (
      business_id uuid not null,
      scope_id uuid not null,
      user_id uuid not null references users (id) on delete cascade,
      missing_since timestamptz,
      primary key (business_id, scope_id, user_id),
      foreign key (business_id, scope_id) references presence_scopes (business_id, scope_id) on delete cascade
    );
    create index presence_people_missing on presence_people (missing_since) where missing_since is not null;
  `);
}
