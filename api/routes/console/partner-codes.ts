import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import { displayedCode, keepForDisplay } from '../../../db/code-displays.js';
import type { Partner } from '../../../db/models.js';
import { createPartnerCode, findCodeById, revokeCode, rotateCode } from '../../../db/partner-codes.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { languages } from '../../i18n.js';
import { NewCodePage } from '../../pages/console/new-code-page.js';
import { showPage } from '../../show-page.js';
import { fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { buildLetter } from './code-letter.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import { lastDay } from './last-day.js';
import { isId, partnerOf, showPartner } from './partner-page.js';
import { line } from './typed-text.js';

const mostUses = 10_000;

const typedCode = z.strictObject({
  ...formFields,
  /** Of the code that is to be made: the form that is sent twice makes one. */
  codeId: z.uuid(),
  /** Id of the code that it takes the place of; label, uses and time to live are that one's then. */
  replaces: z.uuid().optional(),
  label: z.string().max(1_000).optional(),
  maxUses: z.string().max(20).optional(),
  expiresOn: z.string().max(20).optional(),
  /** Of the letter; unless given, the page's. */
  letterLanguage: z.enum(languages).optional(),
});

const newCode = z.object({
  label: line(100).optional(),
  maxUses: z
    .string()
    .default('1')
    .refine((text) => /^\s*\d{1,6}\s*$/.test(text), 'invalidNumber')
    .transform(Number)
    .refine((uses) => uses >= 1 && uses <= mostUses, 'outOfRange'),
  expiresOn: lastDay,
});

/** A partner's codes: make, replace, revoke. A code is in the answer to the form that made it, for ten minutes, and nowhere else (security.md D8). */
export function partnerCodeRoutes(wiring: Wiring): Route[] {
  const { services, publicUrl, secure } = wiring;
  const { db, keys } = services;
  const shown = { db, secure };

  async function make(ctx: Context) {
    const partner = await partnerOf(ctx, db);
    const { codeId, replaces, letterLanguage: _, ...typed } = bodyOf(ctx, typedCode);
    if (await findCodeById(db, partner.id, codeId)) return showMade(ctx, partner, codeId);
    assertThat(!partner.disabled_at, 'conflict');
    if (replaces) return replace(ctx, partner, replaces, codeId);
    const judged = newCode.safeParse(typed);
    if (!judged.success) {
      const errors = fieldErrors(judged.error);
      return showPartner(ctx, shown, { values: typed, errors, error: 'invalidFields' }, 400);
    }
    const { label, maxUses, expiresOn } = judged.data;
    const { staffId } = auditOf(ctx);
    await db.transaction(async (trx) => {
      const code = { id: codeId, partnerId: partner.id, label, maxUses, expiresAt: expiresOn, createdBy: staffId };
      const created = await createPartnerCode(trx, keys, code);
      if (!created) return; // the first of two clicks has made it
      await keepForDisplay(trx, keys, { codeId, staffId, code: created.code });
      await audit(ctx, trx, 'partnerCode.created', codeId, { after: { partner: partner.id, maxUses } });
    });
    await showMade(ctx, partner, codeId);
  }

  async function replace(ctx: Context, partner: Partner, codeId: string, newId: string) {
    const { staffId } = auditOf(ctx);
    try {
      await db.transaction(async (trx) => {
        const rotated = await rotateCode(trx, keys, { partnerId: partner.id, codeId, newId, createdBy: staffId });
        assertThat(rotated, 'staleEdit');
        await keepForDisplay(trx, keys, { codeId: newId, staffId, code: rotated.code });
        await audit(ctx, trx, 'partnerCode.rotated', codeId, { after: { replacedBy: newId } });
      });
    } catch (error) {
      // Of two clicks the second finds the old code ended, by the first.
      if (!(await findCodeById(db, partner.id, newId))) return showStale(ctx, error);
    }
    await showMade(ctx, partner, newId);
  }

  async function revoke(ctx: Context) {
    const partner = await partnerOf(ctx, db);
    const { codeId } = ctx.params;
    assertThat(isId(codeId) && (await findCodeById(db, partner.id, codeId)), 'notFound');
    try {
      await db.transaction(async (trx) => {
        assertThat(await revokeCode(trx, partner.id, codeId), 'staleEdit');
        await audit(ctx, trx, 'partnerCode.revoked', codeId, {});
      });
      done(ctx, `/console/partners/${partner.id}`, 'codeRevoked', secure);
    } catch (error) {
      await showStale(ctx, error);
    }
  }

  /** Somebody else has ended the code: the page shows how its partner's codes stand now (C19). */
  async function showStale(ctx: Context, error: unknown) {
    if (!(error instanceof RequestError) || error.code !== 'staleEdit') throw error;
    await showPartner(ctx, shown, { error: error.code }, error.status);
  }

  const audit = (ctx: Context, trx: typeof db, action: string, subject: string, changes: { after?: object }) =>
    recordAudit(trx, { ...auditOf(ctx), action, subjectType: 'partnerCode', subject, ...changes });

  async function showMade(ctx: Context, partner: Partner, codeId: string) {
    const { replaces, letterLanguage = ctx.state.language } = bodyOf(ctx, typedCode);
    const row = await findCodeById(db, partner.id, codeId);
    const code = await displayedCode(db, keys, { codeId, staffId: auditOf(ctx).staffId });
    const letter = row && code ? buildLetter(partner, row, { code, publicUrl, language: letterLanguage }) : undefined;
    const model = { codeId, partnerId: partner.id, partnerName: partner.name, letter, replaces };
    // Never from a cache, nor by going back: it would be a second time.
    ctx.set('Cache-Control', 'no-store');
    showPage(ctx, NewCodePage, model, letter ? 200 : 409);
  }

  const change = { kind: 'page', method: 'post', audience: 'staff-admin' } as const;
  const codes = '/console/partners/:id/codes';
  return [
    { ...change, path: codes, body: typedCode, handle: make },
    { ...change, path: `${codes}/:codeId/revoke`, body: plainForm, handle: revoke },
    // Where choosing another language leads from the answers to the forms.
    {
      kind: 'page',
      method: 'get',
      audience: 'staff-viewer',
      path: codes,
      handle: async (ctx) => seeOther(ctx, `/console/partners/${(await partnerOf(ctx, db)).id}`),
    },
  ];
}
