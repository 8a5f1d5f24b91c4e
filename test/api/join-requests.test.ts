/** A person asks to be let into a company that is there (security.md D7, A2, A7): the same for every address. */
import anyTest, { type TestFn } from 'ava';
import { advanceRequest } from '../../db/join-requests.js';
import { SecretKeys } from '../../db/secret-keys.js';
import { choosePort } from '../../dev/ports.js';
import { fillIn, fillInPage, inState, linksTo, mailsTo, registrationOf } from '../builders/journeys.js';
import { type BuiltUser, buildAdministrator, buildType } from '../builders/members.js';
import { buildEmail, buildLink, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { reconcileNow } from '../helpers/reconcile.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { comparable } from './fixtures/requests.js';

interface Context {
  stack: Stack;
  administrator: BuiltUser;
  type: string;
}
const test = anyTest as TestFn<Context>;

test.before(async (t) => {
  const stack = await startStack();
  const administrator = await buildAdministrator(stack, { companyName: 'Known GmbH' });
  Object.assign(t.context, { stack, administrator, type: await buildType(stack) });
});
test.after.always((t) => t.context.stack?.stop());

/** Asks by a link, as a person would; resolves with the page that says so. */
async function ask({ stack }: Context, administratorEmail: string, email = buildEmail('asks'), url = stack.url) {
  const link = await buildLink(stack, email);
  await inState(stack, email, 'awaitingProof');
  const browser = new BrowserSession(url);
  const form = await browser.get(`${link}/join`);
  const answer = await browser.post(`${link}/join`, { administratorEmail, givenName: 'Ann', familyName: 'Asks' }, form);
  return { email, link, browser, answer, page: await browser.get(`${link}/join`) };
}

/** The page that the mail to the administrator leads to. */
async function requestOf({ stack, administrator }: Context, email: string): Promise<string> {
  const mail = await eventually('the administrator is asked', () =>
    mailsTo(stack, administrator.email).find(({ text }) => text.includes(email)),
  );
  return /\/account\/join-requests\/[\w-]{36}/.exec(mail!.text)![0];
}

test.serial('what is answered does not tell whether the address is an administrator’s (D7)', async (t) => {
  const { stack, administrator } = t.context;
  const known = await ask(t.context, administrator.email.toUpperCase());
  const unknown = await ask(t.context, buildEmail('nobody'));
  const masked = ({ page, link, email }: typeof known) => {
    const shown = comparable(page);
    const same = (text: string) =>
      text
        .replaceAll(link, '/link')
        .replaceAll(email, 'e-mail')
        .replace(/RG-\w{4}-\w{4}/g, '')
        .replace(/<time[^>]*>[^<]*<\/time>/g, '');
    return { ...shown, text: same(shown.text), headers: [] };
  };
  t.deepEqual([known.answer.status, unknown.answer.status], [303, 303]);
  t.deepEqual(masked(known), masked(unknown));
  t.true(known.page.text.includes('If the address belongs to an administrator'));
  for (const { page } of [known, unknown]) t.false(page.text.includes('Known GmbH'));
  const path = await requestOf(t.context, known.email);
  t.is(mailsTo(stack, administrator.email).filter(({ text }) => text.includes(unknown.email)).length, 0);
  // Looking decides nothing, and is for the named administrator alone.
  const other = await buildAdministrator(stack, { companyName: 'Other GmbH' });
  t.is((await other.browser.get(path)).status, 404);
  t.is((await new BrowserSession(stack.url).get(path)).location, '/login');
  const shown = await administrator.browser.get(path);
  t.true(shown.text.includes('Ann Asks') && shown.text.includes(known.email));
  t.like(await registrationOf(stack, known.email), { kind: 'customer', state: 'awaitingDetails' });
  const wrong = await other.browser.post(
    `${path}/approve`,
    { userTypeId: t.context.type },
    await other.browser.get('/account'),
  );
  t.is(wrong.status, 404);
});

test.serial('approved, the person finishes as a user of that company, with the type that was chosen', async (t) => {
  const { stack, administrator, type } = t.context;
  const { email } = await ask(t.context, administrator.email);
  const path = await requestOf(t.context, email);
  const page = await administrator.browser.get(path);
  t.is((await administrator.browser.post(`${path}/approve`, { userTypeId: '' }, page)).status, 400, 'a type is chosen');
  const above = await buildType(stack, ['customer_account_administrator', 'more']);
  t.is((await administrator.browser.post(`${path}/approve`, { userTypeId: above }, page)).status, 400);
  const answers = await Promise.all(
    [1, 2].map(() => administrator.browser.post(`${path}/approve`, { userTypeId: type }, page)),
  );
  t.deepEqual(answers.map(({ status }) => status === 303).filter(Boolean).length, 1, 'once');
  const [, link] = await linksTo(stack, email, 2);
  const opened = await new BrowserSession(stack.url).get(link!);
  t.true(opened.text.includes('Known GmbH'));
  t.is((await submitLink(new BrowserSession(stack.url), link!)).location, '/login');
  const { customer_id } = await stack.db('users').where({ email: administrator.email }).first();
  t.like(await stack.db('users').where({ email }).first(), { customer_id, user_type_id: type });
});

test.serial('a mailbox that had its fill is asked later, and nothing is lost (L1)', async (t) => {
  const { stack, administrator } = t.context;
  const port = await choosePort(0);
  const LIMITS = `${stack.env.LIMITS},mailsPerMailboxMinute=1`;
  const api = await stack.startApi({ PORT: String(port), LIMITS });
  const url = `http://localhost:${port}`;
  const asked = (email: string) => mailsTo(stack, administrator.email).some(({ text }) => text.includes(email));
  await stack.db('rate_limits').del();
  const first = await ask(t.context, administrator.email, buildEmail('first'), url);
  await requestOf(t.context, first.email);
  const second = await ask(t.context, administrator.email, buildEmail('second'), url);
  t.is(second.answer.status, 303);
  await api.kill('SIGTERM');
  t.false(asked(second.email));
  await stack.db('rate_limits').del();
  await reconcileNow(stack);
  await eventually('the second is asked too', () => asked(second.email));
});

test.serial('declined, the person is told and goes on with a company of their own', async (t) => {
  const { stack, administrator } = t.context;
  const { email, link } = await ask(t.context, administrator.email);
  const path = await requestOf(t.context, email);
  const page = await administrator.browser.get(path);
  t.is((await administrator.browser.post(`${path}/decline`, {}, page)).status, 303);
  t.is((await administrator.browser.get(path)).status, 404, 'it is decided');
  await eventually('the person is told', () => mailsTo(stack, email).some(({ subject }) => /declined/.test(subject)));
  t.is((await submitLink(new BrowserSession(stack.url), link)).location, '/login');
  const { customer_id } = await stack.db('users').where({ email: administrator.email }).first();
  t.not((await stack.db('users').where({ email }).first()).customer_id, customer_id);
});

test.serial('a company of one’s own, filled in before the request is approved, joins nobody to anything', async (t) => {
  const { stack, administrator, type } = t.context;
  const { customer_id } = await stack.db('users').where({ email: administrator.email }).first();
  for (const atOnce of [false, true]) {
    const { email, link } = await ask(t.context, administrator.email);
    const browser = new BrowserSession(stack.url);
    const form = await fillIn(browser, link, { kind: 'customer' });
    const path = await requestOf(t.context, email);
    const page = await administrator.browser.get(path);
    const approve = () => administrator.browser.post(`${path}/approve`, { userTypeId: type }, page);
    if (!atOnce) await approve();
    const [answer] = await Promise.all([form.send(), atOnce && approve()]);
    const registration = await registrationOf(stack, email);
    const user = await stack.db('users').where({ email }).first();
    if (user) t.not(user.customer_id, customer_id);
    else t.is(registration.ended_at, null, 'they are asked again, with the invitation in sight');
    if (atOnce) continue;
    t.is(answer.status, 409);
    t.true(answer.text.includes('An administrator has let you into') && answer.text.includes('Known GmbH'));
    // The page shows what it is about now, and whoever finishes that agrees to it.
    t.is((await fillInPage(browser, link, answer).send()).location, '/login');
    t.is((await stack.db('users').where({ email }).first()).customer_id, customer_id);
  }
});

test.serial(
  'an administrator is reminded once; unanswered it ends, and the person hears the same as one who named nobody',
  async (t) => {
    const { stack, administrator } = t.context;
    const asked = [await ask(t.context, administrator.email), await ask(t.context, buildEmail('nobody'))];
    const keys = SecretKeys.parse(stack.env.SECRET_KEYS ?? '');
    const told: string[][] = [];
    for (const { email } of asked) {
      const { id: registration_id } = await registrationOf(stack, email);
      const request = () => stack.db('join_requests').where({ registration_id });
      const { id } = await eventually('the workflow has begun', () => request().whereNotNull('asked_at').first());
      const advance = () => stack.db.transaction((trx) => advanceRequest(trx, keys, id, 'vestibule.test'));
      const templates = async (...steps: { noticeId?: string }[]) =>
        stack
          .db('notices')
          .whereIn(
            'id',
            steps.flatMap(({ noticeId }) => noticeId ?? []),
          )
          .orderBy('created_at')
          .pluck('template');
      t.like(await advance(), { noticeId: undefined }, 'not yet');
      await request().update({ created_at: stack.db.raw("now() - interval '2 days 1 minute'") });
      const reminded = [await advance(), await advance()];
      await request().update({ expires_at: stack.db.fn.now() });
      const ended = [await advance(), await advance()];
      told.push([...(await templates(...reminded)), ...(await templates(...ended))]);
      t.like(await request().first(), { outcome: 'unanswered' });
      const notice = await stack.db('notices').where({ id: ended[0]?.noticeId }).first();
      t.is(notice.email, email);
      t.like(await registrationOf(stack, email), { kind: 'customer', ended_at: null });
    }
    t.deepEqual(told, [['join-request-reminder', 'join-unanswered'], ['join-unanswered']]);
  },
);

test.serial('when all is done, everything holds that must hold', async (t) => {
  await inv(t.context.stack.db, t.context.stack.temporal);
  t.pass();
});
