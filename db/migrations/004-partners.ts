import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table partners (
      id uuid primary key default gen_random_uuid(),
      parent_id uuid references partners,
      name text not null,
      street text,
      postal_code text,
      city text,
      country char(2),
      vat_number text,
      external_id text unique,
      origin text not null check (origin in ('console', 'provider', 'registration')),
      registration_id uuid unique,
      disabled_at timestamptz,
      created_at timestamptz not null default now()
    );
    create index partners_name on partners (lower(name) text_pattern_ops);
    comment on table partners is 'Partner organisations. origin: who made it; external_id: its key in the Partner Provider; parent_id: the organisation it stands under, null for the OEM itself; registration_id makes a creation without code idempotent (O2).';

    create index customers_name on customers (lower(name) text_pattern_ops);

    create table partner_codes (
      id uuid primary key default gen_random_uuid(),
      partner_id uuid not null references partners,
      code_hash bytea not null unique,
      label text,
      max_uses integer not null default 1 check (max_uses > 0),
      uses integer not null default 0 check (uses between 0 and max_uses),
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz,
      created_by uuid references staff,
      created_at timestamptz not null default now()
    );
    create index partner_codes_partner on partner_codes (partner_id);
    comment on table partner_codes is 'Codes with which people join a partner (security.md D8). code_hash: keyed; the code itself is shown once and kept nowhere. uses: counted with the account, in one transaction (C7).';

    alter table users
      alter customer_id drop not null,
      add partner_id uuid references partners,
      add partner_code_id uuid references partner_codes,
      add constraint users_one_organisation check (num_nonnulls(customer_id, partner_id) = 1);
    create index users_partner on users (partner_id);
    create index users_partner_code on users (partner_code_id);

    alter table settings
      add partner_onboarding text not null default 'off' check (partner_onboarding in ('off', 'with_code', 'without_code')),
      add default_partner_user_type_id uuid references user_types,
      add customer_approval boolean not null default false,
      add partner_approval boolean not null default false,
      add lookup_retry_seconds integer not null default 300 check (lookup_retry_seconds > 0),
      add version integer not null default 1;
    comment on column settings.version is 'Counts changes; an edit names the version it was made from (security.md C19).';

    alter table registrations
      drop constraint registrations_kind_check,
      add constraint registrations_kind_check check (kind in ('customer', 'partner')),
      add draft_code bytea,
      add state_since timestamptz not null default now();
    update registrations set state_since = updated_at;
    comment on column registrations.draft_code is 'The partner code as typed, sealed (security.md D1): it is a secret of its partner.';
    create index registrations_newest on registrations (created_at desc, id desc);
    create index registrations_by_state on registrations (state, created_at desc, id desc);
    create index registrations_attention on registrations (created_at desc, id desc) where attention;
    create index registrations_email on registrations (email text_pattern_ops);
    create index registrations_company on registrations ((lower(draft ->> 'companyName')) text_pattern_ops);

    alter table registration_submissions
      add kind text not null default 'customer' check (kind in ('customer', 'partner')),
      add sealed_code bytea,
      add partner_id uuid references partners,
      add partner_code_id uuid references partner_codes;
    comment on column registration_submissions.partner_id is 'The partner that the code was found to belong to; partner_code_id only if it is a code of our own.';

    create table partner_provider (
      id boolean primary key default true check (id),
      enabled boolean not null default false,
      plugin text not null default 'http-json',
      config jsonb not null default '{}',
      mapping jsonb not null default '{}',
      sealed_secrets bytea,
      target_partner_id uuid references partners,
      version integer not null default 1,
      updated_at timestamptz not null default now()
    );
    insert into partner_provider default values;
    comment on table partner_provider is 'One row: where partners are looked up by code. sealed_secrets: JSON of secrets by field name, encrypted (F10). target_partner_id: new partners stand under it.';

    create table provider_list (
      code_hash bytea primary key,
      record jsonb not null
    );
    comment on table provider_list is 'The partner list uploaded for the plugin csv-file; codes as keyed hashes.';

    create table provider_tests (
      id uuid primary key default gen_random_uuid(),
      sealed_code bytea not null,
      outcome text,
      reason text,
      partner jsonb,
      missing text[],
      staff_id uuid not null references staff,
      created_at timestamptz not null default now(),
      finished_at timestamptz
    );
    comment on table provider_tests is '"Test provider" of the Console: what a sample code led to. Creates nothing else; erased after a day.';

    create table lookups (
      id bigint generated always as identity primary key,
      registration_id uuid not null references registrations on delete cascade,
      at timestamptz not null default now(),
      outcome text not null check (outcome in ('found', 'notFound', 'temporary', 'misconfigured')),
      reason text,
      milliseconds integer not null
    );
    create index lookups_registration on lookups (registration_id);
    comment on table lookups is 'Every attempt to look a partner up at the provider, for the timeline. reason: one of a fixed set of codes (F6).';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table lookups, provider_tests, provider_list, partner_provider;
    alter table registration_submissions drop kind, drop sealed_code, drop partner_id, drop partner_code_id;
    drop index customers_name, registrations_newest, registrations_by_state, registrations_attention, registrations_email, registrations_company;
    alter table registrations
      drop draft_code, drop state_since,
      drop constraint registrations_kind_check,
      add constraint registrations_kind_check check (kind in ('customer'));
    alter table settings
      drop partner_onboarding, drop default_partner_user_type_id, drop customer_approval, drop partner_approval,
      drop lookup_retry_seconds, drop version;
    alter table users
      drop constraint users_one_organisation, drop partner_id, drop partner_code_id, alter customer_id set not null;
    drop table partner_codes, partners;
  `);
}

/** Partners, their codes, the Partner Provider, and what the registration of a partner's user needs. */
export const partners: Knex.Migration = { up, down };
