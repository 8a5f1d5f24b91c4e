import { z } from 'zod';
import type { Profile } from '../../../db/account-profiles.js';
import type { AccountModel } from '../../pages/models.js';

/** The signed-in user as the API tells. */
export const me = z.strictObject({
  id: z.uuid(),
  givenName: z.string(),
  familyName: z.string(),
  email: z.string(),
  phone: z.string().optional(),
  language: z.string(),
  /** IANA name. */
  timeZone: z.string(),
  /** To be sent along with a change. */
  version: z.int(),
  company: z.strictObject({
    name: z.string(),
    street: z.string().optional(),
    postalCode: z.string().optional(),
    city: z.string().optional(),
    country: z.string().optional(),
    vatNumber: z.string().optional(),
  }),
  userType: z.string(),
  permissions: z.array(z.string()),
  consents: z.array(
    z.strictObject({
      document: z.enum(['terms', 'privacy']),
      version: z.int(),
      versionId: z.uuid(),
      language: z.string(),
      acceptedAt: z.iso.datetime(),
    }),
  ),
});

export function presentAccount({ user, consents }: Profile): AccountModel & z.infer<typeof me> {
  const company = (user.customer ?? user.partner)!;
  return {
    id: user.id,
    givenName: user.given_name,
    familyName: user.family_name,
    email: user.email,
    phone: user.phone ?? undefined,
    language: user.language,
    timeZone: user.time_zone,
    version: user.profile_version,
    company: {
      name: company.name,
      street: company.street ?? undefined,
      postalCode: company.postal_code ?? undefined,
      city: company.city ?? undefined,
      country: company.country ?? undefined,
      vatNumber: company.vat_number ?? undefined,
    },
    userType: user.userType.name,
    permissions: user.userType.permissions,
    consents,
  };
}
