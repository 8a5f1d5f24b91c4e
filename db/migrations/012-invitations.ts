import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table settings
      add invitation_lifetime_seconds integer not null default 259200 check (invitation_lifetime_seconds > 1);

    alter table registrations
      drop constraint registrations_kind_check,
      add constraint registrations_kind_check check (kind in ('customer', 'partner', 'invited'));
    alter table registration_submissions
      drop constraint registration_submissions_kind_check,
      add constraint registration_submissions_kind_check check (kind in ('customer', 'partner', 'invited'));

    create table invitations (
      id uuid primary key default gen_random_uuid(),
      email text check (email = lower(email)),
      language text not null,
      customer_id uuid references customers on delete cascade,
      partner_id uuid references partners on delete cascade,
      user_type_id uuid references user_types on delete set null,
      invited_by uuid references users on delete set null,
      registration_id uuid unique references registrations on delete set null,
      outcome text check (outcome in ('accepted', 'revoked', 'void')),
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      ended_at timestamptz,
      constraint invitations_one_organisation check (num_nonnulls(customer_id, partner_id) = 1),
      check ((ended_at is null) = (outcome is null))
    );
    create unique index invitations_open on invitations (coalesce(customer_id, partner_id), email) where ended_at is null;
    create index invitations_email on invitations (email) where ended_at is null;
    create index invitations_user_type on invitations (user_type_id);
    create index invitations_invited_by on invitations (invited_by);
    comment on table invitations is 'Whom administrators have invited into their organisation (security.md A8 to A13): what they fixed, and nothing that opens anything. registration_id: the registration by which the person accepts; null while the address has another one that is open. email: null once erased. outcome void: what the invitation rested on was gone when the person came.';
    comment on column invitations.invited_by is 'Judged when the person accepts (A12): null, because the account is gone, is nobody who may invite.';
  `);
}

async function down(knex: Knex): Promise<void> {
  // What came by invitation has no place in the older tables: it goes, as an ended registration's submission would.
  await knex.raw(`
    drop table invitations;
    delete from registration_submissions where kind = 'invited';
    alter table registration_submissions
      drop constraint registration_submissions_kind_check,
      add constraint registration_submissions_kind_check check (kind in ('customer', 'partner'));
    delete from registrations where kind = 'invited';
    alter table registrations
      drop constraint registrations_kind_check,
      add constraint registrations_kind_check check (kind in ('customer', 'partner'));
    alter table settings drop invitation_lifetime_seconds;
  `);
}

/** Invitations into an organisation, and the kind of registration by which they are accepted. */
export const invitations: Knex.Migration = { up, down };
