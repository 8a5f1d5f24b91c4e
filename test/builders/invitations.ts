import { randomUUID } from 'node:crypto';
import { logIn } from '../api/fixtures/requests.js';
import type { BrowserSession } from '../helpers/browser-session.js';
import type { Stack } from '../helpers/stack.js';
import { buildAccount, buildEmail } from './registrations.js';

export interface BuiltInviter {
  email: string;
  userId: string;
  customerId: string;
  browser: BrowserSession;
}

export const invitations = '/api/v1/organisation/invitations';

/** The administrator of a new customer, logged in. */
export async function buildInviter(stack: Stack, companyName = 'Acme GmbH'): Promise<BuiltInviter> {
  const { email } = await buildAccount(stack, buildEmail('admin'), { companyName });
  const user = await stack.db('users').where({ email }).first();
  return { email, userId: user.id, customerId: user.customer_id, browser: await logIn(stack.url, email) };
}

/** A user type of its own; of customers unless said otherwise. */
export async function buildType({ db }: Stack, permissions: string[] = [], kind = 'customer'): Promise<string> {
  const [type] = await db('user_types')
    .insert({ kind, name: `Type ${randomUUID()}`, permissions })
    .returning('id');
  return type.id;
}

export const invite = (inviter: BuiltInviter, email: string, userTypeId: string) =>
  inviter.browser.json('POST', invitations, { email, userTypeId, language: 'en' });

export interface Listed {
  id: string;
  email: string;
  userType: string;
  state: string;
  expiresAt: string;
}
export async function listed(inviter: BuiltInviter, email: string): Promise<Listed | undefined> {
  const answer = await inviter.browser.json('GET', invitations);
  return answer.json<{ invitations: Listed[] }>().invitations.find((one) => one.email === email);
}
