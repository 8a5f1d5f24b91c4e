import type { Account } from 'oidc-provider';
import type { Database } from '../../db/connection.js';
import { findSignInAccount, type SignInAccount } from '../../db/sign-in-accounts.js';

/** What an application is told for each scope it may ask for; docs/sign-in.md explains them. */
export const claimsOfScopes = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'locale', 'zoneinfo'],
  email: ['email', 'email_verified'],
  phone: ['phone_number'],
  organisation: ['organisation', 'user_type', 'permissions'],
};

/** The user as the provider knows them; none for who is disabled, so that no token is made, refreshed or answered. */
export async function findAccount(db: Database, userId: string): Promise<Account | undefined> {
  const user = await findSignInAccount(db, userId);
  return user && { accountId: user.id, claims: async () => presentClaims(user) };
}

/** All there is; the provider hands on what the scopes allow. */
const presentClaims = (user: SignInAccount) => ({
  sub: user.id,
  name: `${user.given_name} ${user.family_name}`,
  given_name: user.given_name,
  family_name: user.family_name,
  locale: user.language,
  zoneinfo: user.time_zone,
  email: user.email,
  // Nobody has an account without having proven the mailbox.
  email_verified: true,
  ...(user.phone ? { phone_number: user.phone } : {}),
  organisation: { id: user.organisation_id, name: user.organisation_name, kind: user.kind },
  user_type: user.user_type,
  permissions: user.permissions,
});
