/** A partner's page, which is shown after every change of the partner or of its codes. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../../../db/connection.js';
import type { Partner } from '../../../db/models.js';
import { type CodeSummary, listCodes } from '../../../db/partner-codes.js';
import { findPartner, type PartnerUser, partnerChoices, partnerUsers } from '../../../db/partners.js';
import { assertThat } from '../../errors.js';
import { dateFormat } from '../../formats.js';
import type { Context } from '../../http.js';
import { maskEmail } from '../../mask.js';
import { type PartnerModel, PartnerPage } from '../../pages/console/partners-detail.js';
import type { PartnerPickerModel } from '../../pages/console/partners-picker.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { dayAhead } from './last-day.js';
import { takeDone } from './take-done.js';

/** Users and codes on a partner's page, newest first. */
const mostShown = 100;
/** Partners in a list to choose from. */
const mostChoices = 50;
/** Days until a new code expires, unless somebody says otherwise. */
const usualCodeDays = 90;

/** The partner that a request's path names. */
export async function partnerOf(ctx: Context, db: Database): Promise<Partner> {
  const { id } = ctx.params;
  assertThat(isId(id), 'notFound');
  const partner = await findPartner(db, id);
  assertThat(partner, 'notFound');
  return partner;
}

export const isId = (text: unknown): text is string => z.uuid().safeParse(text).success;

interface Shown {
  values?: Record<string, string | undefined>;
  errors?: FieldErrors;
  error?: string;
}

export async function showPartner(
  ctx: Context,
  { db, secure }: { db: Database; secure: boolean },
  { values = {}, errors = {}, error }: Shown = {},
  status = 200,
): Promise<void> {
  const partner = await partnerOf(ctx, db);
  const [codes, { users, total }, parent] = await Promise.all([
    listCodes(db, partner.id, mostShown),
    partnerUsers(db, partner.id, mostShown),
    partner.parent_id ? findPartner(db, partner.parent_id) : undefined,
  ]);
  const model: PartnerModel = {
    ...presentPartner(partner),
    parent: parent && { id: parent.id, name: parent.name },
    users: users.map(presentUser),
    userTotal: total,
    codes: codes.map((code) => presentCode(code, ctx.state.language)),
    newCodeId: randomUUID(),
    defaultExpiry: dayAhead(usualCodeDays),
    values,
    errors,
    error,
    done: status === 200 ? takeDone(ctx, secure) : undefined,
  };
  showPage(ctx, PartnerPage, model, status);
}

/** What stands in the place of an external id where a provider gives none; it says nothing to people. */
export const isMadeUpId = (id: string | null | undefined): boolean => id?.startsWith('code:') ?? false;
export const shownId = ({ external_id: id }: Partner): string | null => (isMadeUpId(id) ? null : id);

const presentPartner = (partner: Partner) => ({
  id: partner.id,
  name: partner.name,
  street: partner.street,
  postalCode: partner.postal_code,
  city: partner.city,
  country: partner.country,
  vatNumber: partner.vat_number,
  externalId: shownId(partner),
  origin: partner.origin,
  createdAt: partner.created_at.toISOString(),
  disabledAt: partner.disabled_at?.toISOString(),
});

const presentUser = ({ id, email, userType, codeLabel, disabled_at, created_at }: PartnerUser) => ({
  id,
  email: maskEmail(email),
  userType,
  codeLabel,
  disabled: disabled_at !== null,
  since: created_at.toISOString(),
});

const presentCode = (code: CodeSummary, language: string) => ({
  id: code.id,
  label: code.label,
  uses: code.uses,
  maxUses: code.max_uses,
  state: code.state,
  createdAt: code.created_at.toISOString(),
  lastUsedAt: code.last_used_at?.toISOString(),
  lastDay: code.expires_at ? dayInWords(code.expires_at, language) : undefined,
  newCodeId: randomUUID(),
});

const dayInWords = (at: Date, language: string) =>
  dateFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(at);

/** Partners to choose from whose names begin with what was searched for, the chosen one among them. */
export async function loadPicker(db: Database, search = '', chosen?: string): Promise<PartnerPickerModel> {
  const prefix = search.trim().normalize('NFC');
  const known = isId(chosen) ? chosen : undefined;
  const choices = await partnerChoices(db, { prefix, chosen: known, limit: mostChoices + 1 });
  return {
    choices: choices.slice(0, mostChoices),
    more: choices.length > mostChoices || prefix !== '',
    search: prefix || undefined,
  };
}
