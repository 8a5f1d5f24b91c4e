import { randomBytes } from 'node:crypto';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { choosePort } from '../../../dev/ports.js';
import { mailsTo } from '../../builders/journeys.js';
import { buildEmail, password } from '../../builders/registrations.js';
import { buildLoginUser, mailedPaths } from '../../builders/users.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { eventually } from '../../helpers/eventually.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { logIn } from '../fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

const page = '/account/security';
const newPassword = 'seven purple walruses juggle';
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
const day = 24 * 3_600_000;

interface ListedSession {
  id: string;
  browser: string | null;
  remembered: boolean;
  current: boolean;
}
const sessionsOf = async (browser: BrowserSession) =>
  (await browser.json('GET', '/api/v1/me/sessions')).json<ListedSession[]>();
const statusOf = async (browser: BrowserSession) => (await browser.json('GET', '/api/v1/me')).status;
const sessionCookie = (cookies: string[]) => cookies.find((cookie) => cookie.startsWith('vestibule_session=')) ?? '';
const attempt = async ({ url }: Stack, email: string, secret: string) =>
  (await new BrowserSession(url).json('POST', '/api/v1/sessions', { email, password: secret })).status;

test('a session is of the browser, unless its user asks to stay logged in', async (t) => {
  const { stack } = t.context;
  const { email } = await buildLoginUser(stack);
  const browser = new BrowserSession(stack.url);
  const login = await browser.get('/login');
  const form = { email, password };
  const plain = sessionCookie((await browser.post('/login', form, login)).headers.getSetCookie());
  t.notRegex(plain, /expires|max-age/i);
  const remembered = new BrowserSession(stack.url);
  const answer = await remembered.post('/login', { ...form, remember: 'on' }, await remembered.get('/login'));
  const kept = sessionCookie(answer.headers.getSetCookie());
  const expires = Date.parse(/expires=([^;]+)/.exec(kept)?.[1] ?? '');
  t.true(Math.abs(expires - Date.now() - 30 * day) < 60_000, kept);
  t.regex(kept, /httponly/i);
  t.is((await remembered.json('POST', '/api/v1/sessions', { ...form, remember: true })).status, 201);
  t.like(
    (await sessionsOf(remembered)).find(({ current }) => current),
    { remembered: true },
  );
  const again = await browser.post('/login', { email, password: 'wrong', remember: 'on' }, login);
  t.regex(again.text, /name="remember" checked/);
});

const lives = test.macro({
  exec: async (t, column: string, interval: string, status: number) => {
    const { stack } = t.context as { stack: Stack };
    const { id, email } = await buildLoginUser(stack);
    const browser = new BrowserSession(stack.url);
    await browser.json('POST', '/api/v1/sessions', { email, password, remember: true });
    await stack
      .db('sessions')
      .where({ user_id: id })
      .update({ [column]: stack.db.raw(`now() - interval '${interval}'`) });
    t.is(await statusOf(browser), status);
  },
  title: (what) => `a remembered session ${what} (S4)`,
});
test('goes on after 13 idle days', lives, 'last_seen_at', '13 days', 200);
test('ends after 14 idle days', lives, 'last_seen_at', '14 days 1 minute', 401);
test('goes on for 29 days', lives, 'created_at', '29 days', 200);
test('ends after 30 days however busy', lives, 'created_at', '30 days 1 minute', 401);

test('a user sees where they are logged in, and ends one, or all others (S9)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildLoginUser(stack);
  const here = await logIn(stack.url, email);
  const there = new BrowserSession(stack.url);
  await there.json('POST', '/api/v1/sessions', { email, password }, { 'user-agent': firefox });
  const third = await logIn(stack.url, email);
  const listed = await sessionsOf(here);
  t.is(listed.length, 3);
  t.is(listed.filter(({ current }) => current).length, 1);
  const { id = '' } = listed.find(({ browser }) => browser === 'Firefox, Windows') ?? {};
  const shown = await here.get(page);
  t.true(shown.text.includes('Firefox, Windows') && shown.text.includes('This device'));
  for (const { cookies } of [here, there])
    t.false(shown.text.includes(cookies.get('vestibule_session') ?? '-'), 'no token in the page (S8)');

  const stranger = await logIn(stack.url, (await buildLoginUser(stack)).email);
  t.is((await stranger.json('DELETE', `/api/v1/me/sessions/${id}`)).status, 404, "of somebody else's");
  t.is((await stranger.post(`${page}/sessions/${id}/end`, {}, await stranger.get(page))).status, 303);
  t.is(await statusOf(there), 200);
  t.is((await here.post(`${page}/sessions/${id}/end`, {}, shown)).location, page);
  t.is(await statusOf(there), 401);
  t.true((await here.get(page)).text.includes('This device is logged out'));
  t.is((await here.json('DELETE', `/api/v1/me/sessions/${id}`)).status, 404, 'ended already');
  t.is((await here.json('DELETE', '/api/v1/me/sessions/nonsense')).status, 404);

  t.is((await here.post(`${page}/sessions/end-others`, {}, shown)).location, page);
  t.deepEqual([await statusOf(here), await statusOf(third)], [200, 401]);
  const own = (await sessionsOf(here))[0]!;
  const ended = await here.json('DELETE', `/api/v1/me/sessions/${own.id}`);
  t.is(ended.status, 204);
  t.is(await statusOf(here), 401);
});

/** Somebody who asked for a reset and an e-mail change before the owner changes the password. */
async function plant({ db }: Stack, id: string) {
  const rest = { user_id: id, token_hash: randomBytes(32), expires_at: new Date(Date.now() + day) };
  await db('email_changes').insert({ ...rest, new_email: buildEmail('attacker') });
}
async function assertNothingPlanted(t: ExecutionContext<{ stack: Stack }>, id: string) {
  t.is((await t.context.stack.db('email_changes').where({ user_id: id })).length, 0);
  t.is((await t.context.stack.db('password_resets').where({ user_id: id })).length, 0);
}

test('a changed password ends the other devices, and every link from before (P8, S2)', async (t) => {
  const { stack } = t.context;
  const { id, email } = await buildLoginUser(stack);
  const [here, there] = [await logIn(stack.url, email), await logIn(stack.url, email)];
  await here.json('POST', '/api/v1/password-resets', { email });
  const [reset = ''] = await mailedPaths(stack, email, '/password-reset');
  await plant(stack, id);
  const before = here.cookies.get('vestibule_session') ?? '';
  const change = { currentPassword: password, newPassword };
  const answer = await here.post(`${page}/password`, change, await here.get(page));
  t.is(answer.location, page);
  t.true((await here.get(page)).text.includes('Your password is changed'));
  t.is(await statusOf(there), 401);
  t.is((await here.get(reset)).status, 404);
  await assertNothingPlanted(t, id);
  t.not(here.cookies.get('vestibule_session'), before);
  const old = new BrowserSession(stack.url);
  old.cookies.set('vestibule_session', before);
  t.is(await statusOf(old), 401, 'the token before opens nothing (S2)');
  t.deepEqual([await attempt(stack, email, password), await attempt(stack, email, newPassword)], [401, 201]);
  await eventually('one notice', () =>
    mailsTo(stack, email).some(({ subject }) => subject === 'Your Vestibule password was changed'),
  );
});

test('a password that is wrong, weak, the same or missing changes nothing', async (t) => {
  const { stack } = t.context;
  const { email } = await buildLoginUser(stack);
  const browser = await logIn(stack.url, email);
  const put = (body: object) => browser.json('PUT', '/api/v1/me/password', body);
  t.like((await put({ currentPassword: 'wrong', newPassword })).json(), { status: 403, code: 'wrongPassword' });
  t.is((await put({ newPassword })).status, 400);
  t.like((await put({ currentPassword: password, newPassword: 'short' })).json(), {
    fields: { newPassword: 'passwordTooShort' },
  });
  t.like((await put({ currentPassword: password, newPassword: password })).json(), {
    fields: { newPassword: 'passwordUnchanged' },
  });
  const shown = await browser.get(page);
  const wrong = await browser.post(`${page}/password`, { currentPassword: 'wrong', newPassword }, shown);
  t.is(wrong.status, 403);
  t.true(wrong.text.includes('This is not your current password') && !wrong.text.includes(newPassword));
  const weak = await browser.post(`${page}/password`, { currentPassword: password, newPassword: 'Acme 2026' }, shown);
  t.is(weak.status, 400);
  t.is(await attempt(stack, email, password), 201);
  t.is((await put({ currentPassword: password, newPassword })).status, 204);
  t.is(await statusOf(browser), 200);
});

test('of two devices that change the password at once one succeeds, and is the one that stays', async (t) => {
  const { stack } = t.context;
  const { email } = await buildLoginUser(stack);
  const devices = await Promise.all(Array.from({ length: 6 }, () => logIn(stack.url, email)));
  const answers = await Promise.all(
    devices.map((device, n) =>
      device.json('PUT', '/api/v1/me/password', { currentPassword: password, newPassword: `${newPassword} ${n}` }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  t.is(statuses.filter((status) => status === 204).length, 1, statuses.join());
  t.true(
    statuses.every((status) => [204, 401, 403, 409].includes(status)),
    statuses.join(),
  );
  const winner = statuses.indexOf(204);
  t.is(await attempt(stack, email, `${newPassword} ${winner}`), 201);
  t.deepEqual(
    await Promise.all(devices.map(statusOf)),
    statuses.map((_, n) => (n === winner ? 200 : 401)),
  );
  t.is((await stack.db('notices').where({ email, template: 'password-changed' })).length, 1);
});

test.serial('the current password cannot be guessed from a browser left alone (P11)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildLoginUser(stack);
  const port = await choosePort(0);
  const url = `http://localhost:${port}`;
  await stack.startApi({ PORT: String(port), PUBLIC_URL: url, LIMITS: 'loginsPerAccount=5,loginsPerSource=1000' });
  const browser = await logIn(url, email);
  const shown = await browser.get(page);
  const guess = (currentPassword: string) => browser.post(`${page}/password`, { currentPassword, newPassword }, shown);
  for (let wrong = 0; wrong < 5; wrong++) t.is((await guess('wrong')).status, 403);
  const refused = await guess(password);
  t.is(refused.status, 429);
  t.true(Number(refused.headers.get('retry-after')) > 0 && refused.text.includes('Please wait'));
  t.is(await attempt(stack, email, password), 201, 'the password is as it was');
});
