import type { Knex } from 'knex';

/**
 * Themes and preferences: a person's own, in each business, and gone with their membership.
 *
 * What is active is a pointer in the person's one row of preferences, so there is never a second one, and activating
 * writes neither themes nor dashboards. A pointer leads to a theme of the same person, and to a dashboard that this
 * person sees: one that is deleted or no longer shared empties it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table themes (
      id uuid primary key,
      business_id uuid not null,
      user_id uuid not null,
      name text not null,
      mode text not null check (mode in ('light', 'dark')),
      colors jsonb not null,
      tokens jsonb not null default '{}',
      border_radius text not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id),
      unique (business_id, user_id, id),
      foreign key (business_id, user_id) references memberships (business_id, user_id) on delete cascade
    );
    create index themes_list on themes (business_id, user_id, created_at desc);
    create index themes_xid on themes (business_id, user_id, xid);

    create table preferences (
      id uuid primary key,
      business_id uuid not null,
      user_id uuid not null,
      locale text,
      theme_mode text not null default 'system' check (theme_mode in ('light', 'dark', 'system')),
      active_theme_id uuid,
      active_dashboard_id uuid,
      default_dashboard_id uuid,
      sidebar_collapsed boolean not null default false,
      sidebar_width integer not null default 240,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, user_id),
      unique (business_id, id),
      foreign key (business_id, user_id) references memberships (business_id, user_id) on delete cascade,
      foreign key (business_id, user_id, active_theme_id) references themes (business_id, user_id, id)
        on delete set null (active_theme_id),
      foreign key (business_id, active_dashboard_id) references dashboards (business_id, id)
        on delete set null (active_dashboard_id),
      foreign key (business_id, default_dashboard_id) references dashboards (business_id, id)
        on delete set null (default_dashboard_id)
    );
    create index preferences_theme on preferences (active_theme_id);
    create index preferences_active_dashboard on preferences (active_dashboard_id);
    create index preferences_default_dashboard on preferences (default_dashboard_id);

    -- Locked in the order of their ids first: two dashboards that go at once meet on the rows that name both.
    create function leave_dashboard(business uuid, dashboard uuid, except_user uuid) returns void
    language plpgsql as $$
    begin
      perform from preferences
        where business_id = business and user_id is distinct from except_user
          and (active_dashboard_id = dashboard or default_dashboard_id = dashboard)
        order by id for no key update;
      update preferences
         set active_dashboard_id = nullif(active_dashboard_id, dashboard),
             default_dashboard_id = nullif(default_dashboard_id, dashboard),
             updated_at = now()
       where business_id = business and user_id is distinct from except_user
         and (active_dashboard_id = dashboard or default_dashboard_id = dashboard);
    end $$;

    -- Before the references' own "set null", which would write a row once for each pointer.
    create function leave_deleted_dashboard() returns trigger language plpgsql as $$
    begin
      perform leave_dashboard(old.business_id, old.id, null);
      return old;
    end $$;
    create trigger leave_deleted before delete on dashboards for each row
      execute function leave_deleted_dashboard();

    create function leave_unshared_dashboard() returns trigger language plpgsql as $$
    begin
      perform leave_dashboard(new.business_id, new.id, new.owner_id);
      return null;
    end $$;
    create trigger leave_unshared after update on dashboards for each row
      when (old.shared and not new.shared) execute function leave_unshared_dashboard();
  `);
  for (const [table, kind] of [
    ['themes', 'theme'],
    ['preferences', 'preferences'],
  ] as const) {
    await knex.raw(`
      create trigger stamp before insert or update on ${table} for each row execute function stamp_row();

      create function bury_${kind}() returns trigger language plpgsql as $$
      begin
        insert into tombstones (business_id, kind, row_id, version, user_id)
          select old.business_id, '${kind}', old.id, old.version + 1, old.user_id
          where exists (select from businesses where id = old.business_id);
        return null;
      end $$;
      create trigger bury after delete on ${table} for each row execute function bury_${kind}();

      alter table ${table} enable row level security;
      grant select, insert, update, delete on ${table} to liveboard_app, liveboard_system;
      create policy system on ${table} to liveboard_system using (true) with check (true);
      create policy tenant on ${table} to liveboard_app
        using (business_id = (select current_business())) with check (business_id = (select current_business()));
    `);
  }
}
