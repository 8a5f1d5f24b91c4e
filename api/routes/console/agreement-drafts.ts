import { z } from 'zod';
import {
  type AgreementDraft,
  type AgreementTexts,
  deleteDraft,
  findDraft,
  publishDraft,
  saveDraft,
} from '../../../db/agreement-drafts.js';
import { listVersions } from '../../../db/agreement-versions.js';
import { recordAudit } from '../../../db/audit.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { languages } from '../../i18n.js';
import { AgreementDraftPage } from '../../pages/console/agreements-draft-page.js';
import { AgreementPreviewPage } from '../../pages/console/agreements-preview-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields } from './console-request.js';
import { differences } from './differences.js';
import { takeDone } from './take-done.js';
import { line, lines, pathId, versionOf } from './typed-text.js';

const list = '/console/agreements';
/** Code points; printed, about a hundred pages. */
const longestBody = 200_000;
/** Bytes: both languages at their longest, each letter percent-encoded. */
const bodyLimit = 4 * 1024 * 1024;

const typed = z.string().optional();
const draftForm = z.strictObject({
  ...formFields,
  version: z.string().max(20),
  forCustomer: z.literal('on').optional(),
  forPartner: z.literal('on').optional(),
  ...(Object.fromEntries(
    languages.flatMap((code) => [`title-${code}`, `body-${code}`].map((name) => [name, typed])),
  ) as {
    [name: `title-${string}` | `body-${string}`]: typeof typed;
  }),
});
const versionForm = z.strictObject({ ...formFields, version: z.string().max(20) });
const publishForm = z.strictObject({ ...versionForm.shape, confirm: z.literal('on').optional() });
type DraftForm = Partial<Record<string, string>>;

interface Shown {
  form?: DraftForm;
  errors?: FieldErrors;
  error?: string;
}

/** What is not published yet: edited, looked at as people will see it, published or thrown away. */
export function agreementDraftRoutes({ services: { db }, secure }: Wiring): Route[] {
  async function draftOf(ctx: Context): Promise<AgreementDraft> {
    const draft = await findDraft(db, pathId(ctx));
    assertThat(draft, 'notFound');
    return draft;
  }

  async function showDraft(ctx: Context, shown: Shown = {}, status = 200) {
    const draft = await draftOf(ctx);
    const { form = formOf(draft), errors = {}, error } = shown;
    const done = status === 200 ? takeDone(ctx, secure) : undefined;
    showPage(ctx, AgreementDraftPage, { draft, languages: [...languages], form, errors, error, done }, status);
  }

  async function showPreview(ctx: Context, { errors = {}, error }: Shown = {}, status = 200) {
    const draft = await draftOf(ctx);
    const versions = (await listVersions(db)).filter(({ document }) => document === draft.document);
    const number = (versions[0]?.version ?? 0) + 1;
    const done = status === 200 ? takeDone(ctx, secure) : undefined;
    const missing = whatIsMissing(draft.texts);
    showPage(ctx, AgreementPreviewPage, { draft, number, missing, errors, error, done }, status);
  }

  async function save(ctx: Context) {
    const before = await draftOf(ctx);
    const { version, formToken, ...form } = bodyOf(ctx, draftForm);
    const { draft, errors } = parseDraft(form);
    if (!draft) return showDraft(ctx, { form: { ...form, version }, errors, error: 'invalidFields' }, 400);
    const saved = await db.transaction(async (trx) => {
      const after = await saveDraft(trx, before.id, versionOf(version), draft);
      const changed = after && differences(told(before), told(after));
      const what = { action: 'agreement.draftChanged', subjectType: 'agreement', subject: before.id } as const;
      if (changed) await recordAudit(trx, { ...auditOf(ctx), ...what, ...changed });
      return after;
    });
    if (!saved) return showDraft(ctx, { error: 'staleEdit' }, 409);
    done(ctx, `${list}/drafts/${before.id}/preview`, 'saved', secure);
  }

  async function publish(ctx: Context) {
    const { id, texts } = await draftOf(ctx);
    const { version, confirm } = bodyOf(ctx, publishForm);
    if (whatIsMissing(texts)) return showPreview(ctx, { error: 'invalidFields' }, 400);
    if (!confirm) return showPreview(ctx, { errors: { confirm: 'mustConfirm' }, error: 'invalidFields' }, 400);
    const published = await db.transaction(async (trx) => {
      const published = await publishDraft(trx, id, versionOf(version));
      if (!published) return undefined;
      const { versionId: subject, number, draft } = published;
      const after = { document: draft.document, version: number, kinds: draft.kinds, languages: languagesOf(draft) };
      const what = { action: 'agreement.published', subjectType: 'agreement', subject, after } as const;
      await recordAudit(trx, { ...auditOf(ctx), ...what });
      return published;
    });
    if (!published) return showPreview(ctx, { error: 'staleEdit' }, 409);
    done(ctx, list, 'published', secure);
  }

  async function discard(ctx: Context) {
    const { id } = await draftOf(ctx);
    const { version } = bodyOf(ctx, versionForm);
    const deleted = await db.transaction(async (trx) => {
      const draft = await deleteDraft(trx, id, versionOf(version));
      const what = { action: 'agreement.draftDeleted', subjectType: 'agreement', subject: id } as const;
      if (draft) await recordAudit(trx, { ...auditOf(ctx), ...what, before: { document: draft.document } });
      return draft;
    });
    if (!deleted) return showDraft(ctx, { error: 'staleEdit' }, 409);
    done(ctx, list, 'discarded', secure);
  }

  const page = { kind: 'page' } as const;
  const admin = { ...page, method: 'post', audience: 'staff-admin' } as const;
  const draft = `${list}/drafts/:id`;
  return [
    { ...page, method: 'get', path: draft, audience: 'staff-admin', handle: (ctx) => showDraft(ctx) },
    { ...admin, path: draft, body: draftForm, bodyLimit, handle: save },
    { ...page, method: 'get', path: `${draft}/preview`, audience: 'staff-viewer', handle: (ctx) => showPreview(ctx) },
    { ...admin, path: `${draft}/publish`, body: publishForm, handle: publish },
    { ...admin, path: `${draft}/delete`, body: versionForm, handle: discard },
  ];
}

/** Why a draft cannot be published: English is what everybody gets whose language has no text; a text is whole. */
function whatIsMissing(texts: AgreementTexts): 'english' | 'half' | undefined {
  if (!texts.en?.title || !texts.en.body) return 'english';
  return Object.values(texts).every(({ title, body }) => title && body) ? undefined : 'half';
}

const formOf = ({ texts, kinds, version }: AgreementDraft): DraftForm => ({
  version: String(version),
  forCustomer: kinds.includes('customer') ? 'on' : undefined,
  forPartner: kinds.includes('partner') ? 'on' : undefined,
  ...Object.fromEntries(
    Object.entries(texts).flatMap(([language, { title, body }]) => [
      [`title-${language}`, title],
      [`body-${language}`, body],
    ]),
  ),
});

/** What was typed, as far as it is: a draft may be unfinished. A language without any text is left out. */
function parseDraft(form: DraftForm): { draft?: Pick<AgreementDraft, 'kinds' | 'texts'>; errors: FieldErrors } {
  const kinds = [form.forCustomer ? ['customer' as const] : [], form.forPartner ? ['partner' as const] : []].flat();
  const errors: FieldErrors = kinds.length > 0 ? {} : { forCustomer: 'kindMissing' };
  const texts: AgreementTexts = {};
  for (const language of languages) {
    const schema = z.object({ [`title-${language}`]: line(200), [`body-${language}`]: lines(longestBody) });
    const names = [`title-${language}`, `body-${language}`] as const;
    const parsed = schema.safeParse(Object.fromEntries(names.map((name) => [name, form[name] ?? ''])));
    if (!parsed.success) Object.assign(errors, fieldErrors(parsed.error));
    else {
      const [title = '', body = ''] = names.map((name) => parsed.data[name]);
      if (title || body) texts[language] = { title, body };
    }
  }
  return Object.keys(errors).length > 0 ? { errors } : { draft: { kinds, texts }, errors };
}

const languagesOf = ({ texts }: AgreementDraft): string[] => Object.keys(texts).sort();

/** For the audit log; of the texts only how long they are, for the published ones stand in their own table for ever. */
const told = (draft: AgreementDraft): Record<string, unknown> => ({
  edit: draft.version,
  kinds: draft.kinds,
  ...Object.fromEntries(
    languages.flatMap((language) => [
      [`title_${language}`, draft.texts[language]?.title],
      [`characters_${language}`, draft.texts[language]?.body.length],
    ]),
  ),
});
