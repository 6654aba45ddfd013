import type { Knex } from 'knex';

/** Tables whose rows belong to the business in their business_id. */
const TENANT_TABLES = [
  'memberships',
  'tombstones',
  'notifications',
  'idempotency_keys',
  'connections',
  'widgets',
  'widget_data',
  'widget_data_history',
  'widget_schedules',
  'dashboards',
  'dashboard_widgets',
  'presence_connections',
  'presence_dashboards',
  'presence_people',
  'presence_scopes',
];

/** Tables of the platform itself: the tenant's role has no rights on them at all. */
const SYSTEM_TABLES = ['sessions', 'business_turns', 'refresh_sweeps', 'worker_nodes', 'presence_nodes'];

/** Row-level security behind the code's own checks (product.md, promise 8). */
export async function up(knex: Knex): Promise<void> {
  for (const table of [...TENANT_TABLES, 'users', 'businesses', ...SYSTEM_TABLES]) {
    await knex.raw(`
      alter table ${table} enable row level security;
      grant select, insert, update, delete on ${table} to liveboard_system;
      create policy system on ${table} to liveboard_system using (true) with check (true);
    `);
  }
  for (const table of TENANT_TABLES) {
    // In a sub-select the setting is read once per statement, not once per row.
    await knex.raw(`
      grant select, insert, update, delete on ${table} to liveboard_app;
      create policy tenant on ${table} to liveboard_app
        using (business_id = (select current_business()))
        with check (business_id = (select current_business()));
    `);
  }
  await knex.raw(`
    grant select, update on businesses to liveboard_app;
    create policy tenant on businesses to liveboard_app using (id = (select current_business()));

    -- A tenant sees the people who are its members, and of those never the password.
    grant select (id, email, name, avatar_url, email_verified_at, two_factor_enabled_at, created_at, version, xid)
      on users to liveboard_app;
    create policy tenant on users for select to liveboard_app using (
      exists (select from memberships where user_id = users.id and business_id = (select current_business()))
    );
  `);
}
