import type { Knex } from 'knex';

/**
 * Operators see the queues in a browser: sessions of their own, so that each can be ended, and the right to act on
 * jobs as something apart from the right to look. Of the platform itself: the tenant's role has no rights here.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users add column operator_may_act boolean not null default false;

    create table operator_sessions (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      created_at timestamptz not null default now(),
      last_used_at timestamptz not null default now(),
      expires_at timestamptz not null,
      revoked_at timestamptz
    );
    create index operator_sessions_user on operator_sessions (user_id);
    create index operator_sessions_expires on operator_sessions (expires_at);

    alter table operator_sessions enable row level security;
    grant select, insert, update, delete on operator_sessions to liveboard_system;
    create policy system on operator_sessions to liveboard_system using (true) with check (true);
  `);
}
