import {
  applyEmailChange,
  createEmailChange,
  type EmailChangeOutcome,
  findEmailChange,
  type PresentedEmailChange,
} from '../db/email-changes.js';
import { assertThat, RequestError } from './errors.js';
import type { Context } from './http.js';
import { assertOwnPassword } from './login.js';
import { maskEmail } from './mask.js';
import { handNotice } from './outbox.js';
import type { Services } from './registrations.js';

/** Seconds after which a limit on mails to one mailbox has room again, in the shortest case. */
const mailPause = 60;

/**
 * Notes the signed-in user's new address and mails a link to it; the same answer whether the address has an account or not.
 * Rejects when the password is wrong, or too many mails went to the new mailbox.
 */
export async function askForEmailChange(
  services: Services,
  ctx: Context,
  { newEmail, password }: { newEmail: string; password: string },
  mailDomain: string,
): Promise<void> {
  const { db, keys, limits } = services;
  const user = ctx.state.user!;
  assertThat(newEmail !== user.email, 'invalidFields', { fields: { newEmail: 'emailUnchanged' } });
  await assertOwnPassword(services, ctx, user, password);
  assertThat(await limits.mayMail(newEmail), 'tooManyAttempts', { retryAfter: mailPause });
  const asked = { userId: user.userId, newEmail, masked: maskEmail(newEmail), mailDomain };
  const noticeIds = await db.transaction((trx) => createEmailChange(trx, keys, asked));
  await Promise.all(noticeIds.map((id) => handNotice(services, id)));
}

/** What a link changes; undefined for anything that is no link, counted by source (security.md T11, T13). */
export async function presentEmailChange(
  { db, keys, limits }: Services,
  token: string,
  source: string,
): Promise<PresentedEmailChange | undefined> {
  const change = /^[\w-]{43}$/.test(token) ? await findEmailChange(db, keys, token) : undefined;
  if (!change) await limits.consume('wrongLinksPerSource', source);
  return change;
}

/** Whether the link is opened by its user: then nothing is asked but the click. */
export const isOwn = (ctx: Context, change: PresentedEmailChange): boolean => ctx.state.user?.userId === change.userId;

/**
 * Confirms with the link, and with the password unless its user is logged in here: a mistyped address would otherwise
 * make a stranger's mailbox the way into the account.
 */
export async function confirmEmailChange(
  services: Services,
  ctx: Context,
  change: PresentedEmailChange,
  { token, password, mailDomain }: { token: string; password?: string; mailDomain: string },
): Promise<EmailChangeOutcome['kind']> {
  if (!isOwn(ctx, change)) {
    if (!password) throw new RequestError('wrongPassword');
    await assertOwnPassword(services, ctx, change, password);
  }
  const masked = maskEmail(change.newEmail);
  const outcome = await applyEmailChange(services.db, services.keys, { ...change, token, masked, mailDomain });
  if (outcome.kind === 'done') await handNotice(services, outcome.noticeId);
  return outcome.kind;
}
