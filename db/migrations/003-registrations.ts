import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table registrations (
      id uuid primary key default gen_random_uuid(),
      reference text not null unique,
      kind text not null check (kind in ('customer')),
      email text check (email = lower(email)),
      language text not null,
      state text not null,
      sequence integer not null default 0,
      attention boolean not null default false,
      problem text,
      draft jsonb,
      draft_saved_at timestamptz,
      proven_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      link_requested_at timestamptz default now(),
      expires_at timestamptz not null,
      ended_at timestamptz,
      erased_at timestamptz,
      check (erased_at is not null or email is not null)
    );
    create unique index registrations_open_email on registrations (email) where ended_at is null;
    create index registrations_link_requested on registrations (link_requested_at) where ended_at is null and link_requested_at is not null;
    create index registrations_open_expiry on registrations (expires_at) where ended_at is null;
    create index registrations_not_erased on registrations (ended_at) where erased_at is null and ended_at is not null;
    comment on table registrations is 'One row a registration; its workflow has the id registration-<reference>. state, problem: words of the machine, as last recorded; sequence: number of that step. link_requested_at: a mail was promised and the engine has not taken it up yet.';

    create table registration_events (
      registration_id uuid not null references registrations on delete cascade,
      sequence integer not null,
      from_state text,
      event text not null,
      to_state text not null,
      actor text not null,
      at timestamptz not null default now(),
      primary key (registration_id, sequence)
    );
    comment on table registration_events is 'Every step of every registration, once; feeds timeline, funnel and audit. Holds no personal data.';

    create table activation_links (
      registration_id uuid not null references registrations on delete cascade,
      sequence integer not null,
      key_id text not null,
      nonce bytea not null,
      token_hash bytea not null unique,
      expires_at timestamptz not null,
      created_at timestamptz not null default now(),
      primary key (registration_id, sequence)
    );
    comment on table activation_links is 'Links of a registration. The token is HMAC(key, nonce), so a retried mail repeats it and nothing stored reveals it (T1, T2).';

    create table mails (
      registration_id uuid not null references registrations on delete cascade,
      sequence integer not null,
      template text not null,
      message_id text not null unique,
      state text not null check (state in ('sending', 'sent', 'refused', 'failing')),
      attempts integer not null default 0,
      reply text,
      created_at timestamptz not null default now(),
      sent_at timestamptz,
      primary key (registration_id, sequence)
    );
    comment on table mails is 'Delivery of each mail. reply: the mail server''s reply code, never its sentence.';

    create table registration_submissions (
      id uuid primary key default gen_random_uuid(),
      registration_id uuid not null references registrations on delete cascade,
      idempotency_key text not null,
      answers jsonb not null,
      password_hash text not null,
      agreement_version_ids uuid[] not null,
      language text not null,
      created_at timestamptz not null default now(),
      unique (registration_id, idempotency_key)
    );
    comment on table registration_submissions is 'What a person submitted, whole and unchanging, so that two devices never mix (C3); deleted when the registration ends.';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table registration_submissions, mails, activation_links, registration_events, registrations');
}

/** Registrations: the record beside the workflow, and all personal data that must never be in it. */
export const registrations: Knex.Migration = { up, down };
