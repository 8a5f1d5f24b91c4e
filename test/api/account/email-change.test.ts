import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { choosePort } from '../../../dev/ports.js';
import { mailsTo } from '../../builders/journeys.js';
import { buildEmail, buildLink, password, submitLink } from '../../builders/registrations.js';
import { buildLoginUser, mailedPaths } from '../../builders/users.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { eventually } from '../../helpers/eventually.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { comparable, logIn } from '../fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

const security = '/account/security';
const ask = (browser: BrowserSession, newEmail: string, currentPassword = password) =>
  browser.json('POST', '/api/v1/me/email-change', { newEmail, currentPassword });
const emailOf = async ({ db }: Stack, id: string) => (await db('users').where({ id }).first('email')).email;
const attempt = async ({ url }: Stack, email: string) =>
  (await new BrowserSession(url).json('POST', '/api/v1/sessions', { email, password })).status;
const hasMail = (stack: Stack, email: string, subject: string) =>
  eventually(`"${subject}" to ${email}`, () => mailsTo(stack, email).find((mail) => mail.subject.includes(subject)));

/** A logged-in user who has asked for another address, and the path of the link that proves it. */
async function buildChange(stack: Stack, newEmail = buildEmail('new')) {
  const user = await buildLoginUser(stack);
  const browser = await logIn(stack.url, user.email);
  const answer = await ask(browser, newEmail);
  if (answer.status !== 202) throw new Error(`not asked: ${answer.text}`);
  const [path = ''] = await mailedPaths(stack, newEmail, '/email-change');
  return { ...user, browser, newEmail, path, api: path.replace('/email-change', '/api/v1/email-changes') };
}

test('the old address stays until the new one is proven, and is told twice (T4)', async (t) => {
  const { stack } = t.context;
  const { id, email } = await buildLoginUser(stack);
  const newEmail = buildEmail('new');
  const browser = await logIn(stack.url, email);
  const consents = () => stack.db('consents').where({ user_id: id }).orderBy('agreement_version_id');
  const before = await consents();
  const form = { newEmail: ` ${newEmail.toUpperCase()}`, emailPassword: password };
  const asked = await browser.post(`${security}/email`, form, await browser.get(security));
  t.is(asked.location, security);
  t.true((await browser.get(security)).text.includes(newEmail), 'what waits is shown');
  const [path = ''] = await mailedPaths(stack, newEmail, '/email-change');
  const warned = await hasMail(stack, email, 'A new e-mail address for your');
  t.true(warned.text.includes('n***@example.com') && !warned.text.includes(newEmail));

  await browser.json('POST', '/api/v1/password-resets', { email });
  const [reset = ''] = await mailedPaths(stack, email, '/password-reset');
  for (const method of ['HEAD', 'GET', 'GET', 'OPTIONS']) await new BrowserSession(stack.url).send(method, path);
  t.is(await emailOf(stack, id), email);
  t.is(await attempt(stack, newEmail), 401);

  const confirmed = await browser.post(path, {}, await browser.get(path));
  t.is(confirmed.location, security);
  t.is(await emailOf(stack, id), newEmail);
  t.deepEqual([await attempt(stack, newEmail), await attempt(stack, email)], [201, 401]);
  t.is((await browser.get(reset)).status, 404, 'a reset link that went to the old address');
  await hasMail(stack, email, 'was changed');
  t.is((await browser.get(path)).status, 404, 'used');
  t.deepEqual(await consents(), before, 'what was accepted stays');
});

test('on another device the link wants the password, so that a mistyped address opens nothing', async (t) => {
  const { stack } = t.context;
  const { id, email, newEmail, path, api } = await buildChange(stack);
  const stranger = await logIn(stack.url, (await buildLoginUser(stack)).email);
  for (const browser of [new BrowserSession(stack.url), stranger]) {
    t.is((await browser.json('POST', api, {})).status, 403);
    t.like((await browser.json('POST', api, { currentPassword: 'wrong' })).json(), { code: 'wrongPassword' });
    const page = await browser.get(path);
    t.true(page.text.includes('name="password"'));
    const wrong = await browser.post(path, { password: 'wrong' }, page);
    t.is(wrong.status, 403);
    t.true(wrong.text.includes('This is not your current password'));
  }
  t.is(await emailOf(stack, id), email);
  const browser = new BrowserSession(stack.url);
  const done = await browser.post(path, { password }, await browser.get(path));
  t.is(done.location, '/login');
  t.true((await browser.get('/login')).text.includes(`value="${newEmail}"`));
  t.is(browser.cookies.get('vestibule_session'), undefined, 'nobody is logged in by a link');
});

test('an address that has an account gets the same answer, and its owner a mail (C18, E1)', async (t) => {
  const { stack } = t.context;
  const { email: taken } = await buildLoginUser(stack);
  const free = buildEmail('free');
  const answers = [];
  const pages = [];
  for (const address of [taken, free]) {
    const { email } = await buildLoginUser(stack);
    const browser = await logIn(stack.url, email);
    answers.push(comparable(await ask(browser, address)));
    const shown = await browser.get(security);
    pages.push(/<div class="notice notice-info">.*?<\/div>/s.exec(shown.text)?.[0].replace(address, '').length);
  }
  t.deepEqual(answers[0], answers[1]);
  t.is(pages[0], pages[1]);
  const mail = await hasMail(stack, taken, 'already has a Vestibule account');
  t.false(/email-change\//.test(mail.text));
});

test('of two users who want one address the first to prove it gets it, and the other is told (C18)', async (t) => {
  const { stack } = t.context;
  const wanted = buildEmail('wanted');
  const one = await buildChange(stack, wanted);
  const two = await buildLoginUser(stack);
  const browser = await logIn(stack.url, two.email);
  await ask(browser, wanted);
  const paths = await mailedPaths(stack, wanted, '/email-change', 2);
  const path = paths.find((other) => other !== one.path)!;
  const answers = await Promise.all([
    one.browser.json('POST', one.api, {}),
    browser.json('POST', path.replace('/email-change', '/api/v1/email-changes'), {}),
  ]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  t.is((await stack.db('users').where({ email: wanted })).length, 1);
  t.is((await stack.db('email_changes').where({ new_email: wanted })).length, 0, 'nothing waits any more');
});

test('a registration that ends first gets the address, and the change is refused where it is seen (C18)', async (t) => {
  const { stack } = t.context;
  const { id, email, newEmail, browser, path } = await buildChange(stack);
  const page = await browser.get(path);
  t.is((await submitLink(new BrowserSession(stack.url), await buildLink(stack, newEmail))).location, '/login');
  const refused = await browser.post(path, {}, page);
  t.is(refused.status, 409);
  t.true(refused.text.includes('belongs to another account'));
  t.is(await emailOf(stack, id), email);
  t.is((await stack.db('email_changes').where({ user_id: id })).length, 0);
});

test('sixteen confirmations at once make one change and one notice', async (t) => {
  const { stack } = t.context;
  const { id, email, newEmail, browser, api } = await buildChange(stack);
  const answers = await Promise.all(Array.from({ length: 16 }, () => browser.json('POST', api, {})));
  t.is(answers.filter(({ status }) => status === 200).length, 1);
  t.true(answers.every(({ status }) => status === 200 || status === 404));
  t.is(await emailOf(stack, id), newEmail);
  t.is((await stack.db('notices').where({ email, template: 'email-changed' })).length, 1);
});

test('a link dies when it is replaced, cancelled, expired, or the password changes (P8, T3)', async (t) => {
  const { stack } = t.context;
  const { id, email, newEmail, browser, path } = await buildChange(stack);
  const isDead = async (of: string, what: string) => {
    t.is((await browser.get(of)).status, 404, what);
    t.is((await browser.json('POST', of.replace('/email-change', '/api/v1/email-changes'), {})).status, 404, what);
  };
  await ask(browser, newEmail);
  const [, again = ''] = await mailedPaths(stack, newEmail, '/email-change', 2);
  t.is((await stack.db('notices').where({ email, template: 'email-change-asked' })).length, 1, 'the old is told once');
  await isDead(path, 'replaced');
  t.is((await browser.get(again)).status, 200);
  const newest = async () => (await mailedPaths(stack, newEmail, '/email-change', 3)).at(-1)!;
  await browser.post(`${security}/email/cancel`, {}, await browser.get(security));
  await isDead(again, 'cancelled');
  t.false((await browser.get(security)).text.includes('notice-info'));
  await ask(browser, newEmail);
  const third = await newest();
  await stack
    .db('email_changes')
    .where({ user_id: id })
    .update({ expires_at: new Date(0) });
  await isDead(third, 'expired');
  await stack
    .db('email_changes')
    .where({ user_id: id })
    .update({ expires_at: new Date(Date.now() + 60_000) });
  t.is((await browser.get(third)).status, 200);
  t.is((await browser.get(third.replace('/email-change', '/password-reset'))).status, 404, 'another purpose');
  const change = { currentPassword: password, newPassword: 'seven purple walruses juggle' };
  t.is((await browser.json('PUT', '/api/v1/me/password', change)).status, 204);
  await isDead(third, 'after a new password');
  await isDead(`/email-change/${randomBytes(32).toString('base64url')}`, 'never one');
  t.is(await emailOf(stack, id), email);
  t.is((await browser.json('DELETE', '/api/v1/me/email-change')).status, 204, 'again, from a double click');
});

test('what is wrong is told beside its field, and nothing is mailed', async (t) => {
  const { stack } = t.context;
  const { email } = await buildLoginUser(stack);
  const browser = await logIn(stack.url, email);
  const target = buildEmail('new');
  t.is((await ask(browser, target, 'wrong')).status, 403);
  t.like((await ask(browser, email)).json(), { fields: { newEmail: 'emailUnchanged' } });
  t.like((await ask(browser, 'a@x, b@y')).json(), { fields: { newEmail: 'invalidEmail' } });
  t.is((await browser.json('POST', '/api/v1/me/email-change', { newEmail: target })).status, 400);
  const shown = await browser.get(security);
  const post = (fields: Record<string, string>) => browser.post(`${security}/email`, fields, shown);
  const wrong = await post({ newEmail: target, emailPassword: 'wrong' });
  t.is(wrong.status, 403);
  t.true(wrong.text.includes(`value="${target}"`));
  t.is((await post({ newEmail: 'nonsense', emailPassword: password })).status, 400);
  t.is((await stack.db('notices').where({ email: target })).length, 0);
});

test.serial('mails to one new address are limited, whether it has an account or not (L1)', async (t) => {
  const { stack } = t.context;
  const port = await choosePort(0);
  const url = `http://localhost:${port}`;
  await stack.startApi({ PORT: String(port), PUBLIC_URL: url, LIMITS: 'mailsPerMailboxMinute=1' });
  for (const target of [buildEmail('new'), (await buildLoginUser(stack)).email]) {
    const browser = await logIn(url, (await buildLoginUser(stack)).email);
    t.is((await ask(browser, target)).status, 202);
    const refused = await ask(browser, target);
    t.is(refused.status, 429);
    t.is(refused.headers.get('retry-after'), '60');
  }
});
