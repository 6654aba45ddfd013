import type { Knex } from 'knex';

/** Who did what (audit_events), invitations to a business, and API keys. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- business_id null: an event of a person alone or of the platform. It outlives what it is about, so but for the
    -- business it refers to nothing; actor_email is the address at the time, for when the person is gone.
    create table audit_events (
      id uuid primary key,
      business_id uuid references businesses (id) on delete cascade,
      actor_id uuid,
      actor_email text,
      api_key_id uuid,
      session_id uuid,
      action text not null,
      subject_kind text not null,
      subject_id text,
      before jsonb,
      after jsonb,
      request_id text not null,
      ip text,
      user_agent text,
      created_at timestamptz not null default now()
    );
    create index audit_events_list on audit_events (business_id, created_at desc, id desc);
    create index audit_events_created on audit_events (created_at);

    alter table audit_events enable row level security;
    -- Appended to and read: nobody changes an event, and only the upkeep deletes old ones.
    grant select, insert on audit_events to liveboard_app;
    grant select, insert, delete on audit_events to liveboard_system;
    create policy system on audit_events to liveboard_system using (true) with check (true);
    create policy tenant on audit_events for select to liveboard_app
      using (business_id = (select current_business()));
    create policy tenant_insert on audit_events for insert to liveboard_app
      with check (business_id = (select current_business()));
  `);
  await knex.raw(`
    -- One open invitation per address and business. The mailed link's token is made of the id.
    create table invitations (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      email text not null,
      role text not null check (role in ('viewer', 'member', 'manager', 'admin')),
      invited_by uuid references users (id) on delete set null,
      expires_at timestamptz not null,
      accepted_at timestamptz,
      accepted_by uuid references users (id) on delete set null,
      created_at timestamptz not null default now(),
      unique (business_id, id)
    );
    create unique index invitations_open on invitations (business_id, lower(email)) where accepted_at is null;
    create index invitations_expires on invitations (expires_at);

    -- A key acts as the person who made it and dies with their membership. Its secret is 256 random bits, so a plain
    -- SHA-256 of it gives nothing away.
    create table api_keys (
      id uuid primary key,
      business_id uuid not null,
      user_id uuid not null,
      name text not null,
      prefix text not null unique,
      secret_hash text not null,
      scopes text[] not null,
      expires_at timestamptz,
      last_used_at timestamptz,
      created_at timestamptz not null default now(),
      unique (business_id, id),
      foreign key (business_id, user_id) references memberships (business_id, user_id) on delete cascade
    );
    create index api_keys_member on api_keys (business_id, user_id);
    create index api_keys_expires on api_keys (expires_at);
  `);
  for (const table of ['invitations', 'api_keys']) {
    await knex.raw(`
      alter table ${table} enable row level security;
      grant select, insert, update, delete on ${table} to liveboard_app, liveboard_system;
      create policy system on ${table} to liveboard_system using (true) with check (true);
      create policy tenant on ${table} to liveboard_app
        using (business_id = (select current_business())) with check (business_id = (select current_business()));
    `);
  }
}
