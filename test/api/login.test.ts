import anyTest, { type TestFn } from 'ava';
import { defaultLimits } from '../../api/rate-limits.js';
import { choosePort } from '../../dev/ports.js';
import { buildAccount, buildEmail, buildLink, password } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { assertSameTime } from '../helpers/same-time.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { comparable, logIn, sendRaw } from './fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack; email: string }>;

test.before(async (t) => {
  t.context.stack = await startStack();
  t.context.email = (await buildAccount(t.context.stack)).email;
});
test.after.always((t) => t.context.stack?.stop());

const attempt = (url: string, email: string, secret: string, headers: Record<string, string> = {}) =>
  new BrowserSession(url).json('POST', '/api/v1/sessions', { email, password: secret }, headers);

/** Another API process on the same database. */
async function startSecondApi({ startApi, env }: Stack, extra: NodeJS.ProcessEnv): Promise<string> {
  const port = await choosePort(0);
  await startApi({
    PORT: String(port),
    PUBLIC_URL: `http://localhost:${port}`,
    SECRET_KEYS: env.SECRET_KEYS,
    ...extra,
  });
  return `http://localhost:${port}`;
}

test('unknown, wrong, disabled and malformed get one answer, as page and as JSON (E5)', async (t) => {
  const { stack, email } = t.context;
  const { email: disabled } = await buildAccount(stack);
  await stack.db('users').where({ email: disabled }).update({ disabled_at: new Date() });
  const unfinished = buildEmail();
  await buildLink(stack, unfinished);
  const refused = [
    [buildEmail(), password],
    [email, 'wrong'],
    [email, ''],
    [disabled, password],
    [unfinished, password],
    ['no address', password],
  ] as const;
  const answers = await Promise.all(refused.map(([who, secret]) => attempt(stack.url, who, secret)));
  for (const answer of answers) {
    t.deepEqual(comparable(answer), comparable(answers[0]!));
    t.like(answer.json(), { status: 401, code: 'loginFailed' });
    t.is(answer.headers.get('set-cookie'), null);
  }
  const pages: unknown[] = [];
  for (const [who, secret] of refused) {
    const browser = new BrowserSession(stack.url);
    const page = await browser.post('/login', { email: who, password: secret }, await browser.get('/login'));
    t.is(page.status, 401);
    t.true(page.text.includes('E-mail and password do not match'));
    t.false(page.text.includes(password));
    pages.push({ ...comparable(page), text: comparable(page).text.replace(`value="${who}"`, ''), headers: [] });
  }
  for (const page of pages) t.deepEqual(page, pages[0]);
});

test('a spelling of the same address logs in; a spelling of the password does not', async (t) => {
  const { stack, email } = t.context;
  t.is((await attempt(stack.url, ` ${email.toUpperCase()} `, password)).status, 201);
  for (const secret of [
    `${password} `,
    ` ${password}`,
    password.toUpperCase(),
    password.slice(0, -1),
    `${password}\u0000`,
  ])
    t.is((await attempt(stack.url, email, secret)).status, 401, JSON.stringify(secret));
});

test.serial('unknown and wrong take the same time (E5)', async (t) => {
  const { stack, email } = t.context;
  const LIMITS = 'loginsPerAccount=1000,loginsPerAccountOverall=1000,loginsPerSource=1000';
  const url = await startSecondApi(stack, { LIMITS });
  const known = () => attempt(url, email, 'wrong password');
  await assertSameTime(t, 15, known, () => attempt(url, buildEmail(), 'wrong password'));
  await stack.db('rate_limits').delete();
});

test('the session is a cookie that no script and no other site gets, stored as a hash only (S1)', async (t) => {
  const { stack, email } = t.context;
  const answer = await attempt(stack.url, email, password);
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('vestibule_session=')) ?? '';
  t.regex(cookie, /^vestibule_session=[\w-]{43}; path=\/; samesite=lax; httponly$/i);
  const token = /=([\w-]+)/.exec(cookie)?.[1] ?? '';
  const dump = JSON.stringify(await stack.db('sessions').select(stack.db.raw("encode(token_hash, 'escape') as hash")));
  t.false(dump.includes(token));
  t.false(dump.includes(Buffer.from(token, 'base64url').toString('hex')));
});

test('behind TLS every cookie is Secure and cannot be planted by a neighbour (S1)', async (t) => {
  const { stack, email } = t.context;
  const port = await choosePort(0);
  const publicUrl = 'https://register.example.com';
  await stack.startApi({ PORT: String(port), PUBLIC_URL: publicUrl });
  const url = `http://localhost:${port}`;
  const browser = new BrowserSession(url);
  const page = await browser.get('/login');
  t.is(page.status, 200);
  t.regex(page.headers.get('set-cookie') ?? '', /^__Host-form=[\w-]+; path=\/; samesite=lax; secure; httponly$/i);
  const login = await browser.post('/login', { email, password }, page);
  t.is(login.location, '/account');
  t.regex(login.headers.get('set-cookie') ?? '', /__Host-session=[\w-]+; path=\/; samesite=lax; secure; httponly/i);
  const { text, headers } = await browser.get('/account');
  t.true(text.includes(email));
  t.is(headers.get('strict-transport-security'), 'max-age=31536000; includeSubDomains');
  const description = (await browser.get('/api/v1/openapi.json')).json<{ components: { securitySchemes: unknown } }>();
  t.like(description.components.securitySchemes, { session: { name: '__Host-session' } });
});

test('a session id that somebody chose is never adopted, and a login makes a new one (S2)', async (t) => {
  const { stack, email } = t.context;
  const browser = new BrowserSession(stack.url);
  const chosen = 'A'.repeat(43);
  browser.cookies.set('vestibule_session', chosen);
  t.is((await browser.get('/account')).location, '/login');
  await logIn(stack.url, email, browser);
  const first = browser.cookies.get('vestibule_session');
  t.not(first, chosen);
  const again = await browser.json('POST', '/api/v1/sessions', { email, password });
  t.is(again.status, 201);
  t.not(browser.cookies.get('vestibule_session'), first);
  const old = new BrowserSession(stack.url);
  old.cookies.set('vestibule_session', first ?? '');
  t.is((await old.json('GET', '/api/v1/me')).status, 401, 'the one before ended with the new login');
});

test('logging out and disabling end a session on the server at once (S3)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const [leaving, disabled] = [await logIn(stack.url, email), await logIn(stack.url, email)];
  const kept = leaving.cookies.get('vestibule_session') ?? '';
  const out = await leaving.post('/logout', {}, await leaving.get('/account'));
  t.is(out.location, '/login');
  t.is(out.headers.get('clear-site-data'), '"cache"');
  t.false(leaving.cookies.has('vestibule_session'));
  leaving.cookies.set('vestibule_session', kept);
  t.is((await leaving.json('GET', '/api/v1/me')).status, 401);

  t.is((await disabled.json('GET', '/api/v1/me')).status, 200);
  await stack.db('users').where({ email }).update({ disabled_at: new Date() });
  t.is((await disabled.json('GET', '/api/v1/me')).status, 401);
});

const timedOut = test.macro({
  exec: async (t, column: string, interval: string, status: number) => {
    const { stack } = t.context as { stack: Stack };
    const { email } = await buildAccount(stack);
    const browser = await logIn(stack.url, email);
    const user = await stack.db('users').where({ email }).first('id');
    const moved = stack.db.raw(`now() - interval '${interval}'`);
    await stack
      .db('sessions')
      .where({ user_id: user.id })
      .update({ [column]: moved });
    t.is((await browser.json('GET', '/api/v1/me')).status, status);
  },
  title: (what) => `a session ${what} (S4)`,
});
test('goes on after 59 idle minutes', timedOut, 'last_seen_at', '59 minutes', 200);
test('ends after an idle hour', timedOut, 'last_seen_at', '61 minutes', 401);
test('goes on through eleven busy hours', timedOut, 'created_at', '11 hours', 200);
test('ends after twelve hours however busy', timedOut, 'created_at', '12 hours 1 minute', 401);

test('an account is throttled by source, and its owner elsewhere is not kept out (P11)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const url = await startSecondApi(stack, { LIMITS: 'loginsPerAccount=5', TRUSTED_PROXIES: '127.0.0.1,::1' });
  const from = (source: string) => ({ 'x-forwarded-for': source });
  for (let wrong = 0; wrong < 5; wrong++) t.is((await attempt(url, email, 'wrong', from('203.0.113.1'))).status, 401);
  for (const who of [email, email.toUpperCase(), ` ${email}`]) {
    const answer = await attempt(url, who, password, from('203.0.113.1'));
    t.is(answer.status, 429);
    t.true(Number(answer.headers.get('retry-after')) > 0);
  }
  t.is((await attempt(url, email, password, from('203.0.113.2'))).status, 201);
  const unknown = buildEmail();
  for (let wrong = 0; wrong < 5; wrong++) await attempt(url, unknown, 'wrong', from('203.0.113.1'));
  t.is((await attempt(url, unknown, 'wrong', from('203.0.113.1'))).status, 429, 'the same for nobody (E5)');
});

test('150 wrong logins from 50 sources are throttled before a hundred were tried (P11)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const url = await startSecondApi(stack, { LIMITS: '', TRUSTED_PROXIES: '127.0.0.1,::1' });
  const answers = await Promise.all(
    Array.from({ length: 150 }, (_, n) => attempt(url, email, 'wrong', { 'x-forwarded-for': `198.51.100.${n % 50}` })),
  );
  const tried = answers.filter(({ status }) => status === 401).length;
  t.true(tried <= 2 * defaultLimits.loginsPerAccountOverall && tried > 0, `${tried} were tried`);
  const throttled = answers.filter(({ status }) => status === 429);
  t.true(
    throttled.every(({ headers }) => Number(headers.get('retry-after')) <= 60),
    'for a minute at most',
  );
});

test('a throttled person is told on the page how long to wait', async (t) => {
  const url = await startSecondApi(t.context.stack, { LIMITS: 'loginsPerSource=1' });
  const browser = new BrowserSession(url);
  const page = await browser.get('/login');
  await browser.post('/login', { email: 'a@example.com', password: 'x' }, page);
  const answer = await browser.post('/login', { email: 'a@example.com', password: 'x' }, page);
  t.is(answer.status, 429);
  const seconds = Number(answer.headers.get('retry-after'));
  t.true(seconds > 500 && seconds <= 600);
  t.true(answer.text.includes(`${seconds} seconds`) && answer.text.includes('value="a@example.com"'));
});

test('cookies in masses or malformed are no failure (S10)', async (t) => {
  const { stack, email } = t.context;
  const cookies = [
    `a=${'x'.repeat(12_000)}`,
    'vestibule_session=%00; vestibule_form=%00; vestibule_language=%00; vestibule_flash=%00',
    Array.from({ length: 5 }, (_, n) => `vestibule_session=${n}`).join('; '),
    'vestibule_flash=e30; vestibule_flash=bm9uc2Vuc2U',
    ';;;===;;',
    '__proto__=1; constructor=2',
  ];
  for (const cookie of cookies) {
    const answer = await sendRaw(stack.url, { path: '/login', headers: { cookie } });
    t.is(answer.status, 200, cookie.slice(0, 40));
    t.is((await sendRaw(stack.url, { path: '/account', headers: { cookie } })).headers.location, '/login');
  }
  t.is((await sendRaw(stack.url, { path: '/login', headers: { cookie: 'x'.repeat(20_000) } })).status, 431);
  t.is((await attempt(stack.url, email, password)).status, 201);
});
