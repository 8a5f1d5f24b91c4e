import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sessions
      add id uuid not null default gen_random_uuid() constraint sessions_id_unique unique,
      add remembered boolean not null default false,
      add browser text;
    comment on column sessions.id is 'By which its user names it; opens nothing.';
    comment on column sessions.remembered is 'Chosen at the login: lives longer, and over the end of the browser.';
    comment on column sessions.browser is 'Short name made from the user agent, such as "Firefox, Windows"; the user agent itself is not kept.';

    create table password_resets (
      token_hash bytea primary key,
      user_id uuid not null references users on delete cascade,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null
    );
    create index password_resets_user on password_resets (user_id);
    comment on table password_resets is 'Links with which users choose a new password. token_hash: keyed, for this purpose only (T2, T3). A used link is gone, and with it all others of its user.';

    create table email_changes (
      user_id uuid primary key references users on delete cascade,
      new_email text not null check (new_email = lower(new_email)),
      token_hash bytea not null constraint email_changes_token_unique unique,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null
    );
    comment on table email_changes is 'New addresses that are not proven yet, one a user; until then the old one stays. Whether another account has the address is decided when it is proven (C18).';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table email_changes, password_resets;
    alter table sessions drop id, drop remembered, drop browser;
  `);
}

/** What people need to look after their own account: resets, e-mail changes, sessions they recognise. */
export const ownAccount: Knex.Migration = { up, down };
