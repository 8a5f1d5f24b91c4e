import type { Knex } from 'knex';
import type { Agreement } from './agreements.js';
import type { OrganisationKind } from './models.js';

/** Title and body by language; a language that is not there yet is absent. */
export type AgreementTexts = Record<string, { title: string; body: string }>;

export interface AgreementDraft {
  id: string;
  document: Agreement['document'];
  kinds: OrganisationKind[];
  texts: AgreementTexts;
  /** Counts the edits (security.md C19). */
  version: number;
  updatedAt: Date;
}

const columns = ['id', 'document', 'kinds', 'texts', 'version', 'updated_at as updatedAt'];

export const listDrafts = (db: Knex): Promise<AgreementDraft[]> =>
  db('agreement_drafts').select(columns).orderBy('updated_at', 'desc').orderBy('id');

export const findDraft = (db: Knex, id: string): Promise<AgreementDraft | undefined> =>
  db('agreement_drafts').where({ id }).first(columns);

/** A new draft with the texts and kinds of a published version; undefined when there is no such version. */
export async function draftFrom(
  trx: Knex.Transaction,
  versionId: string,
): Promise<(Pick<AgreementDraft, 'id' | 'document'> & { from: number }) | undefined> {
  const { rows } = await trx.raw<{ rows: (AgreementDraft & { from: number })[] }>(
    `
    insert into agreement_drafts (document, kinds, texts)
    select v.document, v.kinds, jsonb_object_agg(t.language, jsonb_build_object('title', t.title, 'body', t.body))
      from agreement_versions v join agreement_texts t on t.agreement_version_id = v.id
      where v.id = :versionId group by v.id
    returning id, document, (select version from agreement_versions where id = :versionId) as "from"`,
    { versionId },
  );
  return rows[0];
}

/** Saves an edit that was made from `version`; undefined when somebody else was quicker. */
export async function saveDraft(
  trx: Knex.Transaction,
  id: string,
  version: number,
  { kinds, texts }: Pick<AgreementDraft, 'kinds' | 'texts'>,
): Promise<AgreementDraft | undefined> {
  const [saved] = await trx('agreement_drafts')
    .where({ id, version })
    .update({ kinds, texts: JSON.stringify(texts), version: version + 1, updated_at: trx.fn.now() })
    .returning(columns);
  return saved;
}

export async function deleteDraft(
  trx: Knex.Transaction,
  id: string,
  version: number,
): Promise<AgreementDraft | undefined> {
  const [deleted] = await trx('agreement_drafts').where({ id, version }).delete().returning(columns);
  return deleted;
}

/** Any number that no other program uses as an advisory lock in this database. */
const publishLock = 7_310_248;

/**
 * Turns a draft into the next version of its document, for ever unchangeable; the draft is gone with it. One publishes at
 * a time, so that numbers have no gap and none is given twice. Undefined when the draft was changed since `version`.
 */
export async function publishDraft(
  trx: Knex.Transaction,
  id: string,
  version: number,
): Promise<{ versionId: string; number: number; draft: AgreementDraft } | undefined> {
  await trx.raw('select pg_advisory_xact_lock(?)', [publishLock]);
  const draft = await deleteDraft(trx, id, version);
  if (!draft) return undefined;
  const { document, kinds, texts } = draft;
  const highest = await trx('agreement_versions').where({ document }).max('version as version').first();
  const number = (highest?.version ?? 0) + 1;
  const [published] = await trx('agreement_versions').insert({ document, version: number, kinds }).returning('id');
  await trx('agreement_texts').insert(
    Object.entries(texts).map(([language, text]) => ({ agreement_version_id: published.id, language, ...text })),
  );
  return { versionId: published.id, number, draft };
}
