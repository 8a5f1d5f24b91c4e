import type { Knex } from 'knex';

/** Whose it is: a user's or a staff member's, never both. */
const owner = `
      user_id uuid references users on delete cascade,
      staff_id uuid references staff on delete cascade,
      check (num_nonnulls(user_id, staff_id) = 1)`;

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table totp_secrets (
      id uuid primary key default gen_random_uuid(),
      sealed_secret bytea not null,
      created_at timestamptz not null default now(),
      confirmed_at timestamptz,
      last_step bigint,${owner}
    );
    create unique index totp_secrets_of_user on totp_secrets (user_id, (confirmed_at is null)) where user_id is not null;
    create unique index totp_secrets_of_staff on totp_secrets (staff_id, (confirmed_at is null)) where staff_id is not null;
    comment on table totp_secrets is 'What an authenticator app makes its codes from, encrypted. confirmed_at null: being set up, which leaves a confirmed one as it is. last_step: of the newest code used, for each works once.';

    create table recovery_codes (
      id uuid primary key default gen_random_uuid(),
      code_hash bytea not null,
      sealed_code bytea,
      created_at timestamptz not null default now(),
      used_at timestamptz,${owner}
    );
    create index recovery_codes_of_user on recovery_codes (user_id) where user_id is not null;
    create index recovery_codes_of_staff on recovery_codes (staff_id) where staff_id is not null;
    comment on table recovery_codes is 'Each stands in once for a second factor that is out of reach. code_hash: keyed. sealed_code: the code itself, for the page that shows it after it was made; gone minutes later.';

    create table passkeys (
      id uuid primary key default gen_random_uuid(),
      credential_id text not null constraint passkeys_credential_unique unique,
      public_key bytea not null,
      counter bigint not null,
      transports text[] not null default '{}',
      name text not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz,${owner}
    );
    create index passkeys_of_user on passkeys (user_id) where user_id is not null;
    create index passkeys_of_staff on passkeys (staff_id) where staff_id is not null;
    comment on table passkeys is 'WebAuthn credentials that serve as second factor. counter: signatures the authenticator has told of; a smaller one means a copy.';

    create table webauthn_challenges (
      session_hash bytea not null,
      purpose text not null check (purpose in ('registration', 'authentication')),
      challenge text not null,
      created_at timestamptz not null default now(),
      primary key (session_hash, purpose)
    );
    comment on table webauthn_challenges is 'What a browser is to sign next, one a session and purpose, used once. session_hash: of either kind of session, hence no reference.';

    alter table sessions add second_factor_at timestamptz, add confirmed_at timestamptz;
    alter table staff_sessions add second_factor_at timestamptz, add confirmed_at timestamptz;
    comment on column sessions.second_factor_at is 'When the second factor was proven in this session.';
    comment on column sessions.confirmed_at is 'When the person last proved, after the login, to be who logged in; changes of the second factor want it fresh.';

    alter table settings
      add administrators_second_factor boolean not null default false,
      add staff_second_factor boolean not null default false;
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table settings drop administrators_second_factor, drop staff_second_factor;
    alter table staff_sessions drop second_factor_at, drop confirmed_at;
    alter table sessions drop second_factor_at, drop confirmed_at;
    drop table webauthn_challenges, passkeys, recovery_codes, totp_secrets;
  `);
}

/** The second proof besides the password, of users and staff alike. */
export const secondFactors: Knex.Migration = { up, down };
