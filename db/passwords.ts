import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { insertNotice, withdrawNotices } from './notices.js';
import type { SecretKeys } from './secret-keys.js';
import { endSignIns } from './sign-in-records.js';

/** Minutes in which a reset link can be used. */
const resetLifetimeMinutes = 60;
/** Keeps the hashes of reset links apart from those of every other link (security.md T3). */
const purpose = 'password-reset';
const template = 'password-reset';

/** Whoever may log in: users, in a query that calls them `u`. */
export const enabledUser = `u.disabled_at is null
  and not exists (select from partners p where p.id = u.partner_id and p.disabled_at is not null)`;

interface AskedReset {
  /** Canonical, and whatever somebody typed. */
  email: string;
  /** Of a mail to an address that has no account. */
  language: string;
  mailDomain: string;
}

/**
 * Makes a reset link and the mail that carries it, or, to an address without an account in use, a mail that says so: the
 * same work for both (security.md E1, E2). Returns the mail's id.
 */
export async function createReset(trx: Knex, keys: SecretKeys, asked: AskedReset): Promise<string> {
  const { email, language, mailDomain } = asked;
  const token = randomBytes(32).toString('base64url');
  const { rows } = await trx.raw<{ rows: { language: string }[] }>(
    `
    with account as (
      select u.id, u.language from users u where u.email = :email and ${enabledUser}
    ), made as (
      insert into password_resets (token_hash, user_id, expires_at)
      select :tokenHash, id, now() + make_interval(mins => :minutes) from account
    )
    select language from account`,
    { email, tokenHash: keys.hash(purpose, token), minutes: resetLifetimeMinutes },
  );
  const account = rows[0];
  return account
    ? insertNotice(trx, keys, { template, email, language: account.language, mailDomain, token })
    : insertNotice(trx, keys, { template: 'password-reset-unknown', email, language, mailDomain });
}

export interface PresentedReset {
  userId: string;
  email: string;
  givenName: string;
  familyName: string;
  companyName: string;
}

/** Whose password a link may change; undefined when it is not valid, or not any more. */
export async function findReset(db: Knex, keys: SecretKeys, token: string): Promise<PresentedReset | undefined> {
  const { rows } = await db.raw<{ rows: PresentedReset[] }>(
    `
    select u.id as "userId", u.email, u.given_name as "givenName", u.family_name as "familyName",
        coalesce(c.name, o.name) as "companyName"
      from password_resets r join users u on u.id = r.user_id
        left join customers c on c.id = u.customer_id left join partners o on o.id = u.partner_id
      where r.token_hash = any(?) and r.expires_at > now() and ${enabledUser}`,
    [keys.hashes(purpose, token)],
  );
  return rows[0];
}

/**
 * Uses a link up and sets the password, both or neither; returns the id of the mail that tells, undefined when the link
 * is not valid any more. The user's row is locked first, so that of several links used at once one succeeds (T5).
 */
export async function applyReset(
  trx: Knex.Transaction,
  keys: SecretKeys,
  { userId, token, passwordHash, mailDomain }: { userId: string; token: string } & Omit<NewPassword, 'userId'>,
): Promise<string | undefined> {
  await trx('users').where({ id: userId }).forUpdate().first('id');
  const used = await trx('password_resets')
    .whereIn('token_hash', keys.hashes(purpose, token))
    .where({ user_id: userId })
    .whereRaw('expires_at > now()')
    .whereExists(trx('users as u').where({ id: userId }).whereRaw(enabledUser))
    .delete();
  return used === 1 ? setPassword(trx, keys, { userId, passwordHash, mailDomain }) : undefined;
}

interface NewPassword {
  userId: string;
  passwordHash: string;
  mailDomain: string;
  /** The session that stays, and the hash of its new token (security.md S2). */
  session?: { id: string; tokenHash: Buffer };
}

/**
 * Changes a password that its user knows; `oldHash` is what was checked against. Undefined when it, or the session, is not
 * there any more: another device was quicker.
 */
export async function changePassword(
  trx: Knex.Transaction,
  keys: SecretKeys,
  change: NewPassword & { oldHash: string; session: { id: string; tokenHash: Buffer } },
): Promise<string | undefined> {
  const { userId, oldHash, session } = change;
  const user = await trx('users').where({ id: userId, password_hash: oldHash }).forUpdate().first('id');
  const own = user && (await trx('sessions').where({ id: session.id, user_id: userId }).forUpdate().first('id'));
  return own ? setPassword(trx, keys, change) : undefined;
}

/**
 * Sets a user's password. With it all other sessions end, all sign-ins to applications too, and the reset links and e-mail
 * changes somebody else may have started die (security.md P8). Returns the id of the mail that tells the user.
 */
async function setPassword(trx: Knex.Transaction, keys: SecretKeys, change: NewPassword): Promise<string> {
  const { userId, passwordHash, mailDomain, session } = change;
  const { rows } = await trx.raw<{ rows: { email: string; language: string }[] }>(
    `
    with ended as (delete from sessions where user_id = :userId and id is distinct from :sessionId::uuid),
      kept as (update sessions set token_hash = :tokenHash where id = :sessionId::uuid),
      signed_in as (delete from sign_in_records where user_id = :userId),
      resets as (delete from password_resets where user_id = :userId),
      email_change as (delete from email_changes where user_id = :userId)
    update users set password_hash = :passwordHash where id = :userId returning email, language`,
    { userId, passwordHash, sessionId: session?.id ?? null, tokenHash: session?.tokenHash ?? null },
  );
  const { email, language } = rows[0]!;
  await endSignIns(trx, userId);
  await withdrawNotices(trx, template, email);
  return insertNotice(trx, keys, { template: 'password-changed', email, language, mailDomain });
}
