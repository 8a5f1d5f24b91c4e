import type { Context } from '../http.js';
import { assertOwnPassword, assertOwnStaffPassword } from '../login.js';
import type { Services } from '../registrations.js';
import { confirmSession } from '../sessions.js';
import { type Realm, sessionOf } from './realm.js';

/** Takes the current password as proof that the person at the screen is still the one who logged in. */
export async function confirmByPassword(
  services: Services,
  ctx: Context,
  realm: Realm,
  password: string,
): Promise<void> {
  const { tokenHash } = sessionOf(ctx, realm);
  const { user, staff } = ctx.state;
  if (realm.name === 'user') await assertOwnPassword(services, ctx, user!, password);
  else await assertOwnStaffPassword(services, ctx, staff!, password);
  await confirmSession(services.db, realm.table, tokenHash);
}
