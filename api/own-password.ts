import { loadProfile } from '../db/account-profiles.js';
import { changePassword } from '../db/passwords.js';
import { loadSettings } from '../db/registrations.js';
import { setSessionCookie } from './cookies.js';
import { assertThat } from './errors.js';
import type { Context } from './http.js';
import { assertOwnPassword } from './login.js';
import { handNotice } from './outbox.js';
import { hashPassword, passwordProblem } from './passwords.js';
import type { Services } from './registrations.js';
import { makeSessionToken } from './sessions.js';

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
}

/**
 * Changes the signed-in user's password, ends their other sessions and gives this one a new token (security.md P8, S2).
 * Returns the field error of a password they must not have; rejects when the current one is wrong.
 */
export async function changeOwnPassword(
  services: Services,
  ctx: Context,
  { currentPassword, newPassword }: PasswordChange,
  { secure, mailDomain }: { secure: boolean; mailDomain: string },
): Promise<string | undefined> {
  const { db, keys } = services;
  const session = ctx.state.user!;
  const oldHash = await assertOwnPassword(services, ctx, session, currentPassword);
  const problem = newPassword === currentPassword ? 'passwordUnchanged' : await problemOf(services, ctx, newPassword);
  if (problem) return problem;
  const { token, tokenHash } = makeSessionToken();
  const change = {
    userId: session.userId,
    oldHash,
    passwordHash: await hashPassword(newPassword),
    mailDomain,
    session: { id: session.sessionId, tokenHash },
  };
  const noticeId = await db.transaction((trx) => changePassword(trx, keys, change));
  // Another device has changed it, or ended this session, since the password was checked.
  assertThat(noticeId, 'conflict');
  setSessionCookie(ctx, token, { secure, remembered: session.remembered });
  await handNotice(services, noticeId);
  return undefined;
}

async function problemOf({ db }: Services, ctx: Context, newPassword: string): Promise<string | undefined> {
  if (!newPassword) return 'required';
  const [{ password_minimum }, { user }] = await Promise.all([
    loadSettings(db),
    loadProfile(db, ctx.state.user!.userId),
  ]);
  const words = [(user.customer ?? user.partner)?.name, user.given_name, user.family_name, user.email.split('@')[0]];
  return passwordProblem(newPassword, password_minimum, words);
}
