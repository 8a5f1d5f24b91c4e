import type { Knex } from 'knex';
import type { AgreementTexts } from './agreement-drafts.js';
import type { Agreement } from './agreements.js';
import type { OrganisationKind } from './models.js';

export interface ListedVersion {
  id: string;
  document: Agreement['document'];
  version: number;
  kinds: OrganisationKind[];
  publishedAt: Date;
  languages: string[];
  /** How many people accepted it. */
  acceptances: number;
  /** Kinds whose current version it is: the highest that names them. */
  currentFor: OrganisationKind[];
}

/** Every published version, by document, newest first. */
export async function listVersions(db: Knex): Promise<ListedVersion[]> {
  const { rows } = await db.raw<{ rows: Omit<ListedVersion, 'currentFor'>[] }>(`
    select v.id, v.document, v.version, v.kinds, v.published_at as "publishedAt",
        array(select t.language from agreement_texts t where t.agreement_version_id = v.id order by t.language = 'en' desc, t.language)
          as languages,
        coalesce(c.count, 0)::int as acceptances
      from agreement_versions v
      left join (select agreement_version_id, count(*) from consents group by 1) c on c.agreement_version_id = v.id
      order by v.document desc, v.version desc`);
  const isCurrent = (kind: OrganisationKind, { id, document }: { id: string; document: string }) =>
    rows.find((row) => row.document === document && row.kinds.includes(kind))?.id === id;
  return rows.map((row) => ({ ...row, currentFor: row.kinds.filter((kind) => isCurrent(kind, row)) }));
}

/** A published version with all its texts. */
export async function findVersion(
  db: Knex,
  id: string,
): Promise<(ListedVersion & { texts: AgreementTexts }) | undefined> {
  const version = (await listVersions(db)).find((listed) => listed.id === id);
  if (!version) return undefined;
  const texts = await db('agreement_texts').where({ agreement_version_id: id }).select('language', 'title', 'body');
  return {
    ...version,
    texts: Object.fromEntries(texts.map(({ language, title, body }) => [language, { title, body }])),
  };
}

export interface Acceptance {
  userId: string;
  email: string;
  givenName: string;
  familyName: string;
  language: string;
  acceptedAt: Date;
  /** Where the list goes on after this one: microseconds since 1970 and the user. */
  cursor: string;
}

/** The form of a cursor; anything else is none. */
export const acceptanceCursor = /^\d{1,17}_[\da-f-]{36}$/;

/** Who accepted a version, newest first, from behind the cursor on. */
export async function listAcceptances(
  db: Knex,
  versionId: string,
  { after, limit }: { after?: string; limit: number },
): Promise<Acceptance[]> {
  const [micros, userId] = after?.split('_') ?? [];
  const { rows } = await db.raw<{ rows: Acceptance[] }>(
    `
    select u.id as "userId", u.email, u.given_name as "givenName", u.family_name as "familyName", c.language,
        c.accepted_at as "acceptedAt", (extract(epoch from c.accepted_at) * 1000000)::bigint || '_' || u.id as cursor
      from consents c join users u on u.id = c.user_id
      where c.agreement_version_id = :versionId
        and (cast(:micros as bigint) is null
          or (c.accepted_at, c.user_id) < (timestamptz 'epoch' + cast(:micros as bigint) * interval '1 microsecond', cast(:userId as uuid)))
      order by c.accepted_at desc, c.user_id desc limit :limit`,
    { versionId, micros: micros ?? null, userId: userId ?? null, limit },
  );
  return rows;
}
