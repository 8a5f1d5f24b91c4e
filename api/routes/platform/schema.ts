import { z } from 'zod';
import { email } from '../registrations/schema.js';

const largestPage = 500;
const usualPage = 100;

/** Microseconds and id of the last row of the page before, in base64url: for nobody to take apart. */
const cursor = z
  .string()
  .max(200)
  .transform((text, context) => {
    const parts = /^(\d{1,17})\.([0-9a-f-]{36})$/.exec(Buffer.from(text, 'base64url').toString());
    if (parts && z.uuid().safeParse(parts[2]).success) return { changed: parts[1]!, id: parts[2]! };
    context.addIssue({ code: 'custom', message: 'invalid' });
    return z.NEVER;
  });

export const cursorOf = ({ changed, id }: { changed: string; id: string }) =>
  Buffer.from(`${changed}.${id}`).toString('base64url');

/** What every list takes. */
export const listQuery = z.strictObject({
  after: cursor.optional().describe('`next` of the page before'),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'invalidNumber')
    .transform(Number)
    .refine((limit) => limit <= largestPage, 'outOfRange')
    .default(usualPage)
    .describe(`At most ${largestPage}; ${usualPage} unless given`),
  changedSince: z.iso
    .datetime({ offset: true, error: 'invalidDate' })
    .transform((text) => new Date(text))
    .optional()
    .describe('Only what is new or has changed since then'),
});

export const userQuery = z.strictObject({
  ...listQuery.shape,
  customerId: z.uuid('invalid').optional().describe('Users of this customer'),
  partnerId: z.uuid('invalid').optional().describe('Users of this partner'),
  email: email.optional().describe('The user with exactly this address'),
});

const time = z.iso.datetime();
const times = { createdAt: time, changedAt: time };
const text = z.string().nullable();

export const user = z.strictObject({
  id: z.uuid(),
  email: z.string(),
  givenName: z.string(),
  familyName: z.string(),
  phone: text,
  language: z.string(),
  timeZone: z.string(),
  /** One of the two is set. */
  customerId: z.uuid().nullable(),
  partnerId: z.uuid().nullable(),
  userType: z.strictObject({ id: z.uuid(), name: z.string(), permissions: z.array(z.string()) }),
  disabledAt: time.nullable(),
  ...times,
});

const organisation = {
  id: z.uuid(),
  name: z.string(),
  street: text,
  postalCode: text,
  city: text,
  country: text,
  vatNumber: text,
};
export const customer = z.strictObject({ ...organisation, ...times });
export const partner = z.strictObject({
  ...organisation,
  parentId: z.uuid().nullable(),
  externalId: text,
  origin: z.enum(['console', 'provider', 'registration']),
  disabledAt: time.nullable(),
  ...times,
});

export const registration = z.strictObject({
  reference: z.string(),
  kind: z.string(),
  /** Null once erased: some hours after an end without an account. */
  email: text,
  state: z.string(),
  startedAt: time,
  provenAt: time.nullable(),
  expiresAt: time,
  endedAt: time.nullable(),
  userId: z.uuid().nullable(),
});

/** Texts are at `GET /api/v1/agreements` and on the pages. */
export const pendingBody = z.strictObject({
  items: z.array(
    z.strictObject({
      versionId: z.uuid(),
      document: z.enum(['terms', 'privacy']),
      version: z.int(),
      /** In which the user would be shown it. */
      language: z.string(),
      title: z.string(),
    }),
  ),
});

export const pageOf = (item: z.ZodObject) =>
  z.strictObject({
    items: z.array(item),
    /** Goes on as `after`; null on the last page. */
    next: z.string().nullable(),
  });
