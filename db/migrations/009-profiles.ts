import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users
      add time_zone text not null default 'UTC',
      add profile_version integer not null default 1;
    comment on column users.time_zone is 'IANA name; in it times are told where the browser cannot say better.';
    comment on column users.profile_version is 'Counts changes of the profile; an edit names the one it was made from (security.md C19).';

    create table erased_accounts (
      id uuid primary key,
      registration_id uuid unique,
      partner_code_id uuid references partner_codes,
      erased_at timestamptz not null default now()
    );
    comment on table erased_accounts is 'Accounts that are gone; id: of the user that was, by which a restored backup is erased anew (security.md R6). Nothing in it leads to a person.';

    create table erased_consents (
      account_id uuid not null references erased_accounts,
      agreement_version_id uuid not null references agreement_versions,
      language text not null,
      accepted_at timestamptz not null,
      primary key (account_id, agreement_version_id),
      foreign key (agreement_version_id, language) references agreement_texts (agreement_version_id, language)
    );
    comment on table erased_consents is 'The proof that somebody accepted a version, kept under a pseudonym when the account was erased (security.md R4).';

    create trigger erased_accounts_append_only before update or delete on erased_accounts
      for each row execute function refuse_change();
    create trigger erased_accounts_not_emptied before truncate on erased_accounts
      for each statement execute function refuse_change();
    create trigger erased_consents_append_only before update or delete on erased_consents
      for each row execute function refuse_change();
    create trigger erased_consents_not_emptied before truncate on erased_consents
      for each statement execute function refuse_change();
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table erased_consents, erased_accounts;
    alter table users drop time_zone, drop profile_version;
  `);
}

/** What people set of their own account, and what stays when they leave. */
export const profiles: Knex.Migration = { up, down };
