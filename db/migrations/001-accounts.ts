import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table user_types (
      id uuid primary key default gen_random_uuid(),
      kind text not null check (kind in ('customer', 'partner')),
      name text not null unique,
      permissions text[] not null default '{}',
      created_at timestamptz not null default now()
    );
    comment on table user_types is 'What a user may do, by kind of organisation. permissions: codes such as customer_account_administrator.';

    create table settings (
      id boolean primary key default true check (id),
      customer_onboarding boolean not null default true,
      default_customer_user_type_id uuid references user_types,
      link_lifetime_seconds integer not null default 86400 check (link_lifetime_seconds > 0),
      registration_lifetime_seconds integer not null default 604800 check (registration_lifetime_seconds > 0),
      reminder_after_seconds integer default 432000,
      resend_cooldown_seconds integer not null default 60 check (resend_cooldown_seconds >= 0),
      mail_retry_seconds integer not null default 300 check (mail_retry_seconds > 0),
      creation_retry_seconds integer not null default 300 check (creation_retry_seconds > 0),
      operator_seconds integer not null default 2592000 check (operator_seconds > 0),
      password_minimum integer not null default 12 check (password_minimum >= 8),
      check (reminder_after_seconds is null or reminder_after_seconds between 1 and registration_lifetime_seconds - 1)
    );
    comment on table settings is 'One row: what operators choose in the Console''s User Onboarding page. Durations in seconds.';

    create table customers (
      id uuid primary key default gen_random_uuid(),
      name text not null,
      street text,
      postal_code text,
      city text,
      country char(2) not null,
      vat_number text,
      created_at timestamptz not null default now()
    );
    comment on table customers is 'Customer organisations. Names are no keys (security.md D7).';

    create table users (
      id uuid primary key default gen_random_uuid(),
      customer_id uuid not null references customers,
      user_type_id uuid not null references user_types,
      email text not null constraint users_email_unique unique check (email = lower(email)),
      given_name text not null,
      family_name text not null,
      phone text,
      language text not null,
      password_hash text not null,
      disabled_at timestamptz,
      registration_id uuid unique,
      created_at timestamptz not null default now()
    );
    create index users_customer on users (customer_id);
    comment on table users is 'People. email is canonical (security.md D1); registration_id makes the creation idempotent (O2); each belongs to exactly one organisation.';

    create table sessions (
      token_hash bytea primary key,
      user_id uuid not null references users on delete cascade,
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now()
    );
    create index sessions_user on sessions (user_id);
    comment on table sessions is 'Signed-in browsers of users. token_hash: SHA-256 of the cookie''s value (S1).';

    create table staff (
      id uuid primary key default gen_random_uuid(),
      email text not null unique check (email = lower(email)),
      role text not null check (role in ('viewer', 'operator', 'admin')),
      password_hash text not null,
      created_at timestamptz not null default now()
    );
    create table staff_sessions (
      token_hash bytea primary key,
      staff_id uuid not null references staff on delete cascade,
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now()
    );
    create table staff_links (
      token_hash bytea primary key,
      role text not null check (role in ('viewer', 'operator', 'admin')),
      expires_at timestamptz not null,
      used_at timestamptz
    );
    comment on table staff is 'OEM staff, who use the Console. Separate from users, with separate sessions (S7).';
    comment on table staff_links is 'One-time links with which staff set their password; the first is printed at the first start (A17).';

    create table rate_limits (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    );
    comment on table rate_limits is 'Counters of rate-limiter-flexible; keys are keyed hashes (L4). expire: epoch milliseconds.';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'drop table rate_limits, staff_links, staff_sessions, staff, sessions, users, customers, settings, user_types',
  );
}

/** Organisations, people, their rights and sessions. */
export const accounts: Knex.Migration = { up, down };
