import anyTest, { type TestFn } from 'ava';
import { createStaffLink } from '../../db/staff.js';
import { buildAccount, buildEmail, password } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { buildOperator, comparable, logIn } from './fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

const setUp = async (stack: Stack, token: string, fields: Record<string, string>) => {
  const browser = new BrowserSession(stack.url);
  const path = `/console/setup/${token}`;
  return browser.post(path, fields, await browser.get(path));
};

test.serial('a setup link makes one operator, once; opening it uses nothing up (T4, A17)', async (t) => {
  const { stack } = t.context;
  const token = await createStaffLink(stack.db, 'viewer');
  const email = buildEmail('op');
  for (let visit = 0; visit < 5; visit++)
    t.is((await new BrowserSession(stack.url).get(`/console/setup/${token}`)).status, 200);
  t.is((await setUp(stack, token, { email, password })).location, '/console/login');
  t.like(await stack.db('staff').where({ email }).first(), { role: 'viewer' });
  const again = await new BrowserSession(stack.url).get(`/console/setup/${token}`);
  const never = await new BrowserSession(stack.url).get(`/console/setup/${'x'.repeat(43)}`);
  t.deepEqual([again.status, never.status], [404, 404]);
});

test.serial('of ten uses of one link at once, one wins', async (t) => {
  const { stack } = t.context;
  const token = await createStaffLink(stack.db, 'operator');
  const emails = Array.from({ length: 10 }, () => buildEmail('racer'));
  const path = `/console/setup/${token}`;
  const browsers = emails.map(() => new BrowserSession(stack.url));
  const pages = await Promise.all(browsers.map((browser) => browser.get(path)));
  const answers = await Promise.all(
    browsers.map((browser, n) => browser.post(path, { email: emails[n] ?? '', password }, pages[n])),
  );
  t.deepEqual(answers.map(({ status }) => status).sort(), [303, ...Array(9).fill(404)]);
  t.is((await stack.db('staff').whereIn('email', emails)).length, 1);
});

test.serial('a link that is too old, or replaced by a newer one, is none', async (t) => {
  const { stack } = t.context;
  const old = await createStaffLink(stack.db, 'admin');
  await stack.db('staff_links').where({ role: 'admin', used_at: null }).update({ expires_at: new Date() });
  t.is((await new BrowserSession(stack.url).get(`/console/setup/${old}`)).status, 404);
});

test.serial('a weak password or a wrong e-mail is told beside the field, and the link stays good (P5)', async (t) => {
  const { stack } = t.context;
  const token = await createStaffLink(stack.db, 'viewer');
  for (const [fields, named] of [
    [{ email: 'nobody', password }, 'email'],
    [{ email: 'op@example.com', password: 'short' }, 'password'],
    [{ email: 'op@example.com', password: '' }, 'password'],
    [{ email: 'op@example.com', password: 'passwordpassword' }, 'password'],
  ] as const) {
    const answer = await setUp(stack, token, fields);
    t.is(answer.status, 400);
    t.regex(answer.text, new RegExp(`id="${named}-error">[^<]{10,}<`));
    t.true(answer.text.includes(`value="${fields.email}"`));
  }
  t.is((await setUp(stack, token, { email: buildEmail(), password })).status, 303);
});

test.serial('the Console shows an operator how many registrations stand in each state', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildOperator(stack);
  await buildAccount(stack);
  const page = await browser.get('/console');
  t.is(page.status, 200);
  t.true(page.text.includes(email));
  t.regex(page.text, /state=completed">Account created<\/a><\/th><td class="number">[1-9]/);
  const out = await browser.post('/console/logout', {}, page);
  t.is(out.location, '/console/login');
  t.is((await browser.get('/console')).location, '/console/login');
});

test.serial("staff's and users' sessions and accounts are worth nothing on the other side (S7)", async (t) => {
  const { stack } = t.context;
  const operator = await buildOperator(stack);
  const { email } = await buildAccount(stack);
  const user = await logIn(stack.url, email);
  t.is((await user.get('/console')).location, '/console/login');
  t.is((await operator.browser.get('/account')).location, '/login');
  t.is((await operator.browser.json('GET', '/api/v1/me')).status, 401);
  const swapped = new BrowserSession(stack.url);
  swapped.cookies.set('vestibule_session', operator.browser.cookies.get('vestibule_staff') ?? '');
  swapped.cookies.set('vestibule_staff', user.cookies.get('vestibule_session') ?? '');
  t.is((await swapped.get('/console')).location, '/console/login');
  t.is((await swapped.get('/account')).location, '/login');
  t.is((await swapped.json('POST', '/api/v1/sessions', { email: operator.email, password })).status, 401);
  const other = new BrowserSession(stack.url);
  const answer = await other.post('/console/login', { email, password }, await other.get('/console/login'));
  t.is(answer.status, 401);
  t.false(other.cookies.has('vestibule_staff'));
});

test.serial('the Console login tells unknown and wrong alike (E5)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildOperator(stack);
  const told: unknown[] = [];
  for (const [who, secret] of [
    [email, 'wrong'],
    [buildEmail(), password],
  ] as const) {
    const browser = new BrowserSession(stack.url);
    const answer = comparable(
      await browser.post('/console/login', { email: who, password: secret }, await browser.get('/console/login')),
    );
    t.is(answer.status, 401);
    told.push(answer.text.replaceAll(who, ''));
  }
  t.is(told[0], told[1]);
});

test.serial(
  "a member of staff's session ends by itself, sooner than a user's (S4), and with the account (S3)",
  async (t) => {
    const { stack } = t.context;
    for (const [column, age, location] of [
      ['last_seen_at', '29 minutes', null],
      ['last_seen_at', '31 minutes', '/console/login'],
      ['created_at', '7 hours', null],
      ['created_at', '8 hours 1 minute', '/console/login'],
    ] as const) {
      const { email, browser } = await buildOperator(stack);
      const { id } = await stack.db('staff').where({ email }).first('id');
      await stack
        .db('staff_sessions')
        .where({ staff_id: id })
        .update({ [column]: stack.db.raw(`now() - interval '${age}'`) });
      t.is((await browser.get('/console')).location, location, `${column} ${age}`);
    }
    const { email, browser } = await buildOperator(stack);
    await stack.db('staff').where({ email }).delete();
    t.is((await browser.get('/console')).location, '/console/login');
  },
);

test.serial('the staff cookie is strict and for no script (S1)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildOperator(stack);
  const browser = new BrowserSession(stack.url);
  const answer = await browser.post('/console/login', { email, password }, await browser.get('/console/login'));
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('vestibule_staff='));
  t.regex(cookie ?? '', /^vestibule_staff=[\w-]{43}; path=\/; samesite=strict; httponly$/i);
});
