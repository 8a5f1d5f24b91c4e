import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import {
  changePartner,
  createPartner,
  disablePartner,
  enablePartner,
  findPartner,
  isExternalIdTaken,
  listPartners,
  type PartnerValues,
  partnerVersion,
  wouldBeCircular,
} from '../../../db/partners.js';
import { assertThat, RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { PartnersPage } from '../../pages/console/partners.js';
import { PartnerFormPage } from '../../pages/console/partners-form.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { countries } from '../registrations/countries.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, plainForm } from './console-request.js';
import { differences } from './differences.js';
import { judgePartner, type TypedPartner, typedFrom, typedPartner } from './partner-form.js';
import { isMadeUpId, loadPicker, partnerOf, showPartner } from './partner-page.js';
import { searchText } from './typed-text.js';

/** Partners on one page of the list. */
const pageSize = 50;
const listQuery = z.object({
  name: searchText,
  after: z.uuid().optional().catch(undefined),
});

/** Partner organisations: list, detail, create, edit, disable and enable. Only admins change (security.md A15). */
export function partnerRoutes({ services: { db }, secure }: Wiring): Route[] {
  async function showList(ctx: Context) {
    const { name: prefix, after } = listQuery.parse(ctx.query);
    // One more than is shown, to see whether there is a next page.
    const found = await listPartners(db, { prefix, after, limit: pageSize + 1 });
    const shown = found.slice(0, pageSize);
    const partners = shown.map(({ disabled_at, ...partner }) => ({ ...partner, disabled: disabled_at !== null }));
    const next = found.length > pageSize ? shown.at(-1)?.id : undefined;
    showPage(ctx, PartnersPage, { prefix, partners, next, later: after !== undefined });
  }

  interface Shown {
    id?: string;
    version?: string;
    values?: Record<string, string | undefined>;
    errors?: FieldErrors;
    error?: string;
    search?: string;
  }

  async function showForm(ctx: Context, shown: Shown, status = 200) {
    const { values = {}, errors = {}, search } = shown;
    const picker = await loadPicker(db, search, values.parentId);
    const choices = picker.choices.filter(({ id }) => id !== shown.id);
    const list = countries(ctx.state.language);
    const error = shown.error ?? (Object.keys(errors).length > 0 ? 'invalidFields' : undefined);
    const model = { ...shown, values, errors, error, countries: list, picker: { ...picker, choices } };
    showPage(ctx, PartnerFormPage, model, status);
  }

  /** Judges what was typed, shows it again with what is wrong, or hands what is right to `save`. */
  async function submit(ctx: Context, id: string | undefined, save: (values: PartnerValues) => Promise<FieldErrors>) {
    const typed = bodyOf(ctx, typedPartner);
    const { formToken, action, parentIdSearch: search, version, ...values } = typed;
    const shown = { id, version, values, search };
    if (action === 'find') return showForm(ctx, shown);
    const judged = judgePartner(typed);
    const errors = 'errors' in judged ? judged.errors : await trySave(judged.values, save);
    if (Object.keys(errors).length > 0) return showForm(ctx, { ...shown, errors }, 400);
  }

  async function trySave(values: PartnerValues, save: (values: PartnerValues) => Promise<FieldErrors>) {
    if (values.parent_id && !(await findPartner(db, values.parent_id))) return { parentId: 'invalidChoice' };
    return save(values).catch((error) => {
      if (isExternalIdTaken(error)) return { externalId: 'externalIdTaken' };
      throw error;
    });
  }

  const create = (ctx: Context) =>
    submit(ctx, undefined, async (values) => {
      const id = await db.transaction(async (trx) => {
        const partner = await createPartner(trx, values);
        const entry = { action: 'partner.created', subjectType: 'partner', subject: partner.id } as const;
        await recordAudit(trx, { ...auditOf(ctx), ...entry, after: values });
        return partner.id;
      });
      done(ctx, `/console/partners/${id}`, 'partnerCreated', secure);
      return {};
    });

  async function showEdit(ctx: Context) {
    const partner = await partnerOf(ctx, db);
    await showForm(ctx, { id: partner.id, version: partnerVersion(partner), values: typedFrom(partner) });
  }

  async function edit(ctx: Context) {
    const stored = await partnerOf(ctx, db);
    const { id } = stored;
    const { version = '' }: TypedPartner = bodyOf(ctx, typedPartner);
    const save = (typed: PartnerValues) =>
      db.transaction(async (trx): Promise<FieldErrors> => {
        // One that is not shown stays: by it the provider's answer finds this partner again.
        const kept = isMadeUpId(stored.external_id) ? stored.external_id : null;
        const values = { ...typed, external_id: typed.external_id ?? kept };
        if (values.parent_id && (await wouldBeCircular(trx, id, values.parent_id)))
          return { parentId: 'partnerUnderItself' };
        const before = await changePartner(trx, id, version, values);
        assertThat(before, 'staleEdit');
        const changed = differences({ ...before.toJSON() }, values);
        const entry = { action: 'partner.changed', subjectType: 'partner', subject: id } as const;
        if (changed) await recordAudit(trx, { ...auditOf(ctx), ...entry, ...changed });
        return {};
      });
    try {
      await submit(ctx, id, async (values) => {
        const errors = await save(values);
        if (Object.keys(errors).length === 0) done(ctx, `/console/partners/${id}`, 'partnerSaved', secure);
        return errors;
      });
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'staleEdit') throw error;
      const newest = await partnerOf(ctx, db);
      const shown = { id, version: partnerVersion(newest), values: typedFrom(newest), error: error.code };
      await showForm(ctx, shown, error.status);
    }
  }

  /** Said twice it is done once, and written down once. */
  async function setDisabled(ctx: Context, disabled: boolean) {
    const { id } = await partnerOf(ctx, db);
    await db.transaction(async (trx) => {
      const changed = disabled ? await disablePartner(trx, id) : await enablePartner(trx, id);
      if (!changed) return;
      const action = disabled ? 'partner.disabled' : 'partner.enabled';
      await recordAudit(trx, { ...auditOf(ctx), action, subjectType: 'partner', subject: id });
    });
    done(ctx, `/console/partners/${id}`, disabled ? 'partnerDisabled' : 'partnerEnabled', secure);
  }

  const page = { kind: 'page' } as const;
  const read = { ...page, method: 'get', audience: 'staff-viewer' } as const;
  const change = { ...page, method: 'post', audience: 'staff-admin' } as const;
  const one = '/console/partners/:id';
  return [
    { ...read, path: '/console/partners', handle: showList },
    { ...read, audience: 'staff-admin', path: '/console/partners/new', handle: (ctx) => showForm(ctx, {}) },
    { ...change, path: '/console/partners/new', body: typedPartner, handle: create },
    { ...read, path: one, handle: (ctx) => showPartner(ctx, { db, secure }) },
    { ...read, audience: 'staff-admin', path: `${one}/edit`, handle: showEdit },
    { ...change, path: `${one}/edit`, body: typedPartner, handle: edit },
    { ...change, path: `${one}/disable`, body: plainForm, handle: (ctx) => setDisabled(ctx, true) },
    { ...change, path: `${one}/enable`, body: plainForm, handle: (ctx) => setDisabled(ctx, false) },
  ];
}
