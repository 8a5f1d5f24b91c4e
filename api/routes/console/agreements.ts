import { z } from 'zod';
import { draftFrom, listDrafts } from '../../../db/agreement-drafts.js';
import { acceptanceCursor, findVersion, listAcceptances, listVersions } from '../../../db/agreement-versions.js';
import { recordAudit } from '../../../db/audit.js';
import { sendCsv } from '../../csv.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { maskEmail, maskName } from '../../mask.js';
import { AgreementsPage } from '../../pages/console/agreements-page.js';
import { AgreementVersionPage } from '../../pages/console/agreements-version-page.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { agreementDraftRoutes } from './agreement-drafts.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import { takeDone } from './take-done.js';
import { pathId } from './typed-text.js';

const list = '/console/agreements';
const startForm = z.strictObject({ ...formFields, from: z.uuid() });
const pageQuery = z.object({ after: z.string().regex(acceptanceCursor).optional().catch(undefined) });
const pageSize = 50;
/** Rows of an export that are in memory at a time. */
const exportSize = 1_000;

/** Agreements: what was published, who accepted it, and what will be published next. */
export function agreementRoutes(wiring: Wiring): Route[] {
  const { db } = wiring.services;

  async function showList(ctx: Context) {
    const [versions, drafts] = await Promise.all([listVersions(db), listDrafts(db)]);
    showPage(ctx, AgreementsPage, { versions, drafts, done: takeDone(ctx, wiring.secure) });
  }

  async function showVersion(ctx: Context) {
    const version = await findVersion(db, pathId(ctx));
    assertThat(version, 'notFound');
    const { after } = pageQuery.parse(ctx.query);
    const found = await listAcceptances(db, version.id, { after, limit: pageSize + 1 });
    const shown = found.slice(0, pageSize);
    const acceptances = shown.map(({ userId, email, givenName, familyName, language, acceptedAt }) => ({
      userId,
      email: maskEmail(email),
      name: maskName(givenName, familyName),
      language,
      acceptedAt: acceptedAt.toISOString(),
    }));
    const next = found.length > pageSize ? shown.at(-1)?.cursor : undefined;
    showPage(ctx, AgreementVersionPage, { version, acceptances, next, isFirst: !after });
  }

  async function startDraft(ctx: Context) {
    const { from } = bodyOf(ctx, startForm);
    const draft = await db.transaction(async (trx) => {
      const made = await draftFrom(trx, from);
      assertThat(made, 'notFound');
      const { id: subject, document, from: version } = made;
      const what = {
        action: 'agreement.drafted',
        subjectType: 'agreement',
        subject,
        after: { document, from: version },
      } as const;
      await recordAudit(trx, { ...auditOf(ctx), ...what });
      return made;
    });
    done(ctx, `${list}/drafts/${draft.id}`, 'drafted', wiring.secure);
  }

  /** With addresses and names, so it is asked for by a form, and noted who asked (security.md A15, V15). */
  async function exportAcceptances(ctx: Context) {
    const version = await findVersion(db, pathId(ctx));
    assertThat(version, 'notFound');
    const { id: subject, document, version: number, acceptances } = version;
    const what = { action: 'agreement.exported', subjectType: 'agreement', subject } as const;
    await recordAudit(db, { ...auditOf(ctx), ...what, after: { document, version: number, acceptances } });
    const head = ['email', 'given_name', 'family_name', 'language', 'accepted_at', 'document', 'version'];
    sendCsv(ctx, `${document}-${number}-acceptances`, head, acceptancePages(version));
  }

  async function* acceptancePages({ id, document, version }: { id: string; document: string; version: number }) {
    for (let after: string | undefined, size = exportSize; size === exportSize; ) {
      const rows = await listAcceptances(db, id, { after, limit: exportSize });
      yield rows.map(({ email, givenName, familyName, language, acceptedAt }) => [
        ...[email, givenName, familyName, language, acceptedAt.toISOString()],
        ...[document, String(version)],
      ]);
      size = rows.length;
      after = rows.at(-1)?.cursor;
    }
  }

  const page = { kind: 'page' } as const;
  const admin = { ...page, method: 'post', audience: 'staff-admin' } as const;
  const version = `${list}/versions/:id`;
  return [
    { ...page, method: 'get', path: list, audience: 'staff-viewer', handle: showList },
    { ...page, method: 'get', path: version, audience: 'staff-viewer', handle: showVersion },
    { ...admin, path: `${version}/export`, body: plainForm, handle: exportAcceptances },
    { ...admin, path: `${list}/drafts`, body: startForm, handle: startDraft },
    ...agreementDraftRoutes(wiring),
  ];
}
