import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table notices add sealed_values bytea;
    comment on column notices.sealed_values is 'Names and the like that the mail tells, as JSON, encrypted; gone once sent.';

    alter table audit_log
      alter staff_id drop not null,
      add user_id uuid,
      add constraint audit_log_one_actor check (num_nonnulls(staff_id, user_id) = 1);
    comment on column audit_log.user_id is 'The administrator of an organisation who did it; outlives the account, hence no reference.';
  `);
}

async function down(knex: Knex): Promise<void> {
  // Lines of administrators have no place in the older table, which takes no change but this.
  await knex.raw(`
    alter table audit_log disable trigger audit_log_append_only;
    delete from audit_log where staff_id is null;
    alter table audit_log enable trigger audit_log_append_only;
    alter table audit_log drop constraint audit_log_one_actor, drop user_id, alter staff_id set not null;
    alter table notices drop sealed_values;
  `);
}

/** What people change by themselves: who did it, and the mails that tell them. */
export const accountManagement: Knex.Migration = { up, down };
