import { z } from 'zod';
import type { OrganisationKind } from '../../../db/models.js';
import { ownPermissions } from '../../../db/permissions.js';
import type { FieldErrors } from '../../pages/models.js';
import { fieldErrors } from '../registrations/schema.js';
import { formFields } from './console-request.js';
import { line, lines } from './typed-text.js';

const mostOwn = Math.max(...Object.values(ownPermissions).map((codes) => codes.length));
/** Codes that the platform beside this service understands. */
const permissionCode = /^[a-z][a-z0-9_.:-]{1,63}$/;
const mostPermissions = 200;

/** A box for each of the own permissions, in their order: `own0`, `own1`, … */
const ownBoxes = Object.fromEntries(
  Array.from({ length: mostOwn }, (_, index) => [`own${index}`, z.literal('on').optional()]),
);
export const userTypeForm = z.strictObject({
  ...formFields,
  name: z.string().max(1_000).optional(),
  other: z.string().max(20_000).optional(),
  ...ownBoxes,
});
export type UserTypeForm = Partial<Record<string, string>>;

const texts = z.object({
  name: line(80).refine((text) => text !== '', 'required'),
  other: lines(20_000),
});

/** Name and permissions, each permission once, or what is wrong with them. */
export function parseUserType(
  kind: OrganisationKind,
  form: UserTypeForm,
): { fields?: { name: string; permissions: string[] }; errors: FieldErrors } {
  const parsed = texts.safeParse({ name: form.name ?? '', other: form.other ?? '' });
  if (!parsed.success) return { errors: fieldErrors(parsed.error) };
  const typed = parsed.data.other
    .split('\n')
    .map((code) => code.trim())
    .filter(Boolean);
  const own: readonly string[] = ownPermissions[kind];
  const elsewhere: string[] = Object.values(ownPermissions).flat();
  if (!typed.every((code) => permissionCode.test(code))) return { errors: { other: 'permissionInvalid' } };
  if (typed.some((code) => elsewhere.includes(code) && !own.includes(code)))
    return { errors: { other: 'permissionOfOtherKind' } };
  if (typed.length > mostPermissions) return { errors: { other: 'tooManyPermissions' } };
  const ticked = own.filter((_, index) => form[`own${index}`]);
  return { fields: { name: parsed.data.name, permissions: [...new Set([...ticked, ...typed])] }, errors: {} };
}
