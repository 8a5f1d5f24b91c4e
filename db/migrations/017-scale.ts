import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index users_newest on users (created_at desc, id);
    create index users_email_prefix on users (email text_pattern_ops);
    comment on index users_newest is 'The Console''s list of users without a search.';
    comment on index users_email_prefix is 'Searches by the start of an address, whatever the collation of the database.';

    create index registration_events_submitted on registration_events (registration_id) where event = 'SUBMITTED';
    comment on index registration_events_submitted is 'The overview''s funnel, which would read every step there is.';

    create index notices_farewells on notices (created_at) where template in ('user-removed', 'account-deleted');
    create index invitations_not_erased on invitations (coalesce(ended_at, expires_at)) where email is not null;
    create index invitations_revoked on invitations (registration_id) where outcome = 'revoked';
    comment on index notices_farewells is 'The reconciler''s erasure, once a minute; so is invitations_not_erased.';
    comment on index invitations_revoked is 'The reconciler''s look for registrations whose invitation is over.';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index users_newest, users_email_prefix, registration_events_submitted, notices_farewells,
      invitations_not_erased, invitations_revoked`);
}

/** Indexes of queries that read whole tables, which nobody notices before there are a hundred thousand rows. */
export const scale: Knex.Migration = { up, down };
