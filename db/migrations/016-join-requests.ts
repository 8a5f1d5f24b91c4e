import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table join_requests (
      id uuid primary key default gen_random_uuid(),
      registration_id uuid not null references registrations on delete cascade,
      name text not null,
      administrator_id uuid references users on delete set null,
      outcome text check (outcome in ('approved', 'declined', 'unanswered')),
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      asked_at timestamptz,
      reminded_at timestamptz,
      ended_at timestamptz,
      check ((ended_at is null) = (outcome is null))
    );
    create unique index join_requests_open on join_requests (registration_id) where ended_at is null;
    create index join_requests_administrator on join_requests (administrator_id);
    create index join_requests_unasked on join_requests (created_at) where asked_at is null and ended_at is null;
    comment on table join_requests is 'Who asks to join a company that is registered already, each served by the workflow joinRequest-<id>. administrator_id: whom the named address belongs to; null when it is no administrator''s, which nobody is told (security.md D7). The named address itself is not kept.';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table join_requests');
}

/** Requests of registrants to be let into a company that is there. */
export const joinRequests: Knex.Migration = { up, down };
