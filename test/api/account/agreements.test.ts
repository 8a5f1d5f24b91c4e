import anyTest, { type TestFn } from 'ava';
import { buildAccount } from '../../builders/registrations.js';
import type { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { formOf } from '../console/fixtures.js';
import { logIn } from '../fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack; email: string; id: string }>;
const path = '/account/agreements/accept';

test.before(async (t) => {
  const stack = await startStack();
  const { email } = await buildAccount(stack);
  const { id } = await stack.db('users').where({ email }).first('id');
  Object.assign(t.context, { stack, email, id });
});
test.after.always((t) => t.context.stack?.stop());

/** Publishes the next version, as the Console does; resolves with its id. */
async function publish({ db }: Stack, document: 'terms' | 'privacy'): Promise<string> {
  const newest = await db('agreement_versions').where({ document }).orderBy('version', 'desc').first('version');
  const [row] = await db.transaction(async (trx) => {
    const inserted = await trx('agreement_versions')
      .insert({ document, version: newest.version + 1 })
      .returning('id');
    const texts = { en: 'New words', de: 'Neue Worte' };
    for (const [language, title] of Object.entries(texts))
      await trx('agreement_texts').insert({ agreement_version_id: inserted[0].id, language, title, body: title });
    return inserted;
  });
  return row.id;
}

const consentsOf = ({ db }: Stack, id: string, versionId: string): Promise<string[]> =>
  db('consents').where({ user_id: id, agreement_version_id: versionId }).pluck('language');

/** What a browser sends with all boxes ticked. */
function ticked(page: string): Record<string, string> {
  const boxes = [...page.matchAll(/<input[^>]*type="checkbox"[^>]*>/g)].map(([tag]) => [
    /name="(\w+)"/.exec(tag)?.[1],
    /value="([^"]+)"/.exec(tag)?.[1],
  ]);
  return { ...formOf(page, path), ...Object.fromEntries(boxes) };
}

async function acceptAll(browser: BrowserSession) {
  const page = await browser.get(path);
  return browser.post(path, ticked(page.text), page);
}

test.serial('a new version is asked for before anything else, on pages and in the API', async (t) => {
  const { stack, email, id } = t.context;
  const browser = await logIn(stack.url, email);
  const profile = await browser.get('/account/profile');
  t.deepEqual((await browser.json('GET', '/api/v1/me/pending-agreements')).json(), []);
  t.is((await browser.get(path)).location, '/account', 'nothing is asked when nothing is new');
  const version = await publish(stack, 'terms');

  t.is((await browser.get('/account')).location, path);
  const change = await browser.post('/account/profile', formOf(profile.text, '/account/profile'), profile);
  t.is(change.status, 403);
  t.like((await browser.json('GET', '/api/v1/me')).json(), { status: 403, code: 'stepPending' });
  const pending = (
    await browser.json('GET', '/api/v1/me/pending-agreements', undefined, { 'accept-language': 'de' })
  ).json();
  t.like(pending, [{ versionId: version, document: 'terms', language: 'de', title: 'Neue Worte' }]);
  t.is((await browser.get('/agreements/privacy')).status, 200, 'what is for everybody stays open');

  const page = await browser.get(path);
  t.true(page.text.includes('New words'));
  t.false(page.text.includes('name="privacy"'), 'only what is new is asked');
  t.false(page.text.includes('href="/account/profile"'), 'no way around is offered');
  const unread = await browser.post(path, formOf(page.text, path), page);
  t.is(unread.status, 400);
  t.true(unread.text.includes('Please tick this box to continue.'));
  t.deepEqual(await consentsOf(stack, id, version), []);
  t.is((await acceptAll(browser)).location, '/account');
  t.deepEqual(await consentsOf(stack, id, version), ['en']);
  t.is((await browser.get('/account')).status, 200);
});

test.serial('who does not agree logs out, and is asked again at the next login', async (t) => {
  const { stack, email } = t.context;
  await publish(stack, 'privacy');
  const browser = await logIn(stack.url, email);
  const page = await browser.get(path);
  t.is((await browser.post('/logout', {}, page)).location, '/login');
  const again = await logIn(stack.url, email);
  t.is((await again.get('/account')).location, path);
  t.is((await again.json('DELETE', '/api/v1/sessions/current')).status, 204);
  await acceptAll(await logIn(stack.url, email));
});

test.serial(
  'a version published between showing and accepting is shown first; only what was shown is stored (C11)',
  async (t) => {
    const { stack, email, id } = t.context;
    const shown = await publish(stack, 'terms');
    const browser = await logIn(stack.url, email);
    const page = await browser.get(path);
    const newer = await publish(stack, 'terms');
    const answer = await browser.post(path, ticked(page.text), page);
    t.is(answer.status, 409);
    t.true(answer.text.includes('An agreement has changed since you opened this page'));
    t.is(ticked(answer.text).terms, newer);
    t.deepEqual([await consentsOf(stack, id, shown), await consentsOf(stack, id, newer)], [[], []]);
    t.is((await browser.post(path, ticked(answer.text), answer)).location, '/account');
    t.deepEqual([await consentsOf(stack, id, shown), await consentsOf(stack, id, newer)], [[], ['en']]);
  },
);

test.serial('two devices and double clicks accept once, in the language that was shown', async (t) => {
  const { stack, email, id } = t.context;
  const version = await publish(stack, 'terms');
  const [german, english] = [await logIn(stack.url, email), await logIn(stack.url, email)];
  await german.post('/language', { language: 'de', returnTo: path }, await german.get(path));
  const page = await german.get(path);
  // Another tab of the same browser changes the language; this one still shows the German words.
  await german.post('/language', { language: 'en', returnTo: path }, page);
  const clicks = await Promise.all([1, 2, 3].map(() => german.post(path, ticked(page.text), page)));
  t.deepEqual(
    clicks.map(({ location }) => location),
    ['/account', '/account', '/account'],
  );
  t.is((await english.get(path)).location, '/account', 'the other device is asked nothing any more');
  t.deepEqual(await consentsOf(stack, id, version), ['de']);
});

test.serial('a program accepts what it was told, as often as it likes, and nothing else', async (t) => {
  const { stack, email, id } = t.context;
  const [terms, privacy] = [await publish(stack, 'terms'), await publish(stack, 'privacy')];
  const browser = await logIn(stack.url, email);
  const post = (body: unknown) => browser.json('POST', '/api/v1/me/consents', body);
  for (const wrong of [{}, { accepted: [] }, { accepted: 'x' }, { accepted: [terms], language: 'xx' }])
    t.is((await post(wrong)).status, 400, JSON.stringify(wrong));
  const { id: old } = await stack.db('agreement_versions').where({ document: 'terms', version: 3 }).first('id');
  t.like((await post({ accepted: [old, terms] })).json(), { status: 409, code: 'conflict' });
  t.deepEqual(await consentsOf(stack, id, terms), []);
  t.is((await post({ accepted: [terms], language: 'de' })).status, 204);
  t.is((await browser.json('GET', '/api/v1/me')).status, 403);
  t.is((await post({ accepted: [terms, privacy] })).status, 204);
  t.is((await post({ accepted: [terms, privacy] })).status, 204);
  t.is((await browser.json('GET', '/api/v1/me')).status, 200);
  t.deepEqual(await consentsOf(stack, id, terms), ['de']);
});
