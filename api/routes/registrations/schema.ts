import { z } from 'zod';
import { canonicalEmail } from '../../email-address.js';
import type { FieldErrors } from '../../pages/models.js';
import { type Asked, longestCode } from '../../registration-forms.js';
import { isCountry } from './countries.js';

/** NUL and other controls, lone surrogates, text direction overrides, zero-width characters (security.md V9, V10). */
const unwanted = /[\p{Cc}\p{Cs}\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/u;

/** One line a person typed; trimmed, NFC. The messages are codes of the catalogues (`fieldErrors.<code>`). */
const line = (most: number) =>
  z
    .string({ error: 'required' })
    .refine((text) => !unwanted.test(text), 'invalidCharacters')
    .transform((text) => text.trim().normalize('NFC'))
    .refine((text) => [...text].length <= most, 'tooLong');

const requiredLine = (most: number) => line(most).refine((text) => text !== '', 'required');
const optionalLine = (most: number) =>
  line(most)
    .optional()
    .transform((text) => text || undefined);

const phone = optionalLine(40)
  .transform((text) => text?.replace(/[\s()./-]/g, '').replace(/^00/, '+'))
  .refine((text) => text === undefined || /^\+[1-9]\d{6,14}$/.test(text), 'invalidPhone');

const vatNumber = optionalLine(40)
  .transform((text) => text?.replace(/[\s.-]/g, '').toUpperCase())
  .refine((text) => text === undefined || /^[A-Z0-9]{4,20}$/.test(text), 'invalidVatNumber');

export const email = z.string({ error: 'required' }).transform((typed, context) => {
  const canonical = canonicalEmail(typed);
  if (canonical) return canonical;
  context.addIssue({ code: 'custom', message: typed.trim() === '' ? 'required' : 'invalidEmail' });
  return z.NEVER;
});

/** Of an organisation, as it is registered and as its administrators change it. */
export const company = {
  companyName: requiredLine(200),
  companyStreet: requiredLine(200),
  companyPostalCode: requiredLine(20),
  companyCity: requiredLine(100),
  companyCountry: requiredLine(2).refine(isCountry, 'invalidCountry'),
  companyVatNumber: vatNumber,
};
export const person = { givenName: requiredLine(100), familyName: requiredLine(100), phone };
/** Of a person whose company is there already: an administrator of it, and who asks. */
export const joinForm = z.object({
  administratorEmail: email,
  givenName: requiredLine(100),
  familyName: requiredLine(100),
});
const code = { partnerCode: requiredLine(longestCode) };

/** Of a person whose company is not known yet. */
export const answers = z.object({ ...company, ...person });
const ofPartner = z.object({ ...code, ...person });
const ofInvited = z.object(person);

/** The answers of a registration page that is submitted; lengths in code points (security.md V12). */
export const answersFor = (asked: Asked) => ({ company: answers, code: ofPartner, nothing: ofInvited })[asked];

/** The answers as far as they are typed: bounded and clean, nothing required. Closed: nothing else is ever taken. */
export const draft = z.strictObject(
  Object.fromEntries(
    Object.keys({ ...company, ...person, ...code }).map((field) => [field, line(200).optional()]),
  ) as Record<keyof typeof company | keyof typeof person | keyof typeof code, z.ZodOptional<ReturnType<typeof line>>>,
);

export const kind = z.enum(['customer', 'partner']);
const password = z.string({ error: 'required' }).min(1, 'required').max(4_096, 'passwordTooLong');

export const start = z.strictObject({
  email,
  /** Only preselects; the page that the link opens decides. */
  kind: kind.optional(),
  language: z.enum(['en', 'de']).optional(),
});

export const submission = z.strictObject({
  /** `customer` unless given. */
  kind: kind.optional(),
  /** A customer's, and a partner's without code: company and person. A partner's with code: `partnerCode` and person. */
  answers: draft,
  password,
  /** Versions of the agreements that the person accepts, as `GET …/{token}` gave them. */
  accepted: z.array(z.uuid()).max(10),
  language: z.enum(['en', 'de']).optional(),
});

/** The registration page's form: everything arrives as a string and is judged field by field. */
export const submissionForm = z.strictObject({
  kind: kind.optional(),
  ...Object.fromEntries(Object.keys(draft.shape).map((field) => [field, z.string().optional()])),
  password: z.string().optional(),
  terms: z.string().optional(),
  privacy: z.string().optional(),
  idempotencyKey: z.string().max(100).optional(),
  action: z.enum(['save', 'submit', 'switch']).optional(),
  formToken: z.string().optional(),
});

/** Code of the first fault of each field, by the field's name; of a fault in the whole object, by "". */
export function fieldErrors(error: z.ZodError): FieldErrors {
  const errors: FieldErrors = {};
  for (const { path, message, ...issue } of error.issues) {
    // An unknown field is named itself; of a list, the list is named and not the position in it.
    const fields = issue.code === 'unrecognized_keys' ? issue.keys : [String(path.findLast(isName) ?? '')];
    for (const field of fields) errors[field] ??= isCode(message) ? message : 'invalid';
  }
  return errors;
}

const isName = (key: PropertyKey) => typeof key === 'string';
/** Our own codes are one word; zod's own sentences are for developers and change with its versions. */
const isCode = (message: string) => /^[a-zA-Z]+$/.test(message);
