import anyTest, { type TestFn } from 'ava';
import { buildAccount } from '../../builders/registrations.js';
import type { Answer } from '../../helpers/browser-session.js';
import { discover, redirectUri, refusal, signIn } from '../../helpers/relying-party.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { logIn } from '../fixtures/requests.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff; email: string }>;
const list = '/console/applications';

test.before(async (t) => {
  const stack = await startStack();
  const { email } = await buildAccount(stack);
  Object.assign(t.context, { stack, email, admin: await buildStaff(stack, 'admin') });
});
test.after.always((t) => t.context.stack?.stop());

const secretIn = ({ text }: Answer) => /<code>([\w-]{43})<\/code>/.exec(text)?.[1];
const idIn = ({ text }: Answer) => /<code>([0-9a-f-]{36})<\/code>/.exec(text)?.[1] ?? '';
const typed = { name: 'Fleet <i', redirectUris: `${redirectUri}\r\n\r\nhttps://fleet.example.com/callback\r\n` };

/** Makes an application in the Console; resolves with the page that shows its secret. */
const make = ({ admin }: { admin: BuiltStaff }, fields: Record<string, string> = {}) =>
  sendForm(admin.browser, `${list}/new`, `${list}/new`, { ...typed, firstParty: 'on', ...fields });

test('an application is made once by a form sent twice, and both answers show the secret it works with', async (t) => {
  const { stack, admin, email } = t.context;
  const page = await admin.browser.get(`${list}/new`);
  const form = { ...formOf(page.text, `${list}/new`), ...typed, firstParty: 'on' };
  const [one, two] = await Promise.all([1, 2].map(() => admin.browser.post(`${list}/new`, form, page)));
  const secret = secretIn(one!);
  t.truthy(secret);
  t.is(secretIn(two!), secret);
  const id = idIn(one!);
  t.true((await admin.browser.get(list)).text.includes('Fleet &lt;i'));
  const config = await discover(stack.url, id, secret);
  t.truthy((await signIn(await logIn(stack.url, email), { id, secret, config })).access_token);
  const lines = await stack.db('audit_log').where({ subject: id }).select('action', 'staff_id', 'after');
  t.deepEqual(
    lines.map(({ action, staff_id }) => [action, staff_id]),
    [['application.created', admin.id]],
  );
  t.false(JSON.stringify(lines).includes(secret ?? '-'), 'the audit log holds no secret');
  t.false((await admin.browser.get(`${list}/${id}`)).text.includes(secret ?? '-'), 'it is shown once');
});

test('a new secret takes the place of the old one, once for a form sent twice', async (t) => {
  const { stack, admin, email } = t.context;
  const made = await make(t.context);
  const [id, old] = [idIn(made), secretIn(made)];
  const page = await admin.browser.get(`${list}/${id}`);
  const form = formOf(page.text, `${list}/${id}/secret`);
  const answers = await Promise.all([1, 2].map(() => admin.browser.post(`${list}/${id}/secret`, form, page)));
  const [secret] = answers.map(secretIn);
  t.truthy(secret);
  t.not(secret, old);
  t.is(secretIn(answers[1]!), secret);
  const browser = await logIn(stack.url, email);
  t.truthy((await signIn(browser, { id, config: await discover(stack.url, id, secret) })).access_token);
  t.is(await refusal(signIn(browser, { id, config: await discover(stack.url, id, old) })), 'invalid_client');
  const actions = await stack.db('audit_log').where({ subject: id }).orderBy('id').pluck('action');
  t.deepEqual(actions, ['application.created', 'application.secretRenewed']);
  // The same form after somebody else made another secret: what it would show would not work.
  const later = await sendForm(admin.browser, `${list}/${id}`, `${list}/${id}/secret`);
  t.is(later.status, 200);
  t.is((await admin.browser.post(`${list}/${id}/secret`, form, page)).status, 409);
});

test('addresses are complete ones on https, or on this very machine while developing', async (t) => {
  const wrong = [
    '',
    'fleet.example.com/callback',
    'http://fleet.example.com/callback',
    'https://*.example.com/callback',
    'https://fleet.example.com/#x',
    'https://user:pass@fleet.example.com/',
    'javascript:alert(1)',
    'http://localhost.evil.test/',
    `https://fleet.example.com/${'x'.repeat(500)}`,
  ];
  for (const redirectUris of wrong) {
    const answer = await make(t.context, { redirectUris });
    t.is(answer.status, 400, redirectUris);
    t.true(answer.text.includes('id="redirectUris-error"'), redirectUris);
  }
  t.is((await make(t.context, { postLogoutRedirectUris: 'http://evil.test/' })).status, 400);
  t.is((await make(t.context, { name: '  ' })).status, 400);
});

test('what is changed counts at once, and of two administrators the second is told of the first', async (t) => {
  const { stack, admin, email } = t.context;
  const made = await make(t.context);
  const [id, secret] = [idIn(made), secretIn(made)];
  const page = await admin.browser.get(`${list}/${id}`);
  const form = { ...formOf(page.text, `${list}/${id}`), redirectUris: 'https://other.example.com/' };
  const saved = await admin.browser.post(`${list}/${id}`, form, page);
  t.is(saved.location, `${list}/${id}`);
  t.is((await admin.browser.post(`${list}/${id}`, { ...form, name: 'Other' }, page)).status, 409);
  const browser = await logIn(stack.url, email);
  const party = { id, config: await discover(stack.url, id, secret) };
  await t.throwsAsync(signIn(browser, party), undefined, 'the old address is not redirected to any more');
  const { before, after } = await stack.db('audit_log').where({ subject: id, action: 'application.changed' }).first();
  t.deepEqual(
    [before, after],
    [
      { redirect_uris: [redirectUri, 'https://fleet.example.com/callback'] },
      { redirect_uris: ['https://other.example.com/'] },
    ],
  );
});

test('an application that is shut out has nothing from that moment on, until it is let in again', async (t) => {
  const { stack, admin, email } = t.context;
  const made = await make(t.context);
  const [id, secret] = [idIn(made), secretIn(made)];
  const party = { id, config: await discover(stack.url, id, secret) };
  const browser = await logIn(stack.url, email);
  await signIn(browser, party);
  t.is((await sendForm(admin.browser, `${list}/${id}`, `${list}/${id}/disable`)).location, `${list}/${id}`);
  t.deepEqual(await stack.db('sign_in_records').where({ application_id: id }), []);
  await t.throwsAsync(signIn(browser, party));
  await sendForm(admin.browser, `${list}/${id}`, `${list}/${id}/enable`);
  t.truthy((await signIn(browser, party)).access_token);
});

test('one that cannot keep a secret is made without any', async (t) => {
  const { stack, admin, email } = t.context;
  const made = await make(t.context, { isPublic: 'on' });
  const id = made.location?.slice(`${list}/`.length) ?? '';
  const party = { id, config: await discover(stack.url, id) };
  t.truthy((await signIn(await logIn(stack.url, email), party)).access_token);
  const page = await admin.browser.get(`${list}/${id}`);
  t.false(page.text.includes(`${list}/${id}/secret`));
  const nonce = '00000000-0000-4000-8000-000000000000';
  t.is((await admin.browser.post(`${list}/${id}/secret`, { version: '1', nonce }, page)).status, 409);
});
