import { randomUUID } from 'node:crypto';
import { buildKnownLink, changeSettings, inState, registrationOf } from '../../builders/journeys.js';
import { buildEmail, buildLink, submitCode, submitLink } from '../../builders/registrations.js';
import { type Answer, BrowserSession, hiddenField } from '../../helpers/browser-session.js';
import { eventually } from '../../helpers/eventually.js';
import type { Stack } from '../../helpers/stack.js';

export interface BuiltRegistration {
  id: string;
  reference: string;
  email: string;
  link: string;
  /** Of its page in the Console. */
  path: string;
}

async function built(stack: Stack, email: string, link: string): Promise<BuiltRegistration> {
  const { id, reference } = await registrationOf(stack, email);
  return { id, reference, email, link, path: `/console/registrations/${reference}` };
}

/** Waits for the person, who has the link. */
export async function buildWaiting(stack: Stack, email = buildEmail()): Promise<BuiltRegistration> {
  return built(stack, email, await buildKnownLink(stack, email));
}

/** Waits for its partner, for the Partner Provider's settings do not work. */
export async function buildParked(stack: Stack): Promise<BuiltRegistration> {
  await stack.db('settings').update({ partner_onboarding: 'with_code' });
  await stack.db('partner_provider').update({ enabled: true });
  const email = buildEmail('pat');
  const link = await buildLink(stack, email);
  await submitCode(new BrowserSession(stack.url), link, `CODE-${randomUUID()}`);
  await inState(stack, email, 'lookupParked');
  return built(stack, email, link);
}

/** Submitted while the default user type is missing; it is back when this resolves. */
export async function buildBlocked(stack: Stack, fields: Record<string, string> = {}): Promise<BuiltRegistration> {
  return submitted(stack, { default_customer_user_type_id: null }, 'creationBlocked', fields);
}

/** Submitted while customers need an approval. */
export async function buildUnapproved(stack: Stack, fields: Record<string, string> = {}): Promise<BuiltRegistration> {
  return submitted(stack, { customer_approval: true }, 'awaitingApproval', fields);
}

async function submitted(stack: Stack, settings: object, state: string, fields: Record<string, string>) {
  const email = buildEmail();
  const link = await buildLink(stack, email);
  const restore = await changeSettings(stack, settings as Record<string, unknown>);
  await submitLink(new BrowserSession(stack.url), link, fields);
  await inState(stack, email, state);
  await restore();
  return built(stack, email, link);
}

/** Posts the form of an action as the registration's page has it; `fields` go over its own. */
export async function act(
  browser: BrowserSession,
  { path }: Pick<BuiltRegistration, 'path'>,
  action: string,
  fields: Record<string, string> = {},
): Promise<Answer> {
  const page = await browser.get(path);
  const idempotencyKey = offers(page, action) ? keyOf(page) : randomUUID();
  return browser.post(`${path}/${action}`, { idempotencyKey, ...fields }, page);
}

const keyOf = (page: Answer) => hiddenField(page.text, 'idempotencyKey');

/** Whether a page has the form of an action. */
export const offers = ({ text }: Answer, action: string) => text.includes(`/${action}"><input type="hidden"`);

/** Lines of the audit log about a registration (or another subject), oldest first. */
export const auditOf = (stack: Stack, subject: string) => stack.db('audit_log').where({ subject }).orderBy('id');

/** What the workflow recorded so far. */
export const eventsOf = async (stack: Stack, { id }: BuiltRegistration): Promise<string[]> =>
  stack.db('registration_events').where({ registration_id: id }).orderBy('sequence').pluck('event');

/** Waits until an event is recorded as often. */
export const eventRecorded = (stack: Stack, registration: BuiltRegistration, event: string, times = 1) =>
  eventually(
    `${times} ${event}`,
    async () => (await eventsOf(stack, registration)).filter((name) => name === event).length >= times,
  );
