import { hashPassword } from '../../api/passwords.js';
import { buildUser } from '../db/fixtures/rows.js';
import { eventually } from '../helpers/eventually.js';
import type { Stack } from '../helpers/stack.js';
import { mailsTo } from './journeys.js';
import { buildEmail, password } from './registrations.js';

/** A user who can log in and has accepted all there is, without the way through a registration: for tests of what comes after it. */
export async function buildLoginUser({ db }: Stack, overrides: Record<string, unknown> = {}) {
  const email = buildEmail();
  const { id } = await buildUser(db, { email, password_hash: await hashPassword(password), ...overrides });
  await db.raw(
    "insert into consents (user_id, agreement_version_id, language) select ?, id, 'en' from agreement_versions",
    [id],
  );
  return { id, email };
}

/** The paths of all links of this kind (`/password-reset`) mailed to an address, once there are so many mails. */
export async function mailedPaths(stack: Stack, email: string, kind: string, count = 1): Promise<string[]> {
  const link = new RegExp(`${kind}/[\\w-]{43}(?=\\s)`);
  const paths = () => mailsTo(stack, email).flatMap(({ text }) => link.exec(text)?.[0] ?? []);
  return eventually(`${count} mails with ${kind} to ${email}`, () => paths().length >= count && paths());
}
