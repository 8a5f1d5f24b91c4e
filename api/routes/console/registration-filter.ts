/** The list's filter as it is typed: in the address of the list, and in the form that retries all that match. */
import { z } from 'zod';
import type { RegistrationKind } from '../../../db/models.js';
import type { RegistrationFilter } from '../../../db/registration-list.js';
import { canonicalEmail } from '../../email-address.js';
import type { TypedFilter } from '../../pages/console/registrations-model.js';
import type { FieldErrors } from '../../pages/models.js';
import { registrationStates } from '../../registration-states.js';
import { fieldErrors } from '../registrations/schema.js';
import { line } from './typed-text.js';

/** Kinds of states besides the states themselves. */
export const stateGroups = ['open', 'attention', 'ended'] as const;
const states = [...stateGroups, ...registrationStates.map(({ name }) => name)];
const mostHours = 24 * 365 * 10;

/** Everything is text there, and empty text is none. */
export const filterFields = {
  kind: z.string().max(20).optional(),
  state: z.string().max(40).optional(),
  stuck: z.string().max(20).optional(),
  email: z.string().max(1_000).optional(),
  reference: z.string().max(100).optional(),
  company: z.string().max(1_000).optional(),
};

const oneOf = (values: string[]) => z.string().refine((value) => values.includes(value), 'invalidChoice');
const judged = z.object({
  kind: oneOf(['customer', 'partner', 'invited']).optional(),
  state: oneOf(states).optional(),
  stuck: z
    .string()
    .refine((text) => /^\d{1,6}$/.test(text) && Number(text) <= mostHours, 'invalidNumber')
    .transform(Number)
    .optional(),
  email: line(254).optional(),
  reference: line(40).optional(),
  company: line(200).optional(),
});

/** The filter, or what is wrong with it: one that is not understood must not be taken for none. */
export function judgeFilter(typed: TypedFilter): { filter: RegistrationFilter } | { errors: FieldErrors } {
  const given = Object.fromEntries(Object.entries(typed).filter(([, text]) => text?.trim()));
  const parsed = judged.safeParse(given);
  if (!parsed.success) return { errors: fieldErrors(parsed.error) };
  const { kind, stuck, email, reference, ...others } = parsed.data;
  return {
    filter: {
      ...others,
      kind: kind as RegistrationKind | undefined,
      stuckHours: stuck,
      email: email && startOfEmail(email),
      reference: reference && wholeReference(reference),
    },
  };
}

/** From the address of a page; of repeated names the last one counts. */
export function typedFilter(search: string): TypedFilter {
  const given = new URLSearchParams(search);
  return Object.fromEntries(
    Object.keys(filterFields).flatMap((name) => {
      const text = given.getAll(name).at(-1);
      return text ? [[name, text]] : [];
    }),
  );
}

/** As addresses are stored; the start of one can be brought to that form only in part. */
const startOfEmail = (typed: string): string =>
  canonicalEmail(typed) ?? typed.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** As it may be told on the phone: without dashes or the letters it starts with, in lower case, O for 0. */
function wholeReference(typed: string): string {
  const letters = typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/^RG(?=.{8}$)/, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  return letters.length === 8 ? `RG-${letters.slice(0, 4)}-${letters.slice(4)}` : typed;
}
