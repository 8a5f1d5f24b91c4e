import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table audit_log drop constraint audit_log_one_actor,
      add constraint audit_log_one_actor check (
        num_nonnulls(staff_id, user_id) = case when action = 'database.restored' then 0 else 1 end);
    comment on table audit_log is 'Every change by staff (security.md A18): who, what, before and after without secrets and without personal data. subject: a reference, an id or a name; source: the address the request came from. Nobody in the line: it was done on the server.';
  `);
}

async function down(knex: Knex): Promise<void> {
  // Lines of nobody have no place in the older table, which takes no change but this.
  await knex.raw(`
    alter table audit_log disable trigger audit_log_append_only;
    delete from audit_log where action = 'database.restored';
    alter table audit_log enable trigger audit_log_append_only;
    alter table audit_log drop constraint audit_log_one_actor,
      add constraint audit_log_one_actor check (num_nonnulls(staff_id, user_id) = 1);
    comment on table audit_log is 'Every change by staff (security.md A18): who, what, before and after without secrets and without personal data. subject: a reference, an id or a name; source: the address the request came from.';
  `);
}

/** A restored backup is settled by an operator on the server, whom the database does not know. */
export const restores: Knex.Migration = { up, down };
