import { randomUUID } from 'node:crypto';
import { translator as mailWords } from '../../activities/i18n.js';
import { translator as pageWords } from '../../api/i18n.js';
import { currentAgreements } from '../../db/agreements.js';
import type { Registration } from '../../db/models.js';
import { openRegistration, storeSubmission, typedCodePurpose } from '../../db/registrations.js';
import type { SecretKeys } from '../../db/secret-keys.js';
import {
  type RegistrationWorkflowInput,
  registrationEventSignal,
  registrationStateQuery,
  registrationWorkflowId,
  registrationWorkflowType,
} from '../../workflows/messages.js';
import { type Answer, BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { eventually, handOverWithin } from '../helpers/eventually.js';
import type { Stack } from '../helpers/stack.js';
import { buildAnswers, buildEmail, buildLink, linkIn, password } from './registrations.js';

/** Enters an e-mail on the start page, in a browser of its own. */
export async function askForLink(stack: Stack, email: string, url = stack.url) {
  const browser = new BrowserSession(url);
  return browser.post('/register', { email }, await browser.get('/register'));
}

/** Mails caught for an address; oldest first. */
export const mailsTo = (stack: Stack, email: string) => stack.mail.messages().filter(({ to }) => to.includes(email));

/** Paths of the links mailed to an address so far, at least `count`; waits for them. */
export async function linksTo(stack: Stack, email: string, count = 1, timeoutMs = handOverWithin): Promise<string[]> {
  await eventually(`${count} mails to ${email}`, () => mailsTo(stack, email).length >= count, timeoutMs);
  return mailsTo(stack, email).map(({ text }) => linkIn(text, stack.url));
}

/** Opens a link; resolves with the filled-in page, which can be sent any number of times, from other addresses too. */
export const fillIn = async (browser: BrowserSession, link: string, fields: Record<string, string> = {}) =>
  fillInPage(browser, link, await browser.get(link), fields);

/** The same with the page that a browser was given as an answer. */
export function fillInPage(browser: BrowserSession, link: string, page: Answer, fields: Record<string, string> = {}) {
  const form = {
    ...buildAnswers(),
    password,
    terms: hiddenField(page.text, 'terms'),
    privacy: hiddenField(page.text, 'privacy'),
    idempotencyKey: hiddenField(page.text, 'idempotencyKey'),
    formToken: hiddenField(page.text, 'formToken'),
    ...fields,
  };
  const send = (through = browser) => {
    if (through !== browser) for (const [name, value] of browser.cookies) through.cookies.set(name, value);
    return through.post(link, form, page);
  };
  return { page, form, send };
}

/** The row of the newest registration of an address. */
export const registrationOf = (stack: Stack, email: string) =>
  stack.db('registrations').where({ email }).orderBy('created_at', 'desc').first();

/** Waits until the newest registration of an address is recorded in this state. */
export const inState = (stack: Stack, email: string, state: string, timeoutMs?: number) =>
  eventually(
    `${email} in ${state}`,
    async () => {
      const row = await registrationOf(stack, email);
      return row?.state === state && row;
    },
    timeoutMs,
  );

/** Changes settings for what is started from now on; resolves with the function that puts them back. */
export async function changeSettings(stack: Stack, changes: Record<string, unknown>) {
  const before = await stack.db('settings').first(Object.keys(changes));
  await stack.db('settings').update(changes);
  return async () => {
    await stack.db('settings').update(before);
  };
}

/** Whether a page shows these words of the catalogue, in English. */
export const says = ({ text }: Answer, key: string) => text.replaceAll('&#39;', "'").includes(pageWords('en')(key));

export const subjectOf = (template: 'activation' | 'accountExists') => mailWords('en')(`${template}.subject`);

/** Starts a registration; resolves with its link when the engine knows too that the mail went out: nothing moves any more by itself. */
export async function buildKnownLink(stack: Stack, email = buildEmail()): Promise<string> {
  const link = await buildLink(stack, email);
  await engineKnowsOfMail(stack, email);
  return link;
}

/** The row says so a moment earlier: it is written before the engine hears of the mail. */
export async function engineKnowsOfMail(stack: Stack, email: string): Promise<void> {
  const { reference } = await registrationOf(stack, email);
  const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(reference));
  await eventually(
    'the engine knows of the mail',
    async () => (await handle.query(registrationStateQuery)).state !== 'sendingActivation',
  );
}

/** A partner's user who has just submitted this code, without page and mail; what is looked up is looked up. */
export async function buildLookup(stack: Stack, keys: SecretKeys, code: string): Promise<Registration> {
  const { db, temporal, url } = stack;
  const kind = 'partner';
  const email = buildEmail('lookup');
  const registration = await openRegistration(db, { email, kind, language: 'en', lifetimeSeconds: 3_600 });
  await db('registrations').where({ id: registration.id }).update({ proven_at: db.fn.now() });
  const agreements = await currentAgreements(db, 'en', kind);
  const submission = await storeSubmission(db, {
    registration_id: registration.id,
    idempotency_key: randomUUID(),
    kind,
    answers: { givenName: 'Pat', familyName: 'Partner' },
    sealed_code: keys.seal(typedCodePurpose, code),
    password_hash: 'of no password',
    agreement_version_ids: agreements.map(({ versionId }) => versionId),
    language: 'en',
  });
  const { id: registrationId, reference } = registration;
  const lifetimes = {
    registration: 3_600_000,
    resendCooldown: 60_000,
    mailRetry: 60_000,
    creationRetry: 60_000,
    operator: 3_600_000,
  };
  await temporal.workflow.signalWithStart(registrationWorkflowType, {
    workflowId: registrationWorkflowId(reference),
    taskQueue: 'registration',
    args: [{ registrationId, reference, kind, lifetimes, consoleUrl: url } satisfies RegistrationWorkflowInput],
    signal: registrationEventSignal,
    signalArgs: [{ type: 'SUBMITTED', submissionId: submission!.id, kind, actor: 'registrant' }],
  });
  return registration;
}
