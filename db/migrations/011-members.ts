import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users
      add disabled_by_staff boolean not null default false,
      add constraint users_disabled_by_staff check (disabled_at is not null or not disabled_by_staff);
    comment on column users.disabled_by_staff is 'Staff disabled the account: an administrator of the organisation cannot enable it.';

    create table user_activity (
      user_id uuid primary key references users on delete cascade,
      last_seen_at timestamptz not null
    );
    comment on table user_activity is 'When people were last here, kept when their sessions are gone; of a live session the session''s own time counts.';
    insert into user_activity select user_id, max(last_seen_at) from sessions group by user_id;

    create function keep_last_seen() returns trigger language plpgsql as $$
      begin
        if tg_op = 'INSERT' then
          insert into user_activity values (new.user_id, new.last_seen_at)
            on conflict (user_id) do update set last_seen_at = excluded.last_seen_at;
        else
          -- No insert here: the user may be going with the session.
          update user_activity set last_seen_at = greatest(last_seen_at, old.last_seen_at) where user_id = old.user_id;
        end if;
        return null;
      end $$;
    create trigger sessions_keep_last_seen after insert or delete on sessions
      for each row execute function keep_last_seen();
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger sessions_keep_last_seen on sessions;
    drop function keep_last_seen;
    drop table user_activity;
    alter table users drop disabled_by_staff;
  `);
}

/** What administrators see and change of their users. */
export const members: Knex.Migration = { up, down };
