import type { Knex } from 'knex';

const keys = `
  create table api_keys (
    id uuid primary key,
    name text not null,
    key_hash bytea not null unique,
    ending text not null,
    scopes text[] not null check (cardinality(scopes) > 0),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    sealed_key bytea,
    created_by uuid not null references staff,
    created_at timestamptz not null default now()
  );
  create index api_keys_shown on api_keys (created_at) where sealed_key is not null;
  comment on table api_keys is 'Keys with which the host platform calls the API. key_hash: keyed; ending: the last characters, to tell keys apart; sealed_key: for ten minutes, so that the form sent twice shows the key to its maker again.';
`;

/** Rows that the machine API shows know when they changed; a password or a login is no change to anybody else. */
const changes = `
  alter table users add changed_at timestamptz not null default now();
  alter table customers add changed_at timestamptz not null default now();
  alter table partners add changed_at timestamptz not null default now();
  create index users_changed on users (changed_at, id);
  create index customers_changed on customers (changed_at, id);
  create index partners_changed on partners (changed_at, id);

  create function user_facts(u jsonb) returns jsonb language sql immutable as $$
    select jsonb_build_object('email', u->'email', 'givenName', u->'given_name', 'familyName', u->'family_name',
      'phone', u->'phone', 'language', u->'language', 'timeZone', u->'time_zone', 'userTypeId', u->'user_type_id',
      'customerId', u->'customer_id', 'partnerId', u->'partner_id')
  $$;
  create function note_user_change() returns trigger language plpgsql as $$
  begin
    if new.disabled_at is distinct from old.disabled_at or user_facts(to_jsonb(new)) <> user_facts(to_jsonb(old)) then
      new.changed_at := now();
    end if;
    return new;
  end $$;
  create trigger users_changed before update on users for each row execute function note_user_change();

  create function note_change() returns trigger language plpgsql as $$
  begin
    if new is distinct from old then new.changed_at := now(); end if;
    return new;
  end $$;
  create trigger customers_changed before update on customers for each row execute function note_change();
  create trigger partners_changed before update on partners for each row execute function note_change();
`;

async function up(knex: Knex): Promise<void> {
  await knex.raw(keys);
  await knex.raw(changes);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger partners_changed on partners;
    drop trigger customers_changed on customers;
    drop trigger users_changed on users;
    drop function note_change, note_user_change, user_facts;
    alter table partners drop changed_at;
    alter table customers drop changed_at;
    alter table users drop changed_at;
    drop table api_keys;
  `);
}

/** What the host platform is given: keys to the API, and rows that know when they changed. */
export const platform: Knex.Migration = { up, down };
