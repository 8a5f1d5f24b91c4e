import { z } from 'zod';
import { loadProfile } from '../../db/account-profiles.js';
import type { Context, Route } from '../http.js';
import { AccountPage } from '../pages/account/overview-page.js';
import type { AccountModel } from '../pages/models.js';
import { showPage } from '../show-page.js';
import type { Wiring } from './wiring.js';

const me = z.strictObject({
  givenName: z.string(),
  familyName: z.string(),
  email: z.string(),
  phone: z.string().optional(),
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

/** The signed-in user's own account. */
export function accountRoutes({ services: { db } }: Wiring): Route[] {
  const load = async (ctx: Context) => presentAccount(await loadProfile(db, ctx.state.user!.userId));
  return [
    {
      kind: 'page',
      method: 'get',
      path: '/account',
      audience: 'user',
      handle: async (ctx) => showPage(ctx, AccountPage, await load(ctx)),
    },
    {
      kind: 'api',
      method: 'get',
      path: '/api/v1/me',
      audience: 'user',
      summary: 'The signed-in user',
      responses: { 200: { description: 'Profile, company, permissions and consents', body: me } },
      handle: async (ctx) => {
        ctx.body = await load(ctx);
      },
    },
  ];
}

function presentAccount({ user, consents }: Awaited<ReturnType<typeof loadProfile>>): AccountModel {
  const company = (user.customer ?? user.partner)!;
  return {
    givenName: user.given_name,
    familyName: user.family_name,
    email: user.email,
    phone: user.phone ?? undefined,
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
