import anyTest, { type TestFn } from 'ava';
import { buildAccount, buildEmail, buildLink, submitLink } from '../../builders/registrations.js';
import { type Answer, BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { formOf } from '../console/fixtures.js';
import { logIn } from '../fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack }>;
const path = '/account/profile';

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

async function buildUser(stack: Stack) {
  const { email } = await buildAccount(stack);
  return { email, browser: await logIn(stack.url, email) };
}
const rowOf = ({ db }: Stack, email: string) => db('users').where({ email }).first();
const errorsOf = ({ text }: Answer) =>
  [...text.matchAll(/id="(\w+)-error"[^>]*>([^<]{5,})</g)].map(([, name]) => name ?? '').sort();

test('a profile is changed: names, phone, language of pages and mails, time zone of times without script', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildUser(stack);
  const page = await browser.get(path);
  const form = formOf(page.text, path);
  t.like(form, { givenName: 'Ann', familyName: "O'Brien", phone: '+4989123456', language: 'en', timeZone: 'UTC' });
  t.regex((await browser.get('/account')).text, /\d\d:\d\d UTC</);
  const changed = { givenName: ' Nguyễn ', familyName: 'د. علي', phone: '', language: 'de', timeZone: 'Asia/Kolkata' };
  const answer = await browser.post(path, { ...form, ...changed }, page);
  t.deepEqual([answer.status, answer.location], [303, path]);
  t.like(await rowOf(stack, email), {
    given_name: 'Nguyễn',
    family_name: 'د. علي',
    phone: null,
    language: 'de',
    time_zone: 'Asia/Calcutta', // as the list of this Node.js has it
  });
  const saved = await browser.get(path);
  t.true(saved.text.includes('Ihr Profil ist gespeichert.'));
  t.false((await browser.get(path)).text.includes('Ihr Profil ist gespeichert.'), 'said once');
  t.regex((await browser.get('/account')).text, /\d\d:\d\d GMT\+5:30</);

  const otherDevice = await logIn(stack.url, email);
  t.true((await otherDevice.get(path)).text.includes('<html lang="de"'), 'the profile speaks before the browser does');
  await otherDevice.post('/language', { language: 'en', returnTo: path }, await otherDevice.get(path));
  t.true((await otherDevice.get(path)).text.includes('<html lang="en"'), 'a choice in the browser goes first');
});

test('what a person cannot be called is refused with what was typed, as on the registration page (V9 to V12)', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildUser(stack);
  const page = await browser.get(path);
  const form = formOf(page.text, path);
  const cases: [Record<string, string>, string[]][] = [
    [{ givenName: ' ', familyName: '' }, ['familyName', 'givenName']],
    [{ givenName: 'A\u0000', familyName: 'A\u202Ecba' }, ['familyName', 'givenName']],
    [{ givenName: 'x'.repeat(101) }, ['givenName']],
    [{ phone: '089 123' }, ['phone']],
    [{ language: '../../x', timeZone: 'Europe/Nowhere' }, ['language', 'timeZone']],
    [{ timeZone: '' }, ['timeZone']],
  ];
  for (const [typed, fields] of cases) {
    const answer = await browser.post(path, { ...form, ...typed }, page);
    t.deepEqual([answer.status, errorsOf(answer)], [400, fields], JSON.stringify(typed));
  }
  const kept = await browser.post(path, { ...form, givenName: 'Kept', phone: '089 123' }, page);
  t.like(formOf(kept.text, path), { givenName: 'Kept', phone: '089 123', version: form.version });
  t.like(await rowOf(stack, email), { given_name: 'Ann', profile_version: 1 });
});

test('nothing else can be changed along with it (A4)', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildUser(stack);
  const before = await rowOf(stack, email);
  const { version } = (await browser.json('GET', '/api/v1/me')).json<{ version: number }>();
  const profile = { givenName: 'Eve', familyName: 'L', language: 'en', timeZone: 'UTC', version };
  for (const extra of ['role', 'userType', 'isAdmin', 'organisation', 'customerId', 'partnerId', 'email', 'id']) {
    const answer = await browser.json('PUT', '/api/v1/me', { ...profile, [extra]: 'x' });
    t.like(answer.json(), { status: 400, code: 'invalidFields', fields: { [extra]: 'invalid' } });
    const page = await browser.get(path);
    t.is((await browser.post(path, { ...formOf(page.text, path), [extra]: 'x' }, page)).status, 400, extra);
  }
  for (const wrong of [{ givenName: ['a'] }, { phone: 1 }, { version: '1' }, { timeZone: null }])
    t.is((await browser.json('PUT', '/api/v1/me', { ...profile, ...wrong })).status, 400, JSON.stringify(wrong));
  t.deepEqual(await rowOf(stack, email), before);
});

test('an edit made from what another tab or device has changed since is told (C19); a double click is not', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildUser(stack);
  const phone = await logIn(stack.url, email);
  const [here, there] = [await browser.get(path), await phone.get(path)];
  const form = { ...formOf(here.text, path), givenName: 'Here' };
  const clicks = await Promise.all([1, 2].map(() => browser.post(path, form, here)));
  t.deepEqual(
    clicks.map(({ status }) => status),
    [303, 303],
  );
  const late = await phone.post(path, { ...formOf(there.text, path), givenName: 'There' }, there);
  t.is(late.status, 409);
  t.true(late.text.includes('changed in another window or on another device'));
  t.is(formOf(late.text, path).givenName, 'Here', 'the newest is shown');
  const again = await phone.post(path, { ...formOf(late.text, path), givenName: 'There' }, late);
  t.is(again.status, 303);
  const stale = await browser.json('PUT', '/api/v1/me', {
    givenName: 'Api',
    familyName: 'L',
    language: 'en',
    timeZone: 'UTC',
    version: 1,
  });
  t.like(stale.json(), { status: 409, code: 'staleEdit' });
  t.like(await rowOf(stack, email), { given_name: 'There', profile_version: 3 });
});

test('the API reads and changes the profile', async (t) => {
  const { browser } = await buildUser(t.context.stack);
  const me = (await browser.json('GET', '/api/v1/me')).json();
  t.like(me, { givenName: 'Ann', language: 'en', timeZone: 'UTC', version: 1 });
  const profile = { givenName: 'Anna', familyName: 'Lee', phone: '0049 89 123456', language: 'de', timeZone: 'UTC' };
  const changed = await browser.json('PUT', '/api/v1/me', { ...profile, version: 1 });
  t.is(changed.status, 200);
  t.deepEqual(changed.json(), { ...me, ...profile, phone: '+4989123456', version: 2 });
});

test('accepted agreements are listed with the very words, in the language in which they were accepted', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const german = new BrowserSession(stack.url);
  await german.post('/language', { language: 'de', returnTo: '/login' });
  await submitLink(german, await buildLink(stack, email));
  const browser = await logIn(stack.url, email);
  await browser.post('/language', { language: 'en', returnTo: '/account' }, await browser.get('/account'));
  const page = await browser.get('/account/agreements');
  const links = [...page.text.matchAll(/href="(\/agreements\/[^"]*version=[^"]*)"/g)].map(([, link = '']) => link);
  t.is(links.length, 2);
  t.true(page.text.includes('Accepted in: German'));
  for (const link of links) {
    const text = await browser.get(link.replaceAll('&amp;', '&'));
    t.regex(text.text, /<html lang="en"/);
    t.regex(text.text, /<article[^>]* lang="de"/, 'the words are German for a screen reader, too');
  }
  t.is((await browser.get(`${links[0]?.split('&')[0]}&language=xx`)).status, 404);
});
