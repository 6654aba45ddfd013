import type { Knex } from 'knex';

/** Agents, conversations, messages and runs (product.md, "Agent runs"). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table businesses
      add column conversation_retention_days integer not null default 90
        check (conversation_retention_days between 1 and 3650),
      add column conversation_purge_days integer not null default 30
        check (conversation_purge_days between 0 and 3650),
      add column chats_per_minute integer not null default 10 check (chats_per_minute > 0),
      add column chats_per_hour integer not null default 100 check (chats_per_hour > 0),
      add column chats_per_day integer not null default 500 check (chats_per_day > 0);

    -- A business's own providers. One named like the environment's (openai, anthropic) takes its place.
    create table providers (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      slug text not null,
      name text not null,
      protocol text not null check (protocol in ('openai-responses', 'openai-chat', 'anthropic')),
      base_url text,
      secret text,
      quirks jsonb not null default '{}',
      models jsonb not null default '[]',
      created_by uuid references users (id) on delete set null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id),
      unique (business_id, slug)
    );

    create table agents (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      name text not null,
      type text not null check (type in ('assistant', 'analyst', 'optimizer', 'custom')),
      system_prompt text not null default '',
      model text not null,
      temperature real check (temperature between 0 and 2),
      max_tokens integer not null check (max_tokens > 0),
      tools text[] not null default '{}',
      fallback_models text[] not null default '{}',
      status text not null default 'active' check (status in ('active', 'inactive')),
      created_by uuid references users (id) on delete set null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id)
    );
    create index agents_list on agents (business_id, created_at desc);
    create index agents_xid on agents (business_id, xid);

    -- What an agent has done in all. Apart from agents, whose version says "someone edited it".
    create table agent_totals (
      agent_id uuid primary key,
      business_id uuid not null,
      runs bigint not null default 0,
      input_tokens bigint not null default 0,
      output_tokens bigint not null default 0,
      cost_nano bigint not null default 0,
      last_run_at timestamptz,
      foreign key (business_id, agent_id) references agents (business_id, id) on delete cascade
    );

    -- One person's talk with an agent. next_position numbers its messages without a gap. agent_id outlives the agent,
    -- here and in runs: a deletion that set it to null would write every row of a busy agent, each a change to sync.
    -- Who writes it has the agent's row locked, read under row-level security.
    create table conversations (
      id uuid primary key,
      business_id uuid not null references businesses (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      agent_id uuid,
      title text not null default '',
      titled_by text check (titled_by in ('exchange', 'person')),
      next_position integer not null default 1,
      message_count integer not null default 0,
      input_tokens bigint not null default 0,
      output_tokens bigint not null default 0,
      cost_nano bigint not null default 0,
      last_message_at timestamptz not null default now(),
      deleted_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id)
    );
    create index conversations_list on conversations (business_id, user_id, last_message_at desc)
      where deleted_at is null;
    create index conversations_xid on conversations (business_id, user_id, xid);
    create index conversations_agent on conversations (business_id, agent_id);
    create index conversations_untouched on conversations (business_id, last_message_at) where deleted_at is null;
    create index conversations_deleted on conversations (business_id, deleted_at) where deleted_at is not null;

    -- A run's reply is a row from the start (pending), so that it stands right behind its question.
    create table messages (
      id uuid primary key,
      business_id uuid not null,
      conversation_id uuid not null,
      run_id uuid,
      role text not null check (role in ('user', 'assistant')),
      content text not null default '',
      status text not null check (status in ('pending', 'streaming', 'completed', 'stopped', 'failed')),
      position integer not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      -- Not while it grows: every half second would index it anew. 100,000 characters stay below a tsvector's 1 MB.
      search tsvector generated always as (
        case when status in ('pending', 'streaming') then null
             else to_tsvector('simple', left(content, 100000)) end) stored,
      unique (business_id, id),
      unique (conversation_id, position),
      foreign key (business_id, conversation_id) references conversations (business_id, id) on delete cascade
    );
    create index messages_search on messages using gin (search);
    create index messages_xid on messages (business_id, xid);

    -- One reply in the making. position is its reply's: the order in which runs of one conversation come.
    -- epoch: who holds it; a slower twin's writes are refused. deliveries is in the job's id.
    create table runs (
      id uuid primary key,
      business_id uuid not null,
      conversation_id uuid not null,
      agent_id uuid,
      user_id uuid not null references users (id) on delete cascade,
      message_id uuid not null,
      reply_id uuid not null,
      position integer not null,
      status text not null default 'queued'
        check (status in ('queued', 'running', 'waiting', 'completed', 'stopped', 'failed')),
      reason_code text,
      reason text,
      epoch integer not null default 0,
      lease_until timestamptz,
      deliveries integer not null default 0,
      enqueued_at timestamptz not null default now(),
      crashes integer not null default 0,
      stop_requested_at timestamptz,
      deadline_at timestamptz,
      confirm_until timestamptz,
      model text,
      input_tokens bigint not null default 0,
      cached_input_tokens bigint not null default 0,
      cache_write_tokens bigint not null default 0,
      output_tokens bigint not null default 0,
      reasoning_tokens bigint not null default 0,
      cost_nano bigint not null default 0,
      estimated boolean not null default false,
      request_id text not null,
      started_at timestamptz,
      finished_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version bigint not null,
      xid xid8 not null,
      unique (business_id, id),
      foreign key (business_id, conversation_id) references conversations (business_id, id) on delete cascade,
      foreign key (business_id, message_id) references messages (business_id, id) on delete cascade
        deferrable initially deferred,
      foreign key (business_id, reply_id) references messages (business_id, id) on delete cascade
        deferrable initially deferred
    );
    create unique index runs_reply on runs (reply_id);
    create index runs_conversation on runs (conversation_id, position);
    create index runs_open on runs (conversation_id, position) where status in ('queued', 'running', 'waiting');
    create index runs_queued on runs (enqueued_at) where status = 'queued';
    create index runs_leased on runs (lease_until) where status = 'running';
    create index runs_waiting on runs (confirm_until) where status = 'waiting';
    create index runs_xid on runs (business_id, user_id, xid);
    create index runs_message on runs (message_id);

    -- What the model said in a finished turn that called tools: a new epoch goes on behind the last of them.
    create table run_turns (
      run_id uuid not null,
      turn integer not null,
      business_id uuid not null,
      content text not null default '',
      created_at timestamptz not null default now(),
      primary key (run_id, turn),
      unique (business_id, run_id, turn),
      foreign key (business_id, run_id) references runs (business_id, id) on delete cascade
    );

    -- waiting: for the person's word. approved: may be done. A write is done in the transaction that marks it done.
    create table tool_calls (
      id uuid primary key,
      business_id uuid not null,
      run_id uuid not null,
      turn integer not null,
      place integer not null,
      provider_call_id text not null,
      name text not null,
      arguments text not null,
      status text not null default 'pending'
        check (status in ('pending', 'waiting', 'approved', 'declined', 'done', 'failed')),
      summary text,
      result text,
      decided_at timestamptz,
      finished_at timestamptz,
      created_at timestamptz not null default now(),
      unique (run_id, turn, place),
      unique (business_id, id),
      foreign key (business_id, run_id, turn) references run_turns (business_id, run_id, turn) on delete cascade
    );

    -- A report that a run made, for download as CSV.
    create table reports (
      id uuid primary key,
      business_id uuid not null,
      run_id uuid not null,
      user_id uuid not null references users (id) on delete cascade,
      title text not null,
      csv text not null,
      created_at timestamptz not null default now(),
      unique (business_id, id),
      foreign key (business_id, run_id) references runs (business_id, id) on delete cascade
    );
    create index reports_run on reports (run_id);
  `);
  for (const table of ['providers', 'agents', 'conversations', 'messages']) {
    await knex.raw(`create trigger stamp before insert or update on ${table}
      for each row execute function stamp_row()`);
  }
  // Leases and handovers are no client's matter, and a lease is renewed every few seconds: a new version, which sync
  // sends, comes of what clients see; updated_at stands for the run's calls that wait for a word.
  await knex.raw(`create trigger stamp before insert or update of agent_id, status, reason_code, reason, epoch, model,
      input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_nano, estimated,
      started_at, finished_at, updated_at on runs
    for each row execute function stamp_row()`);
  await knex.raw(`
    create function bury_agent() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version)
        select old.business_id, 'agent', old.id, old.version + 1
        where exists (select from businesses where id = old.business_id);
      return null;
    end $$;
    create trigger bury after delete on agents for each row execute function bury_agent();

    -- Gone for its person when it is soft-deleted; the purge later needs no second tombstone.
    create function bury_conversation() returns trigger language plpgsql as $$
    begin
      insert into tombstones (business_id, kind, row_id, version, user_id)
        values (new.business_id, 'conversation', new.id, new.version, new.user_id);
      return null;
    end $$;
    create trigger bury after update on conversations for each row
      when (old.deleted_at is null and new.deleted_at is not null) execute function bury_conversation();
  `);
  const tables = [
    'providers',
    'agents',
    'agent_totals',
    'conversations',
    'messages',
    'runs',
    'run_turns',
    'tool_calls',
    'reports',
  ];
  for (const table of tables) {
    await knex.raw(`
      alter table ${table} enable row level security;
      grant select, insert, update, delete on ${table} to liveboard_app, liveboard_system;
      create policy system on ${table} to liveboard_system using (true) with check (true);
      create policy tenant on ${table} to liveboard_app
        using (business_id = (select current_business())) with check (business_id = (select current_business()));
    `);
  }
}
