import type { Knex } from 'knex';

const TEMPLATES = [
  'verify_email',
  'reset_password',
  'password_changed',
  'two_factor_changed',
  'invitation',
  'account_locked',
  'email_taken',
  'new_login_session_revoked',
];

/**
 * Mails to be sent, and the links that some of them hold. Of people and of the platform: the tenant's role may hand
 * over a mail in its own transaction and read none.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The row is the mail: the job says only "look at row N", and the text is made from the row when it is sent.
    -- due_at: when to try next; a try in hand keeps moving it on, so that a dead worker's mail falls due again.
    -- attempts: tries begun, by which a slower twin's failure is refused. deliveries: times it was handed to the
    -- broker. kept: shown in the local mailbox instead of sent. lapsed: its reason was gone before it was sent.
    create table mails (
      id uuid primary key,
      template text not null check (template in (${TEMPLATES.map((name) => `'${name}'`).join(', ')})),
      recipient text not null,
      user_id uuid references users (id) on delete cascade,
      business_id uuid references businesses (id) on delete cascade,
      subject_id uuid,
      status text not null default 'queued' check (status in ('queued', 'sent', 'kept', 'lapsed', 'failed')),
      attempts integer not null default 0,
      deliveries integer not null default 0,
      due_at timestamptz not null default now(),
      enqueued_at timestamptz not null default now(),
      last_error text,
      created_at timestamptz not null default now(),
      sent_at timestamptz
    );
    create index mails_due on mails (due_at) where status = 'queued';
    create index mails_created on mails (created_at);
    create index mails_user on mails (user_id);
    create index mails_business on mails (business_id);

    -- A link's token is an HMAC over its row's id, so a stolen backup holds none. One of a kind is open per person:
    -- a new one takes the old one's place.
    create table link_tokens (
      id uuid primary key,
      purpose text not null check (purpose in ('verify_email', 'reset_password')),
      user_id uuid not null references users (id) on delete cascade,
      email text not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      created_at timestamptz not null default now()
    );
    create unique index link_tokens_open on link_tokens (user_id, purpose) where used_at is null;
    create index link_tokens_user on link_tokens (user_id);
    create index link_tokens_created on link_tokens (created_at);
  `);
  for (const table of ['mails', 'link_tokens']) {
    await knex.raw(`
      alter table ${table} enable row level security;
      grant select, insert, update, delete on ${table} to liveboard_system;
      create policy system on ${table} to liveboard_system using (true) with check (true);
    `);
  }
  await knex.raw(`
    grant insert on mails to liveboard_app;
    create policy tenant on mails for insert to liveboard_app
      with check (business_id = (select current_business()));
  `);
}
