import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function discard_submissions() returns trigger language plpgsql as $$
    begin
      delete from registration_submissions where registration_id = new.id;
      return null;
    end $$;
    comment on function discard_submissions() is 'In a statement of its own: it finds what was stored while the registration was being ended, which the statement that ends it does not see.';
    create trigger registrations_discard_submissions after update of ended_at on registrations
      for each row when (old.ended_at is null and new.ended_at is not null) execute function discard_submissions();
    delete from registration_submissions s using registrations r where r.id = s.registration_id and r.ended_at is not null;
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger registrations_discard_submissions on registrations;
    drop function discard_submissions();
  `);
}

/** No submission, with its password's hash, outlives its registration, whoever ends it and whatever comes at that moment. */
export const submissionsEnd: Knex.Migration = { up, down };
