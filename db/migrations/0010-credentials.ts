import type { Knex } from 'knex';

/**
 * What stands between a guess and an account: counted tries, second factors, recovery codes, half-done logins.
 * Of people and of nobody (an address that has no account is counted like one that has): the tenant's role has no
 * rights here.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Locks are kept for addresses, not for people, so that an address tells nothing by its locks.
    alter table users drop column locked_until;

    -- Wrong passwords and codes in a row for an address (SHA-256 of it in lower case), each counted before it is
    -- looked at. locks: how often it was locked since the last right one; the next lasts twice as long.
    create table login_failures (
      address_hash bytea primary key,
      failures integer not null,
      locks integer not null default 0,
      locked_until timestamptz,
      tried_at timestamptz not null default now()
    );
    create index login_failures_tried on login_failures (tried_at);

    -- A person's TOTP secret, sealed. On when users.two_factor_enabled_at is set, before that it is being set up.
    -- last_step: the newest time step whose code was used; neither it nor an older one is taken again (RFC 6238, 5.2).
    create table two_factor_secrets (
      user_id uuid primary key references users (id) on delete cascade,
      secret text not null,
      last_step bigint not null default 0,
      created_at timestamptz not null default now()
    );

    -- Ways in without the device. Hashed: they are random enough that a plain SHA-256 can't be undone.
    create table recovery_codes (
      user_id uuid not null references users (id) on delete cascade,
      code_hash bytea not null,
      used_at timestamptz,
      primary key (user_id, code_hash)
    );

    -- Logins whose password was right and whose second factor is awaited. What the client holds is an HMAC over the
    -- id.
    create table login_challenges (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      tries integer not null default 0,
      expires_at timestamptz not null,
      used_at timestamptz
    );
    create index login_challenges_user on login_challenges (user_id);
    create index login_challenges_expires on login_challenges (expires_at);
  `);
  for (const table of ['login_failures', 'two_factor_secrets', 'recovery_codes', 'login_challenges']) {
    await knex.raw(`
      alter table ${table} enable row level security;
      grant select, insert, update, delete on ${table} to liveboard_system;
      create policy system on ${table} to liveboard_system using (true) with check (true);
    `);
  }
}
