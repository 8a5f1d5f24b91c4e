import { loadProfile } from '../../../db/account-profiles.js';
import type { Context, Route } from '../../http.js';
import { AccountPage } from '../../pages/account/overview-page.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { agreementsRoutes } from './agreements.js';
import { dataRoutes } from './data.js';
import { me, presentAccount } from './present.js';
import { profileRoutes } from './profile.js';

/** The signed-in user's own account. */
export function accountRoutes(wiring: Wiring): Route[] {
  const { db } = wiring.services;
  const load = async (ctx: Context) => presentAccount(await loadProfile(db, ctx.state.user!.userId));

  const page = { kind: 'page', method: 'get', audience: 'user' } as const;
  return [
    { ...page, path: '/account', handle: async (ctx) => showPage(ctx, AccountPage, await load(ctx)) },
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
    ...profileRoutes(wiring),
    ...agreementsRoutes(wiring),
    ...dataRoutes(wiring),
  ];
}
