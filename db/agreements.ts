import type { Knex } from 'knex';
import type { OrganisationKind } from './models.js';

export interface Agreement {
  versionId: string;
  document: 'terms' | 'privacy';
  version: number;
  /** The language of title and body: the asked one, or English where there is no such text. */
  language: string;
  title: string;
  body: string;
}

/**
 * The current version of each document for people of this kind, in their language if it was published in it: the highest
 * version that was published for the kind.
 */
export async function currentAgreements(
  db: Knex,
  language: string,
  kind: OrganisationKind = 'customer',
): Promise<Agreement[]> {
  const { rows } = await db.raw<{ rows: Agreement[] }>(
    `
    select distinct on (v.document) v.id as "versionId", v.document, v.version, t.language, t.title, t.body
      from agreement_versions v join agreement_texts t on t.agreement_version_id = v.id
      where t.language in (:language, 'en') and :kind = any (v.kinds)
      order by v.document desc, v.version desc, (t.language = :language) desc`,
    { language, kind },
  );
  return rows;
}

const currentVersionsSql = (kind: string) =>
  `select distinct on (document) id from agreement_versions where ${kind} = any(kinds) order by document, version desc`;

/** Ids of the current versions for the kind `:kind`, as an SQL array. */
export const currentVersionIdsSql = `array(${currentVersionsSql(':kind')})`;

/**
 * Whether the user `u` of a query has yet to accept a version that is current for the kind, as an SQL condition. Asked
 * with every request, so it goes by the few published versions and the primary key of the consents.
 */
export const hasPendingAgreementsSql = `exists (
  select from (${currentVersionsSql("(case when u.customer_id is null then 'partner' else 'customer' end)")}) current
    where not exists (select from consents c where c.user_id = u.id and c.agreement_version_id = current.id))`;

/**
 * What a user still has to accept, in this language (or English, where a version has no such text); without one in the
 * language of the profile. Empty for an unknown user.
 */
export async function pendingAgreements(db: Knex, userId: string, language?: string): Promise<Agreement[]> {
  const { rows } = await db.raw<{ rows: Agreement[] }>(
    `
    with person as (
      select id, coalesce(:language, language) as language, case when customer_id is null then 'partner' else 'customer' end as kind
        from users where id = :userId
    )
    select distinct on (v.document) v.id as "versionId", v.document, v.version, t.language, t.title, t.body
      from person p
        join agreement_versions v on v.id in (${currentVersionsSql('p.kind')})
        join agreement_texts t on t.agreement_version_id = v.id and t.language in (p.language, 'en')
      where not exists (select from consents c where c.user_id = p.id and c.agreement_version_id = v.id)
      order by v.document desc, (t.language = p.language) desc`,
    { userId, language: language ?? null },
  );
  return rows;
}

/** Notes that a user accepts these texts; what is accepted already stays as it was. Of who is being deleted nothing is noted. */
export async function acceptAgreements(db: Knex, userId: string, accepted: Agreement[]): Promise<void> {
  await db.raw(
    `
    insert into consents (user_id, agreement_version_id, language)
      select u.id, a.version_id, a.language from users u, unnest(:versionIds::uuid[], :languages::text[]) a (version_id, language)
        where u.id = :userId for key share of u
      on conflict (user_id, agreement_version_id) do nothing`,
    {
      userId,
      versionIds: accepted.map(({ versionId }) => versionId),
      languages: accepted.map(({ language }) => language),
    },
  );
}

/** One published version in this language, or English where it has no such text, whichever is current today. */
export async function agreementVersion(db: Knex, versionId: string, language: string): Promise<Agreement | undefined> {
  const { rows } = await db.raw<{ rows: Agreement[] }>(
    `
    select v.id as "versionId", v.document, v.version, t.language, t.title, t.body
      from agreement_versions v join agreement_texts t on t.agreement_version_id = v.id
      where v.id = :versionId and t.language in (:language, 'en')
      order by (t.language = :language) desc limit 1`,
    { versionId, language },
  );
  return rows[0];
}
