import type { Knex } from 'knex';

/**
 * A source that someone runs once to see what it gives (a preview, a connection's test). The worker reads and
 * answers here, so that neither the source nor its data stands in a job; the request deletes the row, and an hour
 * later the upkeep does.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table source_probes (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      kind text not null check (kind in ('preview', 'connection')),
      request jsonb not null,
      connection_id uuid,
      outcome json,
      created_at timestamptz not null default now(),
      foreign key (business_id, connection_id) references connections (business_id, id) on delete cascade
    );
    create index source_probes_created on source_probes (created_at);
    alter table source_probes enable row level security;
    grant select, insert, update, delete on source_probes to liveboard_app, liveboard_system;
    create policy system on source_probes to liveboard_system using (true) with check (true);
    create policy tenant on source_probes to liveboard_app
      using (business_id = (select current_business())) with check (business_id = (select current_business()));
  `);
}
