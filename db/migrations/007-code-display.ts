import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table code_displays (
      code_id uuid primary key references partner_codes on delete cascade,
      staff_id uuid not null references staff,
      sealed_code bytea not null,
      created_at timestamptz not null default now()
    );
    comment on table code_displays is 'A code that was just made, encrypted, so that the form sent twice shows it to the same member of staff again. Void after ten minutes, erased by the reconciler a minute later at the latest.';
    comment on table partner_codes is 'Codes with which people join a partner (security.md D8). code_hash: keyed; the code itself is shown once (see code_displays) and kept nowhere. uses: counted with the account, in one transaction (C7).';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table code_displays;
    comment on table partner_codes is 'Codes with which people join a partner (security.md D8). code_hash: keyed; the code itself is shown once and kept nowhere. uses: counted with the account, in one transaction (C7).';
  `);
}

/** What makes a double click on "make a code" show the code all the same. */
export const codeDisplay: Knex.Migration = { up, down };
