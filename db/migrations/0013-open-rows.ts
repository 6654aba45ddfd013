import type { Knex } from 'knex';

/**
 * The few rows among many that sweeps look for stay in small indexes, whose conditions no search by id repeats.
 *
 * Where an id and `status = 'running'` are asked for, and the last statistics saw nothing running, Postgres takes an
 * index of what is running for the cheapest way, and reads it whole: with 200 runs at once that was 85 to 125 blocks
 * for one row, and the more the more ran.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table runs
      add constraint runs_open_until_finished
        check ((finished_at is null) = (status in ('queued', 'running', 'waiting'))),
      add constraint runs_queued_for_nothing_else
        check (status <> 'queued' or (lease_until is null and confirm_until is null));
    drop index runs_open, runs_queued, runs_leased, runs_waiting;
    create index runs_open on runs (conversation_id, position) where finished_at is null;
    create index runs_queued on runs (enqueued_at)
      where finished_at is null and lease_until is null and confirm_until is null;
    create index runs_leased on runs (lease_until) where lease_until is not null;
    create index runs_waiting on runs (confirm_until) where confirm_until is not null;

    -- No sweep looks for held calls: a run's claim and its end find their own by the run.
    drop index ledger_held;

    -- Null where nothing is to be sent any more.
    alter table mails add column waiting_until timestamptz
      generated always as (case when status = 'queued' then due_at end) stored;
    drop index mails_due;
    create index mails_waiting on mails (waiting_until) where waiting_until is not null;
  `);
}
