import anyTest, { type TestFn } from 'ava';
import { buildEmail } from '../builders/registrations.js';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { sendRaw } from './fixtures/requests.js';

/** Bodies that are no honest start (security.md V1 to V4, V12, V13): refused before anything is stored or sent. */
const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

const show = (text: string) => (text.length > 60 ? `${text.slice(0, 50)}… (${text.length})` : text);

const startRefused = test.macro({
  exec: async (t, body: string, status: number, code: string) => {
    const { stack } = t.context as { stack: Stack };
    const before = await stack.db('registrations').count();
    const headers = { 'content-type': 'application/json', 'vestibule-request': 'test' };
    const started = performance.now();
    const answer = await sendRaw(stack.url, { method: 'POST', path: '/api/v1/registrations', headers, body });
    t.true(performance.now() - started < 2_000);
    t.is(answer.status, status, answer.text);
    t.is(JSON.parse(answer.text).code, code);
    t.deepEqual(await stack.db('registrations').count(), before);
    t.false(answer.text.includes('planted') || /\n\s+at /.test(answer.text), 'nothing of it is repeated');
  },
  title: (_, body, status) => `a start with the body ${show(String(body))} is answered ${status}`,
});
for (const value of [
  'null',
  '1',
  'true',
  '[]',
  '["planted@example.com"]',
  '{}',
  '{"$gt":""}',
  '{"a":{"b":1}}',
  '""',
  '"planted"',
])
  test.serial(startRefused, `{"email":${value}}`, 400, 'invalidFields');
for (const body of [
  '',
  '{"a":',
  'planted',
  '[',
  '{"email":"planted@example.com"',
  '{"email":"planted@example.com"}x',
  "{'email':'planted@example.com'}",
])
  test.serial(startRefused, body, 400, 'badRequest');
for (const body of ['null', '[]', '"planted"', '1', '{}']) test.serial(startRefused, body, 400, 'invalidFields');
test.serial(startRefused, '{"email":"planted@example.com","isAdmin":true}', 400, 'invalidFields');
test.serial(startRefused, '{"email":"planted@example.com","kind":"staff"}', 400, 'invalidFields');
test.serial(startRefused, '{"email":"planted@example.com","language":"xx"}', 400, 'invalidFields');
for (const key of ['__proto__', 'constructor', 'prototype'])
  test.serial(startRefused, `{"email":"planted@example.com","${key}":{"isAdmin":true}}`, 400, 'badRequest');
test.serial(startRefused, '{"email":"planted@example.com","a":{"b":{"__proto__":{}}}}', 400, 'badRequest');
test.serial(startRefused, `{"email":${'['.repeat(9)}${']'.repeat(9)}}`, 400, 'badRequest');
test.serial(startRefused, '['.repeat(30_000), 400, 'badRequest');
test.serial(startRefused, `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 400, 'badRequest');
test.serial(startRefused, `{"email":"${'x'.repeat(65_000)}@example.com"}`, 400, 'invalidFields');
test.serial(startRefused, `{"email":"${'x'.repeat(66_000)}@example.com"}`, 413, 'payloadTooLarge');

test('a body without a stated length is cut at the limit', async (t) => {
  const headers = { 'content-type': 'application/json', 'vestibule-request': 'test', 'transfer-encoding': 'chunked' };
  const body = Buffer.alloc(1_000_000, ' ');
  const answer = await sendRaw(t.context.stack.url, { method: 'POST', path: '/api/v1/registrations', headers, body });
  t.is(answer.status, 413);
});

test('of equal JSON keys the last counts, and is the only one mailed (V2)', async (t) => {
  const { stack } = t.context;
  const [first, last] = [buildEmail('first'), buildEmail('last')];
  const headers = { 'content-type': 'application/json', 'vestibule-request': 'test' };
  const body = `{"email":"${first}","email":"${last}"}`;
  t.is(
    (await sendRaw(stack.url, { method: 'POST', path: `/api/v1/registrations?email=${first}`, headers, body })).status,
    202,
  );
  const mail = await stack.mail.waitForMail(({ to }) => to.includes(last), 60_000);
  t.deepEqual(mail.to, [last]);
  t.is(await stack.db('registrations').where({ email: first }).first(), undefined);
});

const formRefused = test.macro({
  exec: async (t, more: string, status: number) => {
    const { stack } = t.context as { stack: Stack };
    const browser = new BrowserSession(stack.url);
    const formToken = hiddenField((await browser.get('/register')).text, 'formToken');
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
    const answer = await browser.send('POST', '/register', headers, `formToken=${formToken}&${more}`);
    t.is(answer.status, status);
    t.is(answer.location, null);
  },
  title: (_, more) => `a start by the form with ${show(String(more))} is refused`,
});
for (const more of [
  'email=a@example.com&email=b@example.com',
  'email[$ne]=1',
  'email[]=a@example.com',
  'email=a@example.com&isAdmin=1',
  '__proto__=1&email=a@example.com',
  'email=%00@example.com',
  'email=',
  '',
  'email=victim@example.com%0D%0ABcc:+x@evil.test',
])
  test(formRefused, more, 400);
test(formRefused, `email=${'x'.repeat(70_000)}`, 413);

test('a wrong e-mail comes back as it was typed, with its message', async (t) => {
  const browser = new BrowserSession(t.context.stack.url);
  const answer = await browser.post('/register', { email: '"><b>ann' }, await browser.get('/register'));
  t.is(answer.status, 400);
  t.regex(answer.text, /value="&quot;>?(&gt;)?(&lt;|<)b/);
  t.false(answer.text.includes('"><b>'));
  t.regex(answer.text, /id="email-error">[^<]{10,}</);
});
