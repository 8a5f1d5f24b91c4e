import type { Knex } from 'knex';

async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table agreement_versions (
      id uuid primary key default gen_random_uuid(),
      document text not null check (document in ('terms', 'privacy')),
      version integer not null check (version > 0),
      published_at timestamptz not null default now(),
      unique (document, version),
      unique (id, document)
    );
    create table agreement_texts (
      agreement_version_id uuid not null references agreement_versions,
      language text not null,
      title text not null,
      body text not null,
      primary key (agreement_version_id, language)
    );
    comment on table agreement_versions is 'Published versions of the Terms of Service and the Privacy Policy; the highest version is the current one.';
    comment on table agreement_texts is 'The text of a version in one language. body: paragraphs separated by empty lines, headings start with "## ".';

    create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
    end $$;
    create trigger agreement_versions_immutable before update or delete on agreement_versions
      for each row execute function refuse_change();
    create trigger agreement_texts_immutable before update or delete on agreement_texts
      for each row execute function refuse_change();

    create table consents (
      user_id uuid not null references users on delete cascade,
      agreement_version_id uuid not null references agreement_versions,
      language text not null,
      accepted_at timestamptz not null default now(),
      registration_id uuid,
      primary key (user_id, agreement_version_id),
      foreign key (agreement_version_id, language) references agreement_texts (agreement_version_id, language)
    );
    comment on table consents is 'Which version a user accepted, the language it was shown in, when, and in which registration.';
  `);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table consents, agreement_texts, agreement_versions;
    drop function refuse_change();
  `);
}

/** Published agreements, which never change, and who accepted them. */
export const agreements: Knex.Migration = { up, down };
