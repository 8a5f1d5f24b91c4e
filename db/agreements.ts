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

/** Ids of the current versions for the kind `:kind`, as an SQL array. */
export const currentVersionIdsSql = `array(
  select distinct on (document) id from agreement_versions where :kind = any(kinds) order by document, version desc)`;

/** One published version in the person's language, whichever is current today. */
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
