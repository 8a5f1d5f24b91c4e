import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { choosePort } from '../../dev/ports.js';
import { mailsTo } from '../builders/journeys.js';
import { buildEmail, buildLink, password } from '../builders/registrations.js';
import { buildLoginUser, mailedPaths } from '../builders/users.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { assertSameTime } from '../helpers/same-time.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { buildStaff } from './console/fixtures.js';
import { comparable, logIn } from './fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack({}, { keepsTemporal: true });
});
test.after.always((t) => t.context.stack?.stop());

const resets = '/api/v1/password-resets';
const newPassword = 'seven purple walruses juggle';
const ask = (url: string, email: string) => new BrowserSession(url).json('POST', resets, { email });
const attempt = async ({ url }: Stack, email: string, secret: string) =>
  (await new BrowserSession(url).json('POST', '/api/v1/sessions', { email, password: secret })).status;
const subjects = (stack: Stack, email: string) => mailsTo(stack, email).map(({ subject }) => subject);

/** A user and the path of a reset link mailed to them. */
async function buildReset(stack: Stack) {
  const user = await buildLoginUser(stack);
  await ask(stack.url, user.email);
  const [path = ''] = await mailedPaths(stack, user.email, '/password-reset');
  return { ...user, path, api: path.replace('/password-reset', resets) };
}

test('every address gets one answer and one mail, as JSON and as page (E1)', async (t) => {
  const { stack } = t.context;
  const { email: known } = await buildLoginUser(stack);
  const { email: disabled } = await buildLoginUser(stack, { disabled_at: new Date() });
  const { email: staff } = await buildStaff(stack, 'viewer');
  const registering = buildEmail();
  await buildLink(stack, registering);
  const emails = [known, buildEmail(), disabled, staff, registering];
  const answers = await Promise.all(emails.map((email) => ask(stack.url, email)));
  for (const answer of answers) {
    t.is(answer.status, 202);
    t.deepEqual(comparable(answer), comparable(answers[0]!));
  }
  for (const email of emails)
    await eventually('the mail', () =>
      subjects(stack, email).includes(
        email === known ? 'Choose a new Vestibule password' : 'No Vestibule account with this address',
      ),
    );
  t.is((await mailedPaths(stack, known, '/password-reset')).length, 1);

  const pages = [];
  for (const email of [known, buildEmail()]) {
    const browser = new BrowserSession(stack.url);
    const asked = await browser.post('/password-reset', { email }, await browser.get('/password-reset'));
    t.is(asked.location, '/password-reset/sent');
    const sent = await browser.get('/password-reset/sent');
    t.true(sent.text.includes(email));
    pages.push(comparable({ ...sent, text: sent.text.replaceAll(email, '') }));
  }
  t.deepEqual(pages[0], pages[1]);
});

test.serial('known and unknown take the same time (E2)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildLoginUser(stack);
  await assertSameTime(
    t,
    process.env.LONG === '1' ? 50 : 12,
    () => ask(stack.url, email),
    () => ask(stack.url, buildEmail()),
  );
});

test('clicked twice, the new password is set, and the page says so whichever answer is shown', async (t) => {
  const { stack } = t.context;
  const { email, path } = await buildReset(stack);
  const browser = new BrowserSession(stack.url);
  const page = await browser.get(path);
  const answers = await Promise.all([1, 2, 3].map(() => browser.post(path, { newPassword }, page)));
  t.deepEqual(
    answers.map(({ location }) => location),
    ['/login', '/login', '/login'],
  );
  t.is(await attempt(stack, email, newPassword), 201);
  t.is(subjects(stack, email).filter((subject) => /was changed/.test(subject)).length <= 1, true);
});

test('opening the link changes nothing; choosing a password ends all sessions and is told (T4, P8, D4)', async (t) => {
  const { stack } = t.context;
  const { id, email, path } = await buildReset(stack);
  const elsewhere = await logIn(stack.url, email);
  await stack.db('email_changes').insert({
    user_id: id,
    new_email: buildEmail('attacker'),
    token_hash: randomBytes(32),
    expires_at: new Date(Date.now() + 60_000),
  });
  const browser = new BrowserSession(stack.url);
  for (const method of ['HEAD', 'GET', 'GET', 'OPTIONS']) await browser.send(method, path);
  t.is(await attempt(stack, email, password), 201, 'nothing has changed');

  const page = await browser.get(path);
  t.true(page.text.includes(email) && page.text.includes('autocomplete="new-password"'));
  const weak = await browser.post(path, { newPassword: email.split('@')[0]! }, page);
  t.is(weak.status, 400);
  t.true(weak.text.includes('contains your name'));
  const done = await browser.post(path, { newPassword }, page);
  t.is(done.location, '/login');
  t.is(done.headers.get('set-cookie')?.includes('session'), false, 'nobody is logged in by a link');
  const login = await browser.get('/login');
  t.true(login.text.includes(`value="${email}"`) && login.text.includes('Your password is set'));

  t.is((await elsewhere.json('GET', '/api/v1/me')).status, 401);
  t.is(await attempt(stack, email, password), 401);
  t.is(await attempt(stack, email, newPassword), 201);
  t.is((await stack.db('email_changes').where({ user_id: id })).length, 0);
  await eventually('the notice', () => subjects(stack, email).includes('Your Vestibule password was changed'));

  const again = await browser.post(path, { newPassword: 'another long enough phrase' }, page);
  t.is(again.status, 404);
  t.true(again.text.includes('You have just chosen a new password?'));
  t.is(await attempt(stack, email, newPassword), 201);
});

test('of sixteen submits with several links at once one succeeds, and all links die (T5)', async (t) => {
  const { stack } = t.context;
  const { email, api } = await buildReset(stack);
  await ask(stack.url, email);
  const paths = await mailedPaths(stack, email, '/password-reset', 2);
  const other = paths.find((path) => !api.endsWith(path.slice(-43)))!.replace('/password-reset', resets);
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, n) =>
      new BrowserSession(stack.url).json('POST', n % 2 ? api : other, { password: `${newPassword} ${n}` }),
    ),
  );
  const winners = answers.flatMap(({ status }, n) => (status === 200 ? [n] : []));
  t.is(winners.length, 1, answers.map(({ status }) => status).join());
  t.true(answers.every(({ status }) => status === 200 || status === 404));
  t.is(await attempt(stack, email, `${newPassword} ${winners[0]}`), 201);
  await eventually('the notice', () => subjects(stack, email).includes('Your Vestibule password was changed'));
  const told = await stack.db('notices').where({ email, template: 'password-changed' });
  t.is(told.length, 1);
});

test('a link is for its purpose and its time only, and all that do not work look alike (T3, T8, T11, T12)', async (t) => {
  const { stack } = t.context;
  const { id, email, path } = await buildReset(stack);
  const token = path.slice(-43);
  const activation = (await buildLink(stack, buildEmail())).slice(-43);
  const browser = new BrowserSession(stack.url);
  t.is((await browser.get(`/register/${token}`)).status, 404);
  t.is((await browser.get(`/console/setup/${token}`)).status, 404);
  // But for where the language switch leads back to.
  const open = async (value: string) => {
    const { status, text } = comparable(await browser.get(`/password-reset/${value}`));
    return { status, text: text.replace(/name="returnTo" value="[^"]*"/, '') };
  };
  const never = await open(randomBytes(32).toString('base64url'));
  const dead = [activation, 'x', '%00', 'a'.repeat(5_000), '%F0%9F%98%80', `${token}x`];
  const same = async (value: string, what: string) => {
    t.deepEqual(await open(value), never, what);
    t.is((await browser.json('POST', `${resets}/${value}`, { password: newPassword })).status, 404, what);
  };
  t.is(never.status, 404);
  for (const value of dead) await same(value, value.slice(0, 50));

  await stack.db('users').where({ id }).update({ disabled_at: new Date() });
  await same(token, 'of somebody disabled');
  await stack.db('users').where({ id }).update({ disabled_at: null });
  await stack
    .db('password_resets')
    .where({ user_id: id })
    .update({ expires_at: new Date(0) });
  await same(token, 'expired');
  t.is(await attempt(stack, email, password), 201);
});

test('the token is in the mail, and nowhere else (T2, T10)', async (t) => {
  const { stack } = t.context;
  const { id, path } = await buildReset(stack);
  const token = path.slice(-43);
  const rows = await stack.db('password_resets').where({ user_id: id });
  const kept = rows.map(({ token_hash }) => Buffer.from(token_hash).toString('base64url'));
  t.is(kept.length, 1);
  t.false(kept.includes(token));
  await new BrowserSession(stack.url).get(path);
  t.false((await stack.logs()).includes(token));
  t.is((await stack.db('notices').whereNotNull('sealed_token').where({ state: 'sent' })).length, 0);
});

test.serial('mails that are not sent count as well, for every address alike (E3, L1)', async (t) => {
  const { stack } = t.context;
  const port = await choosePort(0);
  await stack.startApi({ PORT: String(port), LIMITS: 'mailsPerMailboxMinute=2,resetsPerSource=9' });
  const url = `http://localhost:${port}`;
  const { email: known } = await buildLoginUser(stack);
  const unknown = buildEmail();
  await stack.db('rate_limits').delete();
  for (const email of [known, unknown])
    for (let times = 0; times < 4; times++) t.is((await ask(url, email)).status, 202, `${email} ${times}`);
  t.is((await stack.db('notices').where({ email: known })).length, 2);
  t.is((await stack.db('notices').where({ email: unknown })).length, 2);
  t.is((await ask(url, buildEmail())).status, 202);
  const refused = await ask(url, known);
  t.is(refused.status, 429);
  t.true(Number(refused.headers.get('retry-after')) > 0);
});

test.serial(
  'while mail server and Temporal are away the answer is the same, and the mail comes later (E4)',
  async (t) => {
    const { stack } = t.context;
    const { email } = await buildLoginUser(stack);
    stack.mail.setMode('421');
    t.teardown(() => stack.mail.setMode('ok'));
    await stack.stopTemporal();
    const answers = [await ask(stack.url, email), await ask(stack.url, buildEmail())];
    for (const answer of answers) t.is(answer.status, 202);
    t.deepEqual(comparable(answers[0]!), comparable(answers[1]!));
    await stack.startTemporal();
    stack.mail.setMode('ok');
    // As after a while: a process that starts takes up what the others could not hand over.
    await stack
      .db('notices')
      .where({ state: 'waiting' })
      .update({ created_at: new Date(Date.now() - 60_000) });
    await stack.startApi({ PORT: String(await choosePort(0)) });
    const [path = ''] = await mailedPaths(stack, email, '/password-reset');
    t.is((await new BrowserSession(stack.url).get(path)).status, 200);
  },
);
