/** What is typed into the form of a partner, and what of it is right. */
import { z } from 'zod';
import type { Partner } from '../../../db/models.js';
import type { PartnerValues } from '../../../db/partners.js';
import type { FieldErrors } from '../../pages/models.js';
import { isCountry } from '../registrations/countries.js';
import { fieldErrors } from '../registrations/schema.js';
import { formFields } from './console-request.js';
import { isId, isMadeUpId, shownId } from './partner-page.js';
import { line } from './typed-text.js';

const shortText = z.string().max(1_000).optional();

/** As it arrives; judged field by field, so that the page can show what is wrong beside what was typed. */
export const typedPartner = z.strictObject({
  ...formFields,
  name: shortText,
  street: shortText,
  postalCode: shortText,
  city: shortText,
  country: shortText,
  vatNumber: shortText,
  externalId: shortText,
  parentId: shortText,
  parentIdSearch: shortText,
  version: shortText,
  action: z.enum(['save', 'find']).optional(),
});
export type TypedPartner = z.output<typeof typedPartner>;

const optional = (most: number) =>
  line(most)
    .optional()
    .transform((text) => text || undefined);

const partner = z.object({
  name: line(200).refine((text) => text !== '', 'required'),
  street: optional(200),
  postalCode: optional(20),
  city: optional(100),
  country: optional(2).refine((code) => code === undefined || isCountry(code), 'invalidCountry'),
  vatNumber: optional(40)
    .transform((text) => text?.replace(/[\s.-]/g, '').toUpperCase())
    .refine((text) => text === undefined || /^[A-Z0-9]{4,20}$/.test(text), 'invalidVatNumber'),
  externalId: optional(100).refine((text) => !isMadeUpId(text), 'invalid'),
  parentId: optional(40).refine((text) => text === undefined || isId(text), 'invalidChoice'),
});

/** What was typed as it is stored, or what is wrong with it by the field's name. */
export function judgePartner(typed: TypedPartner): { values: PartnerValues } | { errors: FieldErrors } {
  const judged = partner.safeParse({ ...typed, name: typed.name ?? '' });
  if (!judged.success) return { errors: fieldErrors(judged.error) };
  const { name, street = null, postalCode = null, city = null, country = null, ...rest } = judged.data;
  const { vatNumber = null, externalId = null, parentId = null } = rest;
  const ids = { vat_number: vatNumber, external_id: externalId, parent_id: parentId };
  return { values: { name, street, postal_code: postalCode, city, country, ...ids } };
}

/** The form's fields as a stored partner fills them. */
export const typedFrom = (row: Partner): Record<string, string | undefined> => ({
  name: row.name,
  street: row.street ?? undefined,
  postalCode: row.postal_code ?? undefined,
  city: row.city ?? undefined,
  country: row.country ?? undefined,
  vatNumber: row.vat_number ?? undefined,
  externalId: shownId(row) ?? undefined,
  parentId: row.parent_id ?? undefined,
});
