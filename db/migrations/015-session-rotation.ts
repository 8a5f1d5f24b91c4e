import type { Knex } from 'knex';

const constraint = 'sign_in_records_session_hash_fkey';
const reference = 'foreign key (session_hash) references sessions (token_hash) on delete cascade';

/** A session gets a new token when its second factor is proven; the provider's session stays with it. */
async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sign_in_records drop constraint ${constraint},
      add constraint ${constraint} ${reference} on update cascade`);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(
    `alter table sign_in_records drop constraint ${constraint}, add constraint ${constraint} ${reference}`,
  );
}

export const sessionRotation: Knex.Migration = { up, down };
