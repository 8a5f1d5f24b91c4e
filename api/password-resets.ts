import type { Knex } from 'knex';
import { applyReset, createReset, findReset, type PresentedReset } from '../db/passwords.js';
import { loadSettings } from '../db/registrations.js';
import { handNotice } from './outbox.js';
import { hashPassword, passwordProblem, verifyPassword } from './passwords.js';
import type { Services } from './registrations.js';

interface AskedReset {
  /** Canonical. */
  email: string;
  language: string;
  mailDomain: string;
}

/**
 * Accepts the wish for a new password, the same for every address (security.md E1 to E4). When too many mails went to
 * this mailbox nothing is mailed, and false is returned, which only staff may be told. `note` is written with the link.
 */
export async function askForReset(
  services: Services,
  asked: AskedReset,
  note?: (trx: Knex.Transaction) => Promise<void>,
): Promise<boolean> {
  const { db, keys, limits } = services;
  if (!(await limits.mayMail(asked.email))) return false;
  const noticeId = await db.transaction(async (trx) => {
    await note?.(trx);
    return createReset(trx, keys, asked);
  });
  await handNotice(services, noticeId);
  return true;
}

/** Whose password a link may change; undefined for anything that is no link, counted by source (T11 to T13). */
export async function presentReset(
  { db, keys, limits }: Services,
  token: string,
  source: string,
): Promise<PresentedReset | undefined> {
  const reset = /^[\w-]{43}$/.test(token) ? await findReset(db, keys, token) : undefined;
  if (!reset) await limits.consume('wrongLinksPerSource', source);
  return reset;
}

type ResetOutcome = { kind: 'done' } | { kind: 'gone' } | { kind: 'weak'; problem: string };

/** Sets the password with a link, once. `weak`: why this person must not have this password; the link stays. */
export async function finishReset(
  services: Services,
  reset: PresentedReset,
  { token, password, mailDomain }: { token: string; password: string; mailDomain: string },
): Promise<ResetOutcome> {
  const { db, keys } = services;
  const { password_minimum } = await loadSettings(db);
  const problem = password ? passwordProblem(password, password_minimum, ownWords(reset)) : 'required';
  if (problem) return { kind: 'weak', problem };
  const passwordHash = await hashPassword(password);
  const change = { userId: reset.userId, token, passwordHash, mailDomain };
  const noticeId = await db.transaction((trx) => applyReset(trx, keys, change));
  if (!noticeId) return { kind: 'gone' };
  await handNotice(services, noticeId);
  return { kind: 'done' };
}

/** Whether it is the user's by now: of two clicks at once, the first has set it. */
export async function hasPassword({ db }: Services, { userId }: PresentedReset, password: string): Promise<boolean> {
  const user = await db('users').where({ id: userId }).first('password_hash');
  return verifyPassword(password, user?.password_hash);
}

/** What a password must not consist of (security.md P5). */
const ownWords = ({ email, givenName, familyName, companyName }: Omit<PresentedReset, 'userId'>) => [
  companyName,
  givenName,
  familyName,
  email.split('@')[0],
];
