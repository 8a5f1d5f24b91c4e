import { randomUUID } from 'node:crypto';
import { logIn } from '../api/fixtures/requests.js';
import type { BrowserSession } from '../helpers/browser-session.js';
import type { Stack } from '../helpers/stack.js';
import { buildAccount, buildEmail } from './registrations.js';

export interface BuiltUser {
  id: string;
  email: string;
  userTypeId: string;
  /** In which they are logged in. */
  browser: BrowserSession;
}

/** A user type of customers with these permissions. */
export async function buildType({ db }: Stack, permissions: string[] = [], kind = 'customer'): Promise<string> {
  const [type] = await db('user_types')
    .insert({ kind, name: `Type ${randomUUID().slice(0, 8)}`, permissions })
    .returning('id');
  return type.id;
}

/** A customer of its own with its first user, who is its administrator. */
export async function buildAdministrator(stack: Stack, fields: Record<string, string> = {}): Promise<BuiltUser> {
  const { email } = await buildAccount(stack, buildEmail('chief'), fields);
  const { id, user_type_id: userTypeId } = await stack.db('users').where({ email }).first();
  return { id, email, userTypeId, browser: await logIn(stack.url, email) };
}

/** A colleague in the same organisation, with the same password; of the same user type unless told otherwise. */
export async function buildColleague(
  stack: Stack,
  { id }: Pick<BuiltUser, 'id'>,
  overrides: Record<string, unknown> = {},
): Promise<BuiltUser> {
  const { customer_id, partner_id, user_type_id, password_hash } = await stack.db('users').where({ id }).first();
  const like = { customer_id, partner_id, user_type_id, password_hash, language: 'en' };
  const person = { email: buildEmail('colleague'), given_name: 'Bob', family_name: 'Colleague' };
  const [user] = await stack
    .db('users')
    .insert({ ...like, ...person, ...overrides })
    .returning(['id', 'email', 'user_type_id']);
  // As if accepted at the registration.
  await stack.db.raw(
    'insert into consents (user_id, agreement_version_id, language) select ?, agreement_version_id, language from consents where user_id = ?',
    [user.id, id],
  );
  const browser = await logIn(stack.url, user.email);
  return { id: user.id, email: user.email, userTypeId: user.user_type_id, browser };
}
