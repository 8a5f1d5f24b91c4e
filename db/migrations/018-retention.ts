import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table erased_consents add kept_until timestamptz not null default now() + interval '3 years';
    comment on column erased_consents.kept_until is 'Three years after the erasure, the usual time in which a claim can still be made; then the proof is deleted, too.';
    drop trigger erased_consents_append_only on erased_consents;
    update erased_consents c set kept_until = a.erased_at + interval '3 years' from erased_accounts a where a.id = c.account_id;
    create function refuse_while_kept() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' and old.kept_until <= now() then return old; end if;
        raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
      end $$;
    create trigger erased_consents_append_only before update or delete on erased_consents
      for each row execute function refuse_while_kept();

    alter table sign_in_records add created_at timestamptz not null default now();
    update sign_in_records set created_at = expires_at - interval '14 days' where model = 'Grant';

    alter table join_requests alter name drop not null;
    comment on column join_requests.name is 'Of the registrant; erased when the request, or the registration, is over.';

    create index erased_consents_kept on erased_consents (kept_until);
    create index join_requests_named on join_requests (registration_id) where name is not null;
    create index notices_age on notices (created_at) where template <> 'staff-invitation';
    create index password_resets_expiry on password_resets (expires_at);
    create index email_changes_expiry on email_changes (expires_at);
    create index rate_limits_expiry on rate_limits (expire);
    create index totp_secrets_unconfirmed on totp_secrets (created_at) where confirmed_at is null;
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index join_requests_named, notices_age, password_resets_expiry, email_changes_expiry, rate_limits_expiry,
      totp_secrets_unconfirmed;
    delete from join_requests where name is null;
    alter table join_requests alter name set not null;
    alter table sign_in_records drop created_at;
    drop trigger erased_consents_append_only on erased_consents;
    drop function refuse_while_kept;
    create trigger erased_consents_append_only before update or delete on erased_consents
      for each row execute function refuse_change();
    alter table erased_consents drop kept_until;
  `);
}

/** How long what is over stays, and what finds it quickly. */
export const retention: Knex.Migration = { up, down };
