import type { Knex } from 'knex';

/**
 * Roles, row stamps, people and tenants.
 *
 * Two roles, neither of which owns a table or can log in: `liveboard_app` sees one business at a time
 * (row-level security over `app.business_id`), `liveboard_system` sees all and is taken on only by the
 * functions in domain/ that say why. One DATABASE_URL is enough: the login role is a member of both.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    do $$ begin
      create role liveboard_app nologin;
    exception when duplicate_object or unique_violation then null; end $$;
    do $$ begin
      create role liveboard_system nologin;
    exception when duplicate_object or unique_violation then null; end $$;
    grant liveboard_app, liveboard_system to current_user;
    grant usage on schema public to liveboard_app, liveboard_system;

    create function current_business() returns uuid language sql stable parallel safe
      return nullif(current_setting('app.business_id', true), '')::uuid;

    -- Every synced row carries a version that grows with each write and the transaction that wrote it
    -- (product.md, Sync). A trigger, because a write that forgets them would be invisible to clients.
    create function stamp_row() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then new.version := 1; else new.version := old.version + 1; end if;
      new.xid := pg_current_xact_id();
      return new;
    end $$;

    create table users (
      id uuid primary key,
      email text not null,
      name text not null,
      avatar_url text,
      password_hash text not null,
      email_verified_at timestamptz,
      two_factor_enabled_at timestamptz,
      operator boolean not null default false,
      locked_until timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null
    );
    create unique index users_email on users (lower(email));

    create table businesses (
      id uuid primary key,
      name text not null,
      timezone text not null default 'UTC',
      locale text not null default 'en',
      schedule_weight integer not null default 1 check (schedule_weight between 1 and 100),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null
    );

    create table memberships (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      role text not null check (role in ('viewer', 'member', 'manager', 'admin')),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, user_id)
    );
    create index memberships_user on memberships (user_id);
    create index memberships_xid on memberships (business_id, xid);

    -- A login. The refresh token is derived from (id, generation), so nothing that could be stolen from a
    -- backup is stored. business_id is the active business.
    create table sessions (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      business_id uuid references businesses (id) on delete set null,
      generation integer not null default 1,
      rotated_at timestamptz not null default now(),
      created_at timestamptz not null default now(),
      last_used_at timestamptz not null default now(),
      expires_at timestamptz not null,
      revoked_at timestamptz,
      revoked_reason text,
      user_agent text,
      ip inet
    );
    create index sessions_user on sessions (user_id) where revoked_at is null;

    -- What was deleted, or stopped being visible to its audience, for clients that come back (sync).
    -- except_user_id: the one person who still sees it (a dashboard made private again).
    -- version: the row's next, so that a deletion has its place among the row's events and a late one loses.
    create table tombstones (
      seq bigint generated always as identity primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      kind text not null,
      row_id uuid not null,
      version bigint not null,
      user_id uuid,
      except_user_id uuid,
      xid xid8 not null default pg_current_xact_id(),
      created_at timestamptz not null default now()
    );
    create index tombstones_xid on tombstones (business_id, xid);
    create index tombstones_created on tombstones (created_at);
    create index tombstones_members on tombstones (business_id, row_id) where kind = 'member';

    create table notifications (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      type text not null,
      title text not null,
      body text not null,
      subject jsonb not null default '{}',
      read_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null
    );
    create index notifications_user on notifications (business_id, user_id, created_at desc);
    create index notifications_xid on notifications (business_id, user_id, xid);

    -- A POST's answer under its Idempotency-Key, written in the transaction that did the work.
    create table idempotency_keys (
      business_id uuid not null references businesses (id) on delete cascade,
      caller text not null,
      route text not null,
      key text not null,
      body_hash text not null,
      status integer not null,
      response json,
      created_at timestamptz not null default now(),
      primary key (business_id, caller, route, key)
    );
    create index idempotency_keys_created on idempotency_keys (created_at);
  `);
  for (const table of ['users', 'businesses', 'notifications']) {
    await knex.raw(`create trigger stamp before insert or update on ${table}
      for each row execute function stamp_row()`);
  }
  await knex.raw(`
    create trigger stamp before update on memberships for each row execute function stamp_row();

    -- Clients know a member by the user's id, which comes back when they are added again: versions go on from
    -- where the removal left them, or a client would take the new row for an old one.
    -- A removal and an addition that meet come one after the other: the addition must see the removal's tombstone,
    -- which without the lock it would read before it waits for the removal to commit.
    create function lock_membership() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(hashtextextended(old.business_id::text || old.user_id::text, 0));
      return old;
    end $$;
    create trigger lock_removal before delete on memberships for each row execute function lock_membership();

    create function stamp_membership() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(hashtextextended(new.business_id::text || new.user_id::text, 0));
      select 1 + coalesce(max(version), 0) into new.version from tombstones
       where business_id = new.business_id and kind = 'member' and row_id = new.user_id;
      new.xid := pg_current_xact_id();
      return new;
    end $$;
    create trigger stamp_new before insert on memberships for each row execute function stamp_membership();

    -- A member is shown with the person's name: changing it is a change of each of their memberships.
    create function touch_memberships() returns trigger language plpgsql as $$
    begin
      update memberships set updated_at = now() where user_id = new.id;
      return null;
    end $$;
    create trigger touch_memberships after update on users for each row
      when ((old.name, old.email, old.avatar_url) is distinct from (new.name, new.email, new.avatar_url))
      execute function touch_memberships();

    create function bury_membership() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version)
        select old.business_id, 'member', old.user_id, old.version + 1
        where exists (select from businesses where id = old.business_id);
      return null;
    end $$;
    create trigger bury after delete on memberships for each row execute function bury_membership();

    create function bury_notification() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version, user_id)
        select old.business_id, 'notification', old.id, old.version + 1, old.user_id
        where exists (select from businesses where id = old.business_id);
      return null;
    end $$;
    create trigger bury after delete on notifications for each row execute function bury_notification();
  `);
}
