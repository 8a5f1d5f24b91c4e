import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table applications (
      id uuid primary key default gen_random_uuid(),
      name text not null,
      secret_hash bytea,
      redirect_uris text[] not null check (cardinality(redirect_uris) > 0),
      post_logout_redirect_uris text[] not null default '{}',
      first_party boolean not null,
      disabled_at timestamptz,
      version integer not null default 1,
      created_at timestamptz not null default now()
    );
    comment on table applications is 'Applications that people sign in to with their account here (OpenID Connect clients); id is the client_id. secret_hash: SHA-256 of the random secret, null for a public client; first_party: no consent is asked; version counts the edits (C19).';

    create table sign_in_records (
      model text not null,
      id_hash bytea not null,
      sealed_payload bytea not null,
      user_id uuid references users on delete cascade,
      application_id uuid references applications on delete cascade,
      session_hash bytea references sessions (token_hash) on delete cascade,
      grant_hash bytea,
      uid_hash bytea,
      consumed_at timestamptz,
      expires_at timestamptz not null,
      primary key (model, id_hash)
    );
    create index sign_in_records_user on sign_in_records (user_id);
    create index sign_in_records_application on sign_in_records (application_id);
    create index sign_in_records_session on sign_in_records (session_hash) where session_hash is not null;
    create index sign_in_records_grant on sign_in_records (grant_hash) where grant_hash is not null;
    create index sign_in_records_uid on sign_in_records (uid_hash) where uid_hash is not null;
    create index sign_in_records_expiry on sign_in_records (expires_at);
    comment on table sign_in_records is 'What the OpenID provider keeps: pending requests, its sessions, grants, codes, tokens. Ids are secrets, so they are here as SHA-256 only, and the payload, which repeats them, is encrypted. session_hash: of a provider session, the session it ends with.';

    create table signing_keys (
      kid text primary key,
      sealed_jwk bytea not null,
      created_at timestamptz not null default now(),
      signs_from timestamptz not null
    );
    comment on table signing_keys is 'Keys of the ID tokens, each private key encrypted. All are published; of those whose signs_from has come, the newest signs.';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table signing_keys, sign_in_records, applications');
}

/** Sign-in for the platform's applications: who they are, what the OpenID provider keeps, its keys. */
export const signIn: Knex.Migration = { up, down };
