import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { isEmailTaken } from './accounts.js';
import { insertNotice, withdrawNotices } from './notices.js';
import { enabledUser } from './passwords.js';
import type { SecretKeys } from './secret-keys.js';

/** Hours in which a new address can be proven. */
const lifetimeHours = 24;
/** Keeps the hashes of these links apart from those of every other link (security.md T3). */
const purpose = 'email-change';
const template = 'email-change';

export interface AskedEmailChange {
  userId: string;
  /** Canonical. */
  newEmail: string;
  /** As the mail to the old address shows it. */
  masked: string;
  mailDomain: string;
}

/**
 * Notes a new address and mails its link to it; the old one stays, and is told once. To an address that has an account goes
 * a mail that says so, and nobody else learns it (security.md C18, E1). Asked again, the link before dies. Returns the
 * mails' ids; none when the user is gone.
 */
export async function createEmailChange(trx: Knex.Transaction, keys: SecretKeys, asked: AskedEmailChange) {
  const { userId, newEmail, masked, mailDomain } = asked;
  const user = await trx('users').where({ id: userId }).forUpdate().first('email', 'language');
  if (!user) return [];
  const before = await trx('email_changes').where({ user_id: userId }).first('new_email');
  if (before) await withdrawNotices(trx, template, before.new_email);
  const taken = await trx('users').where({ email: newEmail }).first('id');
  const token = randomBytes(32).toString('base64url');
  await trx('email_changes')
    .insert({
      user_id: userId,
      new_email: newEmail,
      token_hash: keys.hash(purpose, token),
      expires_at: trx.raw('now() + make_interval(hours => ?)', [lifetimeHours]),
    })
    .onConflict('user_id')
    .merge();
  const mail = { language: user.language, mailDomain };
  const proof = taken
    ? await insertNotice(trx, keys, { ...mail, template: 'email-change-taken', email: newEmail })
    : await insertNotice(trx, keys, { ...mail, template, email: newEmail, token });
  if (before?.new_email === newEmail) return [proof];
  const values = { newEmail: masked };
  return [proof, await insertNotice(trx, keys, { ...mail, template: 'email-change-asked', email: user.email, values })];
}

/** A user's new address that waits for its proof. */
export const pendingEmail = (db: Knex, userId: string): Promise<{ newEmail: string; expiresAt: Date } | undefined> =>
  db('email_changes')
    .where({ user_id: userId })
    .whereRaw('expires_at > now()')
    .first('new_email as newEmail', 'expires_at as expiresAt');

/** The old address stays, and the link dies. */
export async function cancelEmailChange(trx: Knex.Transaction, userId: string): Promise<void> {
  const [gone] = await trx('email_changes').where({ user_id: userId }).delete().returning('new_email');
  if (gone) await withdrawNotices(trx, template, gone.new_email);
}

export interface PresentedEmailChange {
  userId: string;
  /** As yet. */
  email: string;
  newEmail: string;
}

/** Whose address a link changes to what; undefined when it is not valid, or not any more. */
export async function findEmailChange(
  db: Knex,
  keys: SecretKeys,
  token: string,
): Promise<PresentedEmailChange | undefined> {
  const { rows } = await db.raw<{ rows: PresentedEmailChange[] }>(
    `select u.id as "userId", u.email, e.new_email as "newEmail" from email_changes e join users u on u.id = e.user_id
      where e.token_hash = any(?) and e.expires_at > now() and ${enabledUser}`,
    [keys.hashes(purpose, token)],
  );
  return rows[0];
}

export type EmailChangeOutcome = { kind: 'done'; noticeId: string } | { kind: 'gone' | 'taken' };

/**
 * Makes the new address the user's, once. `taken`: another account got it first, and the wish is dropped (security.md
 * C18). Reset links, which went to the old address, die; the old address is told.
 */
export async function applyEmailChange(
  db: Knex,
  keys: SecretKeys,
  change: PresentedEmailChange & { token: string; masked: string; mailDomain: string },
): Promise<EmailChangeOutcome> {
  try {
    return await db.transaction((trx) => apply(trx, keys, change));
  } catch (error) {
    if (!isEmailTaken(error)) throw error;
    await db('email_changes').whereIn('token_hash', keys.hashes(purpose, change.token)).delete();
    return { kind: 'taken' };
  }
}

async function apply(
  trx: Knex.Transaction,
  keys: SecretKeys,
  { userId, newEmail, token, masked, mailDomain }: Parameters<typeof applyEmailChange>[2],
): Promise<EmailChangeOutcome> {
  const user = await trx('users').where({ id: userId }).forUpdate().first('email', 'language');
  const used = await trx('email_changes')
    .whereIn('token_hash', keys.hashes(purpose, token))
    .where({ user_id: userId, new_email: newEmail })
    .whereRaw('expires_at > now()')
    .whereExists(trx('users as u').where({ id: userId }).whereRaw(enabledUser))
    .delete();
  if (used !== 1) return { kind: 'gone' };
  if (await trx('users').where({ email: newEmail }).first('id')) return { kind: 'taken' };
  await trx('users').where({ id: userId }).update({ email: newEmail });
  await trx('password_resets').where({ user_id: userId }).delete();
  await withdrawNotices(trx, 'password-reset', user.email);
  const mail = { email: user.email, language: user.language, mailDomain, values: { newEmail: masked } };
  return { kind: 'done', noticeId: await insertNotice(trx, keys, { ...mail, template: 'email-changed' }) };
}
