import { randomBytes } from 'node:crypto';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { handOverWithin } from '../helpers/eventually.js';
import type { Stack } from '../helpers/stack.js';

/** An address that no other test uses. */
export const buildEmail = (name = 'ann') => `${name}-${randomBytes(6).toString('hex')}@example.com`;

export const password = 'correct horse battery staple';

/** Every answer of the registration page, valid. */
export const buildAnswers = (overrides: Record<string, string> = {}): Record<string, string> => ({
  companyName: 'Acme GmbH',
  companyStreet: 'Rosenweg 1',
  companyPostalCode: '80331',
  companyCity: 'München',
  companyCountry: 'DE',
  companyVatNumber: 'DE123456789',
  givenName: 'Ann',
  familyName: "O'Brien",
  phone: '+49 89 123456',
  ...overrides,
});

/** Starts a registration as a person would, in a fresh browser; resolves with the path of the link in the mail. */
export async function buildLink(stack: Stack, email: string): Promise<string> {
  const before = stack.mail.messages().length;
  const browser = new BrowserSession(stack.url);
  const page = await browser.get('/register');
  await browser.post('/register', { email }, page);
  const isNew = () => stack.mail.messages().slice(before);
  const mail = await stack.mail.waitForMail(
    (caught) => caught.to.includes(email) && isNew().includes(caught),
    handOverWithin,
  );
  return linkIn(mail.text, stack.url);
}

/** The path of the activation link in a mail's text. */
export function linkIn(text: string, url: string): string {
  const link = text.match(/http\S+\/register\/[\w-]{43}(?=\s|$)/)?.[0];
  if (!link?.startsWith(url)) throw new Error(`no activation link in: ${text}`);
  return link.slice(url.length);
}

/** Opens a link in a browser and submits the registration page with these answers. */
export async function submitLink(browser: BrowserSession, link: string, fields: Record<string, string> = {}) {
  const page = await browser.get(link);
  const form = {
    ...(fields.partnerCode === undefined ? buildAnswers() : { givenName: 'Pat', familyName: 'Partner' }),
    password,
    terms: hiddenField(page.text, 'terms'),
    privacy: hiddenField(page.text, 'privacy'),
    idempotencyKey: hiddenField(page.text, 'idempotencyKey'),
    ...fields,
  };
  return browser.post(link, form, page);
}

/** Submits the registration page as a partner's user with this code. */
export const submitCode = (browser: BrowserSession, link: string, partnerCode: string) =>
  submitLink(browser, link, { kind: 'partner', partnerCode });

/** A whole registration; resolves when the account is there. */
export async function buildAccount(stack: Stack, email = buildEmail(), fields: Record<string, string> = {}) {
  const browser = new BrowserSession(stack.url);
  const answer = await submitLink(browser, await buildLink(stack, email), fields);
  if (answer.location !== '/login') throw new Error(`no account: ${answer.status} ${answer.text}`);
  return { email, browser };
}
