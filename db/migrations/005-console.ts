import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table staff add disabled_at timestamptz;
    alter table staff_links
      add email text check (email = lower(email)),
      add created_by uuid references staff,
      add created_at timestamptz not null default now();
    comment on column staff_links.email is 'Whom the link was mailed to: only this address becomes staff by it. Null for the first one, which is printed on the server.';

    create table audit_log (
      id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      staff_id uuid not null references staff,
      action text not null,
      subject_type text not null,
      subject text not null,
      before jsonb,
      after jsonb,
      reason text,
      source text
    );
    create index audit_log_subject on audit_log (subject_type, subject, id desc);
    create trigger audit_log_append_only before update or delete on audit_log
      for each row execute function refuse_change();
    create trigger audit_log_not_emptied before truncate on audit_log
      for each statement execute function refuse_change();
    comment on table audit_log is 'Every change by staff (security.md A18): who, what, before and after without secrets and without personal data. subject: a reference, an id or a name; source: the address the request came from.';

    alter table agreement_versions add kinds text[] not null default '{customer,partner}';
    comment on column agreement_versions.kinds is 'Whom the version is for: the highest version that names a kind is that kind''s current one.';
    create index consents_of_version on consents (agreement_version_id, accepted_at desc, user_id desc);
    create table agreement_drafts (
      id uuid primary key default gen_random_uuid(),
      document text not null check (document in ('terms', 'privacy')),
      kinds text[] not null check (kinds <@ '{customer,partner}' and cardinality(kinds) > 0),
      texts jsonb not null default '{}',
      version integer not null default 1,
      updated_at timestamptz not null default now()
    );
    comment on table agreement_drafts is 'What will be published. texts: title and body by language; version counts the edits (C19).';

    create table batches (
      id uuid primary key default gen_random_uuid(),
      reason text,
      staff_id uuid not null references staff,
      created_at timestamptz not null default now(),
      finished_at timestamptz
    );
    create table batch_items (
      batch_id uuid not null references batches on delete cascade,
      registration_id uuid not null references registrations on delete cascade,
      sent_at timestamptz,
      primary key (batch_id, registration_id)
    );
    create index batch_items_unsent on batch_items (batch_id) where sent_at is null;
    comment on table batches is 'RETRY for many registrations at once, sent one by one by the workflow batch-<id>. What matched when it was asked for stands in batch_items.';

    create table notices (
      id uuid primary key default gen_random_uuid(),
      template text not null,
      email text not null check (email = lower(email)),
      language text not null,
      sealed_token bytea,
      message_id text not null unique,
      state text not null default 'waiting' check (state in ('waiting', 'sent', 'refused', 'failing')),
      attempts integer not null default 0,
      reply text,
      created_at timestamptz not null default now(),
      sent_at timestamptz
    );
    create index notices_waiting on notices (created_at) where state in ('waiting', 'failing');
    comment on table notices is 'Mails that belong to no registration, each sent by the workflow notice-<id>. sealed_token: goes into the link, encrypted, gone once sent.';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table notices, batch_items, batches, agreement_drafts, audit_log;
    drop index consents_of_version;
    alter table agreement_versions drop kinds;
    alter table staff_links drop email, drop created_by, drop created_at;
    alter table staff drop disabled_at;
  `);
}

/** What the Console works with: staff, audit, drafts of agreements, batches, mails to staff. */
export const consoleTables: Knex.Migration = { up, down };
