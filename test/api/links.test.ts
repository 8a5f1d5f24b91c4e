import anyTest, { type TestFn } from 'ava';
import { createStaffLink } from '../../db/staff.js';
import { choosePort } from '../../dev/ports.js';
import { buildKnownLink } from '../builders/journeys.js';
import {
  buildAccount,
  buildAnswers,
  buildEmail,
  buildLink,
  linkIn,
  password,
  submitLink,
} from '../builders/registrations.js';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { comparable, logIn, sendRaw } from './fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

const jsonLink = (link: string) => `/api/v1/registration-links/${link.split('/').at(-1)}`;
const rowOf = ({ db }: Stack, email: string) => db('registrations').where({ email }).first();

/** Everything the service knows of a registration. */
async function recordOf(stack: Stack, email: string) {
  const { id, reference } = await rowOf(stack, email);
  const tables = ['registration_events', 'activation_links', 'mails', 'registration_submissions'];
  const rows = await Promise.all(tables.map((table) => stack.db(table).where({ registration_id: id })));
  const history = await stack.temporal.workflow.getHandle(`registration-${reference}`).fetchHistory();
  return { row: await rowOf(stack, email), rows, events: history.events?.length };
}

test('a link that scanners open ten times over is unchanged, and the person then goes on (T4)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildKnownLink(stack, email);
  const before = await recordOf(stack, email);
  for (let visit = 0; visit < 10; visit++)
    for (const path of [link, `${link}/cancel`, jsonLink(link)])
      for (const method of ['HEAD', 'GET', 'OPTIONS']) {
        const headers = { 'user-agent': `scanner ${visit}` };
        const { status, headers: answered } = await sendRaw(stack.url, { method, path, headers });
        t.is(status, 200, `${method} ${path}`);
        t.false(String(answered['set-cookie'] ?? '').includes('session'));
      }
  t.deepEqual(await recordOf(stack, email), before);
  t.is((await submitLink(new BrowserSession(stack.url), link)).location, '/login');
});

test('looking in on the processing page changes nothing either (T4)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildKnownLink(stack, email);
  const before = await recordOf(stack, email);
  const browser = new BrowserSession(stack.url);
  // While the engine does not answer at once, on a busy machine, the page to wait on is shown.
  const visit = () => eventually('the engine answers', async () => (await browser.get(`${link}/processing`)).location);
  for (let visits = 0; visits < 3; visits++) t.is(await visit(), link);
  t.deepEqual(await recordOf(stack, email), before);
});

test('whatever is no link gets one and the same answer (T3, T11, T12)', async (t) => {
  const { stack } = t.context;
  const good = await buildLink(stack, buildEmail());
  const token = good.split('/').at(-1) ?? '';
  const tokens = [
    'x'.repeat(43),
    'x',
    '-',
    `${token}x`,
    token.slice(0, -1),
    token.toUpperCase(),
    `${token}%00`,
    '%00',
    '%',
    '%ff%fe',
    '..%2f..%2fetc%2fpasswd',
    '%F0%9F%99%82',
    "'%20or%201=1--",
    '[object%20Object]',
    'undefined',
    'x'.repeat(10_000),
    await createStaffLink(stack.db, 'viewer'),
  ];
  const expected = comparable(await new BrowserSession(stack.url).get(`/register/${tokens[0]}`));
  t.is(expected.status, 404);
  for (const wrong of tokens) {
    const browser = new BrowserSession(stack.url);
    const own = `/register/${wrong}`;
    const page = comparable(await browser.get(own));
    const neutral = (text: string) => text.replace(/name="returnTo" value="[^"]*"/, '');
    t.is(neutral(page.text), neutral(expected.text), wrong.slice(0, 60));
    t.is(page.status, 404);
    t.is((await browser.get(`${own}/cancel`)).status, 404);
    t.is((await browser.post(own, { ...buildAnswers(), password })).status, 404);
    t.is((await browser.post(`${own}/cancel`, {})).status, 404);
    const json = await browser.json('GET', `/api/v1/registration-links/${wrong}`);
    t.like(json.json(), { status: 404, code: 'linkInvalid' });
    t.is((await browser.json('POST', `/api/v1/registration-links/${wrong}/cancellation`, {})).status, 404);
    t.is((await browser.json('POST', `${own}/draft`, { answers: {} })).status, 404);
  }
  const setup = await new BrowserSession(stack.url).get(`/console/setup/${token}`);
  t.is(setup.status, 404, 'a link for registering sets no operator up');
  t.is((await new BrowserSession(stack.url).get(good)).status, 200);
  t.false((await stack.logs()).includes('unexpected error'));
});

test('guessing is limited by source, and the right link from elsewhere still works (T13)', async (t) => {
  const { stack } = t.context;
  const link = await buildLink(stack, buildEmail());
  const port = await choosePort(0);
  const settings = { LIMITS: 'wrongLinksPerSource=20', TRUSTED_PROXIES: '127.0.0.1,::1' };
  await stack.startApi({ PORT: String(port), ...settings });
  const open = (path: string, source: string) =>
    new BrowserSession(`http://localhost:${port}`).get(path, { 'x-forwarded-for': source });
  for (let guess = 0; guess < 20; guess++)
    t.is((await open(`/register/${String(guess).padStart(43, 'x')}`, '203.0.113.7')).status, 404);
  const refused = await open(`/register/${'y'.repeat(43)}`, '203.0.113.7');
  t.is(refused.status, 429);
  const seconds = Number(refused.headers.get('retry-after'));
  t.true(seconds > 0 && refused.text.includes(`${seconds} seconds`));
  t.is((await open(link, '203.0.113.8')).status, 200);
});

test('an expired link is refused at every use, says so, and a fresh one brings back what was typed (T8)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildKnownLink(stack, email);
  const browser = new BrowserSession(stack.url);
  const page = await browser.get(link);
  await browser.json('POST', `${link}/draft`, { answers: { companyName: 'Kept Ltd' } });
  const { id } = await rowOf(stack, email);
  const future = stack.db.raw("now() + interval '1 hour'");
  const past = stack.db.raw("now() - interval '1 second'");
  await stack.db('activation_links').where({ registration_id: id }).update({ expires_at: past });

  const expired = await browser.get(link);
  t.is(expired.status, 410);
  t.true(expired.text.includes('This link has expired') && !expired.text.includes('Kept Ltd'));
  const form = {
    ...buildAnswers(),
    password,
    terms: hiddenField(page.text, 'terms'),
    privacy: hiddenField(page.text, 'privacy'),
  };
  t.is((await browser.post(link, form, page)).status, 410);
  t.is((await browser.json('POST', `${link}/draft`, { answers: {} })).status, 404);
  t.like((await browser.json('PUT', `${jsonLink(link)}/answers`, { answers: {} })).json(), { code: 'linkInvalid' });
  t.like((await browser.json('GET', jsonLink(link))).json(), { standing: 'expired', answers: {}, email: '' });
  t.is((await stack.db('users').where({ email })).length, 0);

  await stack.db('activation_links').where({ registration_id: id }).update({ expires_at: future });
  t.true((await browser.get(link)).text.includes('Kept Ltd'), 'nothing was lost');
});

test('completed, cancelled and taken registrations have answers of their own, for good (W5, O3)', async (t) => {
  const { stack } = t.context;
  const browser = new BrowserSession(stack.url);
  const email = buildEmail();
  const done = await buildLink(stack, email);
  const first = await submitLink(browser, done);
  t.is(first.location, '/login');
  const completed = await browser.get(done);
  t.is(completed.status, 200);
  t.true(completed.text.includes('href="/login"') && !completed.text.includes('<form method="post" action="/register'));
  for (const path of [`${done}/cancel`]) t.is((await browser.get(path)).status, 200);

  const cancelled = await buildKnownLink(stack);
  const asked = await browser.post(`${cancelled}/cancel`, {}, await browser.get(`${cancelled}/cancel`));
  t.is(asked.location, cancelled);
  t.is((await browser.get(cancelled)).status, 410);
  const late = await browser.json('PUT', `${jsonLink(cancelled)}/answers`, { answers: {} });
  t.deepEqual([late.status, late.json().code], [409, 'conflict']);
  const again = await browser.json('POST', `${jsonLink(cancelled)}/cancellation`, {});
  t.deepEqual([again.status, again.json()], [200, { standing: 'cancelled' }]);
});

test('a submission repeated after success shows the success, and what came first stands (O3)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildLink(stack, email);
  const [one, other] = [new BrowserSession(stack.url), new BrowserSession(stack.url)];
  const early = await other.get(link);
  t.is((await submitLink(one, link, { companyName: 'First Ltd' })).location, '/login');
  const form = {
    ...buildAnswers({ companyName: 'Second Ltd', givenName: 'Eve' }),
    password: 'another gravel muffin topiary',
    terms: hiddenField(early.text, 'terms'),
    privacy: hiddenField(early.text, 'privacy'),
  };
  const late = await other.post(link, form, early);
  t.deepEqual([late.status, late.location], [303, '/login']);
  const users = await stack.db('users').where({ email }).select('customer_id', 'given_name');
  t.is(users.length, 1);
  t.is(users[0].given_name, 'Ann');
  t.is((await stack.db('customers').where({ id: users[0].customer_id }).first()).name, 'First Ltd');
  await logIn(stack.url, email);
});

test("somebody signed in opens another's link: it stays that other's, and the session stays theirs (T14)", async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack, buildEmail('xenia'), { givenName: 'Xenia' });
  const browser = await logIn(stack.url, email);
  const other = buildEmail('yves');
  const link = await buildLink(stack, other);
  const page = await browser.get(link);
  t.true(page.text.includes('Xenia') && page.text.includes(other));
  t.is((await submitLink(browser, link, { givenName: 'Yves' })).location, '/login');
  t.like(await stack.db('users').where({ email: other }).first(), { given_name: 'Yves' });
  t.true((await browser.get('/account')).text.includes(email));
  t.like((await browser.json('GET', '/api/v1/me')).json(), { email, givenName: 'Xenia' });
});

test('the browser that only typed the e-mail never gets in by it (T7)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const initiator = new BrowserSession(stack.url);
  await initiator.post('/register', { email }, await initiator.get('/register'));
  const mail = await stack.mail.waitForMail(({ to }) => to.includes(email), 60_000);
  const link = linkIn(mail.text, stack.url);
  await submitLink(new BrowserSession(stack.url), link, { companyName: 'Secret Holding' });
  for (const path of ['/register/sent', '/register', '/login', '/account']) {
    const { text, location } = await initiator.get(path);
    t.false(`${text}${location}`.includes('Secret Holding') || text.includes(link));
  }
  t.is((await initiator.json('GET', '/api/v1/me')).status, 401);
});

test.serial('an agreement that changed meanwhile is asked for anew, and nothing typed is lost (C11)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildLink(stack, email);
  const browser = new BrowserSession(stack.url);
  const page = await browser.get(link);
  const [version] = await stack.db('agreement_versions').insert({ document: 'privacy', version: 2 }).returning('id');
  await stack
    .db('agreement_texts')
    .insert({ agreement_version_id: version.id, language: 'en', title: 'P2', body: 'New' });
  const stale = { terms: hiddenField(page.text, 'terms'), privacy: hiddenField(page.text, 'privacy') };
  const answer = await browser.post(link, { ...buildAnswers(), password, ...stale }, page);
  t.is(answer.status, 409);
  t.true(answer.text.includes('An agreement has changed') && answer.text.includes('value="Acme GmbH"'));
  t.is(hiddenField(answer.text, 'privacy'), version.id);
  t.is((await stack.db('users').where({ email })).length, 0);
  t.is((await submitLink(browser, link)).location, '/login');
  const user = await stack.db('users').where({ email }).first('id');
  t.is((await stack.db('consents').where({ user_id: user.id, agreement_version_id: version.id })).length, 1);
  await eventually('the registration is complete', async () => (await rowOf(stack, email)).state === 'completed');
});

test.serial('closed onboarding: nothing new, nothing finished, nothing lost, and on again (C9)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildKnownLink(stack, email);
  await stack.db('settings').update({ customer_onboarding: false });
  const browser = new BrowserSession(stack.url);
  const stranger = buildEmail();
  const started = await browser.json('POST', '/api/v1/registrations', { email: stranger });
  const page = await submitLink(browser, link);
  const kept = await browser.json('GET', jsonLink(link));
  await stack.db('settings').update({ customer_onboarding: true });
  t.deepEqual([started.status, started.json().code], [403, 'registrationClosed']);
  t.is(await rowOf(stack, stranger), undefined);
  t.is(page.status, 409);
  t.true(page.text.includes('New registrations are closed'));
  t.like(kept.json(), { standing: 'open', answers: { companyName: 'Acme GmbH' } });
  t.is((await submitLink(browser, link)).location, '/login');
});
