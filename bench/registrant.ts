import { randomBytes } from 'node:crypto';
import type { Agent } from 'node:http';
import { type Answer, Browser, presetFields } from './browser.js';
import type { Timings } from './load.js';
import type { MailSink } from './mail-sink.js';

/** What a person types on the registration page; every field filled in. */
const person = {
  givenName: 'Ann',
  familyName: "O'Brien",
  phone: '+49 89 123456',
  password: 'correct horse battery staple',
};
const company = {
  companyName: 'Acme GmbH',
  companyStreet: 'Rosenweg 1',
  companyPostalCode: '80331',
  companyCity: 'München',
  companyCountry: 'DE',
  companyVatNumber: 'DE123456789',
};

export interface Place {
  url: string;
  agent: Agent;
  mails: MailSink;
}

/** A new customer's first user. */
export const registerCustomer = (place: Place) => register(place, 'customer', { ...company, ...person });

/** Somebody of a partner, by this code. */
export const registerByCode = (place: Place, partnerCode: string) =>
  register(place, 'partner', { partnerCode, ...person });

/** One person, from the start page to the account, in a browser without earlier cookies. Throws when a step fails. */
async function register(
  { url, agent, mails }: Place,
  kind: 'customer' | 'partner',
  answers: Record<string, string>,
): Promise<Timings> {
  const browser = new Browser(url, agent);
  const email = `bench-${randomBytes(8).toString('hex')}@example.com`;

  const startPage = await timed(() => browser.get('/register'));
  expect(startPage.answer, 200);
  const mailed = mails.waitFor(email);
  const { formToken = '' } = presetFields(startPage.answer.text);
  const start = await timed(() => browser.post('/register', { email, kind, formToken }));
  expect(start.answer, 303, '/register/sent');

  const { link, receivedAt } = await mailed;
  const page = await timed(() => browser.get(link));
  expect(page.answer, 200);
  // `action` belongs to the button that saves only.
  const { terms = '', privacy = '', idempotencyKey = '', formToken: token = '' } = presetFields(page.answer.text);
  const form = { ...answers, kind, terms, privacy, idempotencyKey, formToken: token };
  const submit = await timed(() => browser.post(link, form));
  expect(submit.answer, 303, '/login');

  const waits = [startPage, start, page, submit].map(({ milliseconds }) => milliseconds);
  return {
    'GET /register': startPage.milliseconds,
    'POST /register': start.milliseconds,
    'GET link': page.milliseconds,
    'POST link': submit.milliseconds,
    'sum of the steps waited for': waits.reduce((sum, wait) => sum + wait, 0),
    'mail at SMTP, after POST was sent': receivedAt - start.sentAt,
    'mail at SMTP, after its answer': Math.max(0, receivedAt - start.sentAt - start.milliseconds),
  };
}

async function timed(send: () => Promise<Answer>) {
  const sentAt = performance.now();
  const answer = await send();
  return { answer, sentAt, milliseconds: performance.now() - sentAt };
}

function expect({ status, location }: Answer, wantedStatus: number, wantedLocation?: string): void {
  if (status === wantedStatus && location === wantedLocation) return;
  const token = /\/register\/[\w-]{43}/;
  throw new Error(
    `answered ${status} ${location?.replace(token, '/register/…') ?? ''} instead of ${wantedStatus} ${wantedLocation ?? ''}`,
  );
}
