import { z } from 'zod';

/** What is known of a partner; nothing else of an answer is ever taken, a role least of all (security.md F5). */
export const partnerFields = ['name', 'street', 'postalCode', 'city', 'country', 'vatNumber', 'externalId'] as const;

export type PartnerField = (typeof partnerFields)[number];

/** Only what was there and usable. */
export type Partner = Partial<Record<PartnerField, string>>;

const longestPath = 200;
const mostSteps = 8;
/** They would be read as own properties only, but nobody means them. */
const suspicious = new Set(['__proto__', 'prototype', 'constructor']);

const path = z
  .string({ error: 'required' })
  .trim()
  .min(1, 'required')
  .max(longestPath, 'tooLong')
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && isPath(text.split('.')), 'invalidPath');

const isPath = (steps: string[]) =>
  steps.length <= mostSteps && steps.every((step) => step !== '' && !suspicious.has(step));

const optionalPath = z
  .union([z.literal(''), path], { error: 'invalidPath' })
  .optional()
  .transform((text) => text || undefined);

/** For each of our fields, where an answer has it: a name, or names joined by dots such as `address.city`. */
export const mappingGuard = z.strictObject({
  name: path,
  street: optionalPath,
  postalCode: optionalPath,
  city: optionalPath,
  country: optionalPath,
  vatNumber: optionalPath,
  externalId: optionalPath,
});

export type PartnerMapping = { name: string } & Partial<Record<PartnerField, string | undefined>>;

/** Takes from an answer what the mapping names; `missing` are the mapped fields for which it has nothing usable. */
export function mapPartner(
  record: Record<string, unknown>,
  mapping: PartnerMapping,
): { partner: Partner; missing: PartnerField[] } {
  const partner: Partner = {};
  const missing: PartnerField[] = [];
  for (const field of partnerFields) {
    const path = mapping[field];
    if (path === undefined) continue;
    const value = readers[field](readPath(record, path));
    if (value) partner[field] = value;
    else missing.push(field);
  }
  return { partner, missing };
}

/** Own properties only. A name that is there as it stands wins: the columns of a list may have dots in them. */
function readPath(record: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path];
  let value: unknown = record;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** Lengths in code points, as in the registration form. */
const text = (most: number) => (value: unknown) => (typeof value === 'string' ? clean(value, most) : undefined);

/** Numbers are what some providers make of ids and postal codes. */
const textOrNumber = (most: number) => (value: unknown) => text(most)(Number.isSafeInteger(value) ? `${value}` : value);

const readers: Record<PartnerField, (value: unknown) => string | undefined> = {
  name: text(200),
  street: text(200),
  postalCode: textOrNumber(20),
  city: text(100),
  country: (value) => matching(/^[A-Z]{2}$/, text(200)(value)?.toUpperCase()),
  vatNumber: (value) =>
    matching(
      /^[A-Z0-9]{4,20}$/,
      text(200)(value)
        ?.replace(/[\s.-]/g, '')
        .toUpperCase(),
    ),
  externalId: textOrNumber(100),
};

const matching = (pattern: RegExp, value?: string) => (value !== undefined && pattern.test(value) ? value : undefined);

/** NUL and other controls, lone surrogates, text direction overrides, zero-width characters (security.md V9, V10). */
const unwanted = /[\p{Cc}\p{Cs}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/gu;

/** One line; what separated words in the answer still does. */
function clean(value: string, most: number): string {
  const line = value
    .replace(/[\t-\r\u0085\u2028\u2029]/g, ' ')
    .replace(unwanted, '')
    .replace(/\s+/g, ' ')
    .normalize('NFC');
  return [...line.trim()].slice(0, most).join('').trim();
}
