import anyTest, { type TestFn } from 'ava';
import { buildKnownLink } from '../builders/journeys.js';
import { buildAccount, buildAnswers, buildEmail, password } from '../builders/registrations.js';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { buildOperator, logIn } from './fixtures/requests.js';

/** security.md S5, S6: nothing is changed that this site's own page did not ask for. */
const test = anyTest as TestFn<{ stack: Stack; email: string; link: string }>;

test.before(async (t) => {
  t.context.stack = await startStack();
  t.context.email = (await buildAccount(t.context.stack)).email;
  t.context.link = await buildKnownLink(t.context.stack);
});
test.after.always((t) => t.context.stack?.stop());

const form = 'application/x-www-form-urlencoded';
const sameSite = { 'sec-fetch-site': 'same-origin' };

interface Forged {
  headers?: Record<string, string>;
  type?: string | undefined;
  fields?: (own: string) => Record<string, string>;
}

/** Ways to send a form from elsewhere, with the refusal each meets. */
const forgeries: Record<string, [Forged, number]> = {
  'from an evil origin': [{ headers: { origin: 'https://evil.test' } }, 403],
  'from an evil origin that claims to be the same site': [
    { headers: { ...sameSite, origin: 'https://evil.test' } },
    403,
  ],
  'from an opaque origin': [{ headers: { origin: 'null' } }, 403],
  'cross-site': [{ headers: { 'sec-fetch-site': 'cross-site' } }, 403],
  'from another host of the same site': [{ headers: { 'sec-fetch-site': 'same-site' } }, 403],
  'from the same host at another port': [{ headers: { origin: 'http://localhost:1' } }, 403],
  'with no word on where it comes from': [{ headers: {} }, 403],
  'without a form token': [{ headers: sameSite, fields: () => ({}) }, 403],
  'with an empty form token': [{ headers: sameSite, fields: () => ({ formToken: '' }) }, 403],
  'with a form token of nobody': [{ headers: sameSite, fields: () => ({ formToken: 'A'.repeat(43) }) }, 403],
  'with half of the form token': [{ headers: sameSite, fields: (own) => ({ formToken: own.slice(0, 20) }) }, 403],
  'as plain text': [{ headers: sameSite, type: 'text/plain' }, 415],
  'as JSON': [{ headers: sameSite, type: 'application/json' }, 415],
  'as a multipart form': [{ headers: sameSite, type: 'multipart/form-data; boundary=x' }, 415],
  'in another charset': [{ headers: sameSite, type: `${form}; charset=utf-7` }, 415],
  'without a content type': [{ headers: sameSite, type: undefined }, 415],
};

async function snapshot({ db }: Stack) {
  const tables = ['registrations', 'sessions', 'staff_sessions', 'users', 'staff', 'registration_events'];
  const rows = await Promise.all(
    tables.map((table) =>
      db(table)
        .select('*')
        .orderBy(1 as never),
    ),
  );
  // A session's last use is noted with every request.
  return JSON.stringify(rows, (key, value) => (key === 'last_seen_at' ? undefined : value));
}

const forms = ['/register', '/login', '/language', '/logout', '/console/login', '/console/logout'];
for (const [how, [forged, status]] of Object.entries(forgeries))
  test.serial(`a form sent ${how} changes nothing`, async (t) => {
    const { stack, email, link } = t.context;
    const victim = new BrowserSession(stack.url);
    const own = hiddenField((await victim.get('/register')).text, 'formToken');
    const before = await snapshot(stack);
    const { headers = {}, fields = (token) => ({ formToken: token }) } = forged;
    const type = 'type' in forged ? forged.type : form;
    for (const path of [...forms, link, `${link}/cancel`]) {
      const body = { ...fields(own), ...fieldsOf(path, email) };
      const all = { ...headers, ...(type ? { 'content-type': type } : {}) };
      const payload = new TextEncoder().encode(new URLSearchParams(body).toString());
      const answer = await victim.send('POST', path, all, payload as unknown as string);
      t.is(answer.status, status, path);
      t.false((answer.headers.get('set-cookie') ?? '').includes('session='), path);
    }
    t.true((await snapshot(stack)) === before);
  });

function fieldsOf(path: string, email: string): Record<string, string> {
  if (path === '/register') return { email: 'planted@example.com' };
  if (path === '/language') return { language: 'de' };
  if (path.endsWith('/login')) return { email, password };
  return path.endsWith('/cancel') || path.endsWith('/logout') ? {} : { ...buildAnswers(), password };
}

test.serial('the token of another browser is refused; that of a page from before the login is not', async (t) => {
  const { stack, email } = t.context;
  const [mine, other] = [new BrowserSession(stack.url), new BrowserSession(stack.url)];
  const page = await mine.get('/login');
  await other.get('/login');
  t.is((await other.post('/login', { email, password }, page)).status, 403);
  t.false(other.cookies.has('vestibule_session'));

  const elsewhere = await logIn(stack.url, email);
  const account = await elsewhere.get('/account');
  const signedIn = await logIn(stack.url, email, mine);
  t.is((await signedIn.post('/logout', {}, account)).status, 403, "another session's token");
  t.is((await signedIn.get('/account')).status, 200);
  t.is((await signedIn.post('/language', { language: 'en' }, page)).status, 303);
});

test.serial('a person posts with an Origin where the browser tells no Sec-Fetch-Site', async (t) => {
  const { stack, email } = t.context;
  const browser = new BrowserSession(stack.url);
  const formToken = hiddenField((await browser.get('/login')).text, 'formToken');
  const headers = { 'content-type': form, origin: stack.url };
  const body = new URLSearchParams({ formToken, email, password }).toString();
  t.is((await browser.send('POST', '/login', headers, body)).location, '/account');
});

const jsonForgeries: Record<string, [Record<string, string | undefined>, number]> = {
  'without the header that no other site can send': [{ 'vestibule-request': '' }, 403],
  'from an evil origin': [{ origin: 'https://evil.test' }, 403],
  'from an opaque origin': [{ origin: 'null' }, 403],
  'cross-site': [{ 'sec-fetch-site': 'cross-site' }, 403],
  'as plain text': [{ 'content-type': 'text/plain' }, 415],
  'as a form': [{ 'content-type': form }, 415],
  'in UTF-7': [{ 'content-type': 'application/json; charset=utf-7' }, 415],
  compressed: [{ 'content-encoding': 'gzip' }, 415],
};
for (const [how, [headers, status]] of Object.entries(jsonForgeries))
  test.serial(`JSON sent ${how} changes nothing`, async (t) => {
    const { stack, email } = t.context;
    const link = `/api/v1/registration-links/${t.context.link.split('/').at(-1)}`;
    const before = await snapshot(stack);
    const calls: [string, string, unknown][] = [
      ['POST', '/api/v1/registrations', { email: 'planted@example.com' }],
      ['POST', '/api/v1/sessions', { email, password }],
      ['PUT', `${link}/answers`, { answers: { givenName: 'Eve' } }],
      ['POST', `${link}/cancellation`, {}],
    ];
    for (const [method, path, body] of calls) {
      const answer = await new BrowserSession(stack.url).json(method, path, body, headers as Record<string, string>);
      t.is(answer.status, status, path);
      t.is(answer.json().code, status === 403 ? 'forbiddenOrigin' : 'unsupportedMediaType');
      t.is(answer.headers.get('set-cookie'), null);
    }
    t.true((await snapshot(stack)) === before);
  });

test.serial('JSON is taken with its charset named, and from this origin', async (t) => {
  const browser = new BrowserSession(t.context.stack.url);
  const headers = { 'content-type': 'application/JSON; charset="UTF-8"', origin: t.context.stack.url, ...sameSite };
  t.is((await browser.json('POST', '/api/v1/registrations', { email: buildEmail() }, headers)).status, 202);
});

test.serial('an operator chooses a language in the Console, where the form is one of the public side', async (t) => {
  const { browser } = await buildOperator(t.context.stack);
  const page = await browser.get('/console');
  const answer = await browser.post('/language', { language: 'de', returnTo: '/console' }, page);
  t.deepEqual([answer.status, answer.location], [303, '/console']);
  t.true((await browser.get('/console')).text.includes('lang="de"'));
});

const returned = test.macro({
  exec: async (t, returnTo: string, expected: string) => {
    const { stack } = t.context as { stack: Stack };
    const browser = new BrowserSession(stack.url);
    const page = await browser.get('/login');
    const answer = await browser.post('/language', { language: 'de', returnTo }, page);
    t.deepEqual([answer.status, answer.location], [303, expected]);
  },
  title: (_, returnTo) => `after choosing a language, ${JSON.stringify(returnTo)} never leads away`,
});
test.serial(returned, '/register?x=1', '/register?x=1');
for (const away of [
  '//evil.test',
  '/\\evil.test',
  'https://evil.test',
  'https:evil.test',
  '/\t/evil.test',
  '\t//evil.test',
  '%09//evil.test',
  'javascript:alert(1)',
  'evil.test',
  '',
  '/x\r\nSet-Cookie: a=b',
  '/@evil.test',
  '/register#x',
])
  test.serial(returned, away, '/');
