import anyTest, { type TestFn } from 'ava';
import { choosePort } from '../../dev/ports.js';
import { buildAccount, password } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { sendForm } from './console/fixtures.js';
import { logIn, sendRaw } from './fixtures/requests.js';
import {
  type BuiltFactor,
  buildFactor,
  codeOf,
  codesOn,
  logInHalf,
  roomInStep,
  secretOn,
  sendCode,
} from './fixtures/second-factors.js';

const test = anyTest as TestFn<{ stack: Stack }>;
const settings = '/account/second-factor';
const asking = '/login/second-factor';

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

interface Person extends BuiltFactor {
  email: string;
  id: string;
  browser: BrowserSession;
}

/** A user with a connected app, logged in. */
async function buildPerson(stack: Stack): Promise<Person> {
  const { email } = await buildAccount(stack);
  const browser = await logIn(stack.url, email);
  const { id } = await stack.db('users').where({ email }).first('id');
  return { email, id, browser, ...(await buildFactor(browser)) };
}

const half = (stack: Stack, { email }: Person, url?: string) => logInHalf(stack, email, password, url);
const isIn = async (browser: BrowserSession) => (await browser.json('GET', '/api/v1/me')).status === 200;
const mailsTo = (stack: Stack, email: string) => stack.mail.messages().filter(({ to }) => to.includes(email));

test('an app is connected by its first code; recovery codes come along, are shown for a while, and both are told by mail', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const browser = await logIn(stack.url, email);
  const other = await logIn(stack.url, email);
  await sendForm(browser, settings, `${settings}/totp`);
  const page = await browser.get(`${settings}/totp`);
  const secret = secretOn(page.text);
  t.is(secret.length, 32, '160 bits');
  t.true(page.text.includes(`otpauth://totp/Vestibule:${encodeURIComponent(email)}?`), 'for a tap on the same device');
  t.regex(page.text, /<svg class="qr" role="img"/);
  await sendForm(browser, settings, `${settings}/totp`);
  t.is(secretOn((await browser.get(`${settings}/totp`)).text), secret, 'begun twice: the same set-up');

  const wrong = await browser.post(`${settings}/totp/confirm`, { code: '000000' }, page);
  t.is(wrong.status, 401);
  t.true(wrong.text.includes('This code does not work'));
  t.is(secretOn(wrong.text), secret);
  const before = browser.cookies.get('vestibule_session');
  await roomInStep();
  const code = codeOf(secret, -1);
  t.is((await browser.post(`${settings}/totp/confirm`, { code }, page)).location, `${settings}/recovery-codes`);
  t.is(
    (await browser.post(`${settings}/totp/confirm`, { code }, page)).location,
    `${settings}/recovery-codes`,
    'sent twice',
  );
  t.is(browser.cookies.get('vestibule_session'), before);
  t.false(await isIn(other), 'who is logged in elsewhere logs in anew');

  const codes = codesOn((await browser.get(`${settings}/recovery-codes`)).text);
  t.is(new Set(codes).size, 10);
  t.deepEqual(codesOn((await browser.get(`${settings}/recovery-codes`)).text), codes, 'a reload shows them again');
  const file = await browser.get(`${settings}/recovery-codes/file`);
  t.regex(file.headers.get('content-disposition') ?? '', /attachment; filename="vestibule-recovery-codes\.txt"/);
  t.deepEqual([file.headers.get('cache-control'), file.text.match(/^(\w{4}-){2}\w{4}$/gm)], ['no-store', codes]);
  t.true(file.text.startsWith(`Recovery codes of ${email}`));
  await sendForm(browser, `${settings}/recovery-codes`, `${settings}/recovery-codes/stored`);
  for (const path of ['recovery-codes', 'recovery-codes/file'])
    t.is((await browser.get(`${settings}/${path}`)).location, settings, 'put away');
  t.true((await browser.get(settings)).text.includes('10 codes left'));
  const mail = await stack.mail.waitForMail(
    ({ to, subject }) => to.includes(email) && /connected/.test(subject),
    60_000,
  );
  t.true(mail.text.includes(email));
  t.false(mail.text.includes(secret));
  t.false((await stack.logs()).includes(secret));
});

test('after the password nothing opens until the code is given; then under a new token (S2)', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const browser = await half(stack, person);
  const token = browser.cookies.get('vestibule_session');
  for (const path of ['/account', settings, '/login', `${settings}/totp`])
    t.regex((await browser.get(path)).location ?? '', /^\/(login\/second-factor|account)$/, path);
  t.is((await browser.get('/account')).location, asking);
  const me = await browser.json('GET', '/api/v1/me');
  t.like(me.json(), { status: 403, code: 'stepPending' });
  const page = await browser.get(asking);
  t.false(page.text.includes(person.email) || page.text.includes('O&#39;Brien'), 'nothing of the account is told');
  for (const path of ['totp', 'totp/remove', 'recovery-codes', 'confirm', 'recovery-codes/stored'])
    t.is((await browser.post(`${settings}/${path}`, { password, code: '1' }, page)).status >= 400, true, path);
  t.is(
    await stack
      .db('totp_secrets')
      .where({ user_id: person.id })
      .count('* as n')
      .first()
      .then((row) => row?.n),
    '1',
  );

  const answer = await sendCode(browser, ` ${codeOf(person.secret).replace(/(...)/, '$1 ')}`);
  t.is(answer.location, '/account');
  t.not(browser.cookies.get('vestibule_session'), token);
  t.true(await isIn(browser));
  const stale = new BrowserSession(stack.url);
  stale.cookies.set('vestibule_session', token ?? '');
  t.false(await isIn(stale));
  t.is((await stale.post(asking, { code: '1' }, page)).location, '/login');
  t.is((await browser.get(asking)).location, '/account', 'no business there any more');
});

test('a code works once, also in another session, and never after a newer one', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const code = codeOf(person.secret);
  const sessions = await Promise.all(Array.from({ length: 8 }, () => half(stack, person)));
  const pages = await Promise.all(sessions.map((browser) => browser.get(asking)));
  const answers = await Promise.all(sessions.map((browser, n) => browser.post(asking, { code }, pages[n])));
  t.is(answers.filter(({ status }) => status === 303).length, 1);
  t.is(answers.filter(({ status }) => status === 401).length, 7);
  const browser = await half(stack, person);
  t.is((await sendCode(browser, code)).status, 401);
  t.is((await sendCode(browser, codeOf(person.secret, -1))).status, 401, 'older than one that was used');
  t.is((await sendCode(browser, codeOf(person.secret, 1))).status, 303);
});

test('sixteen uses of one recovery code at once open one session; the owner is told (T5)', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const [code = '', second = ''] = person.recoveryCodes;
  const sessions = await Promise.all(Array.from({ length: 16 }, () => half(stack, person)));
  const pages = await Promise.all(sessions.map((browser) => browser.get(asking)));
  const answers = await Promise.all(sessions.map((browser, n) => browser.post(asking, { code }, pages[n])));
  t.is(answers.filter(({ status }) => status === 303).length, 1);
  t.is(answers.filter(({ status }) => status === 401).length, 15);
  const opened = await Promise.all(sessions.map(isIn));
  t.is(opened.filter(Boolean).length, 1);
  const browser = await half(stack, person);
  t.is((await sendCode(browser, second.toLowerCase().replaceAll('-', ' '))).status, 303, 'however it is typed');
  const told = () => mailsTo(stack, person.email).filter(({ subject }) => /recovery code was used/.test(subject));
  await stack.mail.waitForMail(({ to, text }) => to.includes(person.email) && /codes left: 8/.test(text), 60_000);
  t.is(told().length, 2);
});

test("another person's codes, wrong and malformed ones get the same answer", async (t) => {
  const { stack } = t.context;
  const [person, other] = [await buildPerson(stack), await buildPerson(stack)];
  const browser = await half(stack, person);
  const texts = new Set<string>();
  for (const code of [
    codeOf(other.secret),
    other.recoveryCodes[0] ?? '',
    '000000',
    'x',
    '',
    '\u0000',
    'Ä'.repeat(900),
  ]) {
    const answer = await sendCode(browser, code);
    t.is(answer.status, 401, code.slice(0, 20));
    texts.add(answer.text.replace(/name="formToken" value="[^"]*"/g, ''));
  }
  t.is(texts.size, 1);
  t.is((await stack.db('recovery_codes').where({ user_id: other.id, used_at: null })).length, 10);
});

test('wrong codes are limited by session and by source, and the owner elsewhere is not kept out', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const port = await choosePort(0);
  const url = `http://localhost:${port}`;
  const LIMITS = 'secondFactorsPerSession=3,secondFactorsPerAccount=4,secondFactorsPerAccountOverall=6';
  const more = { LIMITS, TRUSTED_PROXIES: '127.0.0.1,::1', SECRET_KEYS: stack.env.SECRET_KEYS };
  await stack.startApi({ PORT: String(port), PUBLIC_URL: url, ...more });
  const attempt = async (browser: BrowserSession, code: string, source: string) =>
    browser.json('POST', '/api/v1/sessions/current/second-factor', { code }, { 'x-forwarded-for': source });
  const thief = await half(stack, person, url);
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) statuses.push((await attempt(thief, '000000', `203.0.113.${n}`)).status);
  t.deepEqual(statuses, [401, 401, 401, 429], 'by session, wherever it comes from');
  const again = await half(stack, person, url);
  const refused = await attempt(again, '000000', '203.0.113.0');
  t.is(refused.status, 401);
  for (let n = 0; n < 3; n++) await attempt(await half(stack, person, url), '000000', '203.0.113.0');
  const limited = await attempt(await half(stack, person, url), codeOf(person.secret), '203.0.113.0');
  t.is(limited.status, 429, 'by account and source');
  t.true(Number(limited.headers.get('retry-after')) > 0);
  const owner = await half(stack, person, url);
  t.is((await attempt(owner, codeOf(person.secret), '198.51.100.7')).status, 429, 'all guesses together');
  t.is(
    (await attempt(owner, person.recoveryCodes[0] ?? '', '198.51.100.7')).status,
    200,
    'what cannot be guessed opens',
  );
});

test('a login without its second factor ends after ten minutes', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const browser = await half(stack, person);
  const moved = (interval: string) => stack.db.raw(`now() - interval '${interval}'`);
  const session = () => stack.db('sessions').where({ user_id: person.id, second_factor_at: null });
  await session().update({ created_at: moved('9 minutes') });
  t.is((await browser.get(asking)).status, 200);
  await session().update({ created_at: moved('10 minutes 1 second') });
  t.is((await browser.get(asking)).location, '/login');
});

test('a program is told that the second factor is missing, and finishes with a code', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const browser = new BrowserSession(stack.url);
  const login = await browser.json('POST', '/api/v1/sessions', { email: person.email, password });
  t.deepEqual([login.status, login.json()], [201, { status: 'secondFactorRequired' }]);
  t.is((await browser.json('GET', '/api/v1/me')).status, 403);
  const path = '/api/v1/sessions/current/second-factor';
  t.like((await browser.json('POST', path, { code: '1' })).json(), { status: 401, code: 'secondFactorFailed' });
  const proven = await browser.json('POST', path, { code: codeOf(person.secret) });
  t.deepEqual([proven.status, proven.json()], [200, { status: 'loggedIn' }]);
  t.true(await isIn(browser));
  const leaving = await half(stack, person);
  t.is((await leaving.json('DELETE', '/api/v1/sessions/current')).status, 204, 'half-way in, one can still leave');
});

test('changes want the password once the login is ten minutes ago', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const { browser } = person;
  const past = stack.db.raw(`now() - interval '11 minutes'`);
  await stack.db('sessions').where({ user_id: person.id }).update({ created_at: past, confirmed_at: past });
  const page = await browser.get(settings);
  t.false(page.text.includes(`action="${settings}/totp/remove"`), 'not offered');
  for (const path of ['totp', 'totp/remove', 'recovery-codes'])
    t.is((await browser.post(`${settings}/${path}`, {}, page)).status, 403, path);
  for (const path of ['recovery-codes', 'recovery-codes/file'])
    t.is((await browser.get(`${settings}/${path}`)).location, settings, 'codes are not shown either');
  const wrong = await sendForm(browser, settings, `${settings}/confirm`, { password: 'wrong' });
  t.is(wrong.status, 403);
  t.true(wrong.text.includes('The current password is not right'));
  t.is((await sendForm(browser, settings, `${settings}/confirm`, { password })).location, settings);
  t.is((await sendForm(browser, settings, `${settings}/recovery-codes`)).location, `${settings}/recovery-codes`);
  const codes = codesOn((await browser.get(`${settings}/recovery-codes`)).text);
  t.is(codes.filter((code) => person.recoveryCodes.includes(code)).length, 0);
  const late = await half(stack, person);
  t.is((await sendCode(late, person.recoveryCodes[0] ?? '')).status, 401, 'earlier ones are dead');
});

test('another app takes the place of the first; without any, the password is enough and codes are gone', async (t) => {
  const { stack } = t.context;
  const person = await buildPerson(stack);
  const { browser } = person;
  await sendForm(browser, settings, `${settings}/totp`);
  const page = await browser.get(`${settings}/totp`);
  const secret = secretOn(page.text);
  t.not(secret, person.secret);
  t.is(
    (await sendCode(await half(stack, person), codeOf(person.secret))).status,
    303,
    'until then the first one counts',
  );
  t.is((await browser.post(`${settings}/totp/confirm`, { code: codeOf(secret) }, page)).location, settings);
  const later = await half(stack, person);
  t.is((await sendCode(later, codeOf(person.secret, 1))).status, 401);
  t.is((await sendCode(later, codeOf(secret, 1))).status, 303);

  const waiting = await half(stack, person);
  t.is((await sendForm(browser, settings, `${settings}/totp/remove`)).location, settings);
  t.false(await isIn(waiting), 'a login that waited for its code does not open by it');
  t.false(await isIn(later));
  t.true(await isIn(await half(stack, person)));
  for (const table of ['totp_secrets', 'recovery_codes'])
    t.is((await stack.db(table).where({ user_id: person.id })).length, 0, table);
  await stack.mail.waitForMail(({ to, subject }) => to.includes(person.email) && /disconnected/.test(subject), 60_000);
});

test('secrets and codes are in the database sealed or hashed only, and no one else reads them there', async (t) => {
  const { stack } = t.context;
  const [person, other] = [await buildPerson(stack), await buildPerson(stack)];
  const { rows } = await stack.db.raw(
    'select t::text as line from totp_secrets t union all select r::text from recovery_codes r',
  );
  const dump = rows.map(({ line }: { line: string }) => line).join('\n');
  for (const value of [
    person.secret,
    ...person.recoveryCodes,
    ...person.recoveryCodes.map((code) => code.replaceAll('-', '')),
  ])
    for (const form of [value, Buffer.from(value).toString('hex')]) t.false(dump.includes(form), form);
  // A row that is given to somebody else does not open under their name.
  const { sealed_secret } = await stack.db('totp_secrets').where({ user_id: person.id }).first();
  await stack.db('totp_secrets').where({ user_id: other.id }).update({ sealed_secret });
  t.is((await sendCode(await half(stack, other), codeOf(person.secret))).status, 500);
  t.is((await sendRaw(stack.url, { path: asking })).headers.location, '/login');
});
