/** Temporal is away, comes back, or is killed; an API dies (security.md X5, X6, X7, W6, INV-6). */
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { choosePort } from '../../dev/ports.js';
import {
  askForLink,
  buildKnownLink,
  changeSettings,
  fillIn,
  fillInPage,
  inState,
  linksTo,
  mailsTo,
  registrationOf,
  says,
  subjectOf,
} from '../builders/journeys.js';
import { buildAccount, buildEmail, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { holdAt, killTemporal } from '../helpers/faults.js';
import { inv } from '../helpers/invariants.js';
import { reconcileNow } from '../helpers/reconcile.js';
import { apiIsReady, type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack({}, { keepsTemporal: true });
});
test.after.always((t) => t.context.stack?.stop());

/** Starts Temporal again, once: when called, or at the test's end. */
function comesBack(t: ExecutionContext<{ stack: Stack }>) {
  let isBack = false;
  const bringBack = async () => {
    if (isBack) return;
    isBack = true;
    await t.context.stack.startTemporal();
  };
  t.teardown(bringBack);
  return bringBack;
}

const took = async <Value>(work: Promise<Value>) => {
  const startedAt = Date.now();
  return { answer: await work, spent: Date.now() - startedAt };
};

test.serial(
  'a start while Temporal is away is accepted as ever and its mail comes when it is back (X6, E4)',
  async (t) => {
    const { stack } = t.context;
    const { email: known } = await buildAccount(stack);
    const half = buildEmail('half');
    await buildKnownLink(stack, half);
    const withTemporal = await askForLink(stack, buildEmail());
    await stack.stopTemporal();
    const bringBack = comesBack(t);

    const unknown = [buildEmail('away'), buildEmail('away')];
    const starts = await Promise.all([...unknown, known, half].map((email) => took(askForLink(stack, email))));
    for (const { answer, spent } of starts) {
      t.deepEqual([answer.status, answer.location], [withTemporal.status, withTemporal.location]);
      t.is(answer.text, withTemporal.text);
      t.true(spent <= 4_500, `${spent} ms`);
    }
    const health = new BrowserSession(stack.url);
    t.is((await health.get('/healthz')).status, 200);
    await eventually('not ready', async () => (await health.get('/readyz')).status === 503);

    await bringBack();
    await apiIsReady(stack);
    await eventually('the reconciler gets through', () => reconcileNow(stack).then(() => true));
    for (const email of unknown) {
      const [link] = await linksTo(stack, email);
      t.is((await submitLink(new BrowserSession(stack.url), link!)).location, '/login');
      t.is(mailsTo(stack, email).length, 1);
    }
    const [notice] = await eventually('a word to who has an account', () => {
      const mails = mailsTo(stack, known).slice(1);
      return mails.length > 0 && mails;
    });
    t.is(notice?.subject, subjectOf('accountExists'));
    await inState(stack, known, 'alreadyRegistered');
    await reconcileNow(stack);
    await inv(stack.db, stack.temporal);
  },
);

test.serial(
  'a submit while Temporal is away gets the page again with all answers, and goes through later (X6)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail('submit');
    const link = await buildKnownLink(stack, email);
    await inState(stack, email, 'awaitingProof');
    const browser = new BrowserSession(stack.url);
    const filled = await fillIn(browser, link, { companyName: 'Patience Ltd' });
    await stack.stopTemporal();
    const bringBack = comesBack(t);

    const { answer, spent } = await took(filled.send());
    t.is(answer.status, 503);
    t.truthy(answer.headers.get('retry-after'));
    t.true(answer.text.includes('Patience Ltd') && says(answer, 'errors.busy'));
    t.true(spent <= 4_500, `${spent} ms`);
    const saved = await took(browser.json('POST', `${link}/draft`, { answers: { companyName: 'Patience Ltd' } }));
    t.is(saved.answer.status, 200);
    const cancelPage = await browser.get(`${link}/cancel`);
    t.is((await browser.post(`${link}/cancel`, {}, cancelPage)).status, 503);
    t.is((await registrationOf(stack, email)).ended_at, null);

    await bringBack();
    const done = await eventually('the same form goes through', async () => {
      const again = await filled.send();
      return again.status === 303 && again;
    });
    t.regex(done.location ?? '', /^\/login$|processing$/);
    await inState(stack, email, 'completed');
    t.is((await stack.db('users').where({ email })).length, 1);
    await inv(stack.db, stack.temporal);
  },
);

test.serial('waits and timers go on after Temporal was killed and started again (X7)', async (t) => {
  const { stack } = t.context;
  const [waiting, short, parked] = [buildEmail('waiting'), buildEmail('short'), buildEmail('parked')] as const;
  const link = await buildKnownLink(stack, waiting);
  await inState(stack, waiting, 'awaitingProof');
  const putBack = await changeSettings(stack, { registration_lifetime_seconds: 8, reminder_after_seconds: null });
  const shortLink = await buildKnownLink(stack, short);
  await putBack();
  await inState(stack, short, 'awaitingProof');
  stack.mail.setMode('5xx-rcpt');
  await askForLink(stack, parked);
  await inState(stack, parked, 'mailUndeliverable');
  stack.mail.setMode('ok');

  await killTemporal(stack);
  await stack.startTemporal();
  const row = await inState(stack, short, 'expired');
  t.true(row.ended_at.getTime() >= row.expires_at.getTime() - 1_000, 'not before its time');
  t.is((await new BrowserSession(stack.url).get(shortLink)).status, 410);
  t.is((await submitLink(new BrowserSession(stack.url), link)).location, '/login');
  t.is((await registrationOf(stack, parked)).state, 'mailUndeliverable');
  await inv(stack.db, stack.temporal);
});

test.serial('an API killed between request and answer: the same form again makes one account (X5)', async (t) => {
  const { stack } = t.context;
  for (const at of ['insert', 'commit'] as const) {
    const email = buildEmail('twice');
    const port = String(await choosePort(0));
    const doomed = await stack.startApi({ PORT: port });
    const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
    const hold = await holdAt(stack.db, { table: 'users', at, when: `new.email = '${email}'` });
    t.teardown(hold.release);
    const lost = filled.send(new BrowserSession(`http://localhost:${port}`)).catch(() => 'no answer');
    await hold.reached();
    await doomed.kill('SIGKILL');
    t.is(await lost, 'no answer');
    const again = filled.send();
    await hold.release();
    t.regex((await again).location ?? '', /^\/login$|processing$/);
    await inState(stack, email, 'completed');
    t.is((await stack.db('users').where({ email })).length, 1);
  }
  await inv(stack.db, stack.temporal);
});

test.serial(
  'a start whose API died before it could ask the engine is taken up by the reconciler (X5, INV-6)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail('orphan');
    const port = String(await choosePort(0));
    const doomed = await stack.startApi({ PORT: port });
    await killTemporal(stack);
    const bringBack = comesBack(t);
    const lost = askForLink(stack, email, `http://localhost:${port}`).catch(() => 'no answer');
    await eventually('the registration is accepted', () => registrationOf(stack, email));
    await doomed.kill('SIGKILL');
    t.is(await lost, 'no answer');
    await bringBack();
    await eventually('the reconciler gets through', () => reconcileNow(stack).then(() => true));
    const [link] = await linksTo(stack, email);
    const browser = new BrowserSession(stack.url);
    const done = await eventually('the form goes through', async () => {
      const answer = await fillInPage(browser, link!, await browser.get(link!)).send();
      return answer.status === 303 && answer.location;
    });
    t.is(done, '/login');
    await inv(stack.db, stack.temporal);
  },
);
