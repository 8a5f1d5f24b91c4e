/** People who come back: again, later, elsewhere, too late, or after the rules have changed. */
import anyTest, { type TestFn } from 'ava';
import { registrationEventUpdate, registrationWorkflowId } from '../../workflows/messages.js';
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
import { buildAccount, buildEmail, buildLink, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

test.serial(
  'who has an account gets the same answer and a word that it is there; nothing changes (D6, W1)',
  async (t) => {
    const { stack } = t.context;
    const { email } = await buildAccount(stack);
    const before = await stack.db('users').where({ email }).first();
    const unknown = await askForLink(stack, buildEmail());
    for (const round of [2, 3]) {
      const known = await askForLink(stack, email);
      t.deepEqual([known.status, known.location, known.text], [unknown.status, unknown.location, unknown.text]);
      await eventually('the mail', () => mailsTo(stack, email).length === round);
      t.is(mailsTo(stack, email).at(-1)?.subject, subjectOf('accountExists'));
      t.notRegex(mailsTo(stack, email).at(-1)?.text ?? '', /\/register\/[\w-]{43}/);
      await inState(stack, email, 'alreadyRegistered');
    }
    t.deepEqual(await stack.db('users').where({ email }).first(), before);
    await inv(stack.db, stack.temporal);
  },
);

test.serial(
  'a fresh link is mailed after the cool-down; all links open the one registration and end together (D3)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail();
    await buildLink(stack, email);
    const { id } = await inState(stack, email, 'awaitingProof');
    await askForLink(stack, email); // within the cool-down
    const putBack = await changeSettings(stack, { resend_cooldown_seconds: 1 });
    const other = buildEmail();
    const first = await buildLink(stack, other);
    await inState(stack, other, 'awaitingProof');
    await eventually('a second link', async () => {
      await askForLink(stack, other);
      return mailsTo(stack, other).length === 2;
    });
    await putBack();
    t.is(mailsTo(stack, email).length, 1, 'one mail within the cool-down');
    t.is((await stack.db('mails').where({ registration_id: id })).length, 1);
    const [, second] = await linksTo(stack, other, 2);
    t.not(first, second);

    const phone = new BrowserSession(stack.url);
    await phone.json('POST', `${first}/draft`, { answers: { companyName: 'Begun Ltd' } });
    t.true((await new BrowserSession(stack.url).get(second!)).text.includes('Begun Ltd'));
    t.is((await submitLink(new BrowserSession(stack.url), second!)).location, '/login');
    for (const link of [first, second!]) {
      const page = await phone.get(link);
      t.is(page.status, 200);
      t.true(says(page, 'linkEnd.completed.title'));
    }
    await inv(stack.db, stack.temporal);
  },
);

test.serial('an expired link gives a friendly page, keeps the answers, and a fresh one works (T8)', async (t) => {
  const { stack } = t.context;
  const putBack = await changeSettings(stack, { resend_cooldown_seconds: 0 });
  const email = buildEmail();
  const browser = new BrowserSession(stack.url);
  const link = await buildLink(stack, email);
  const filled = await fillIn(browser, link);
  await browser.json('POST', `${link}/draft`, { answers: { companyName: 'Slow Ltd' } });
  const { id } = await inState(stack, email, 'awaitingDetails');
  await stack
    .db('activation_links')
    .where({ registration_id: id })
    .update({ expires_at: stack.db.raw("now() - interval '1 second'") });
  for (const page of [await browser.get(link), await filled.send()]) {
    t.is(page.status, 410);
    t.true(says(page, 'linkEnd.expired.title'));
  }
  t.is((await browser.json('POST', `${link}/draft`, { answers: {} })).status, 404);
  await askForLink(stack, email);
  const [, fresh] = await linksTo(stack, email, 2);
  await putBack();
  t.true((await browser.get(fresh!)).text.includes('Slow Ltd'));
  t.is((await submitLink(browser, fresh!)).location, '/login');
  await inv(stack.db, stack.temporal);
});

test.serial('saving again and again does not lengthen the history (L9)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildKnownLink(stack, email);
  const browser = new BrowserSession(stack.url);
  const filled = await fillIn(browser, link, { givenName: '' });
  t.is((await filled.send()).status, 400);
  const { reference } = await registrationOf(stack, email);
  const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(reference));
  const length = async () => (await handle.describe()).historyLength;
  await browser.json('POST', `${link}/draft`, { answers: {} });
  await inState(stack, email, 'awaitingDetails');
  const before = await length();
  for (let round = 0; round < 200; round++) {
    const answers = { companyName: `Company ${round}` };
    t.is((await browser.json('POST', `${link}/draft`, { answers })).status, 200);
    if (round % 10 === 0) t.is((await filled.send()).status, 400);
  }
  t.true((await length()) <= before + 3, `${before} events, then ${await length()}`);
  t.true((await browser.get(link)).text.includes('Company 199'));
});

test.serial('a link opened ten times by GET and HEAD changes nothing (T4)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildLink(stack, email);
  const before = await inState(stack, email, 'awaitingProof');
  const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(before.reference));
  const { historyLength } = await eventually('nothing under way', async () => {
    const now = await handle.describe();
    return !now.raw.pendingActivities?.length && !now.raw.pendingWorkflowTask && now;
  });
  for (let i = 0; i < 10; i++) {
    const scanner = new BrowserSession(stack.url);
    t.is((await scanner.send('HEAD', link, { 'user-agent': `scanner ${i}` })).status, 200);
    t.is((await scanner.get(link)).status, 200);
  }
  t.deepEqual(await registrationOf(stack, email), before);
  t.is((await handle.describe()).historyLength, historyLength);
  t.is((await submitLink(new BrowserSession(stack.url), link)).location, '/login');
});

test.serial('a registration that nobody finishes expires, its link ends, and a new start works (T3, W5)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const putBack = await changeSettings(stack, { registration_lifetime_seconds: 2, reminder_after_seconds: null });
  const link = await buildLink(stack, email);
  await putBack();
  const browser = new BrowserSession(stack.url);
  const filled = await fillIn(browser, link);
  await inState(stack, email, 'expired');
  t.is((await browser.get(link)).status, 410);
  t.is((await filled.send()).status, 410);
  t.is(await stack.db('users').where({ email }).first(), undefined);
  const fresh = await buildLink(stack, email);
  t.is((await browser.get(link)).status, 410);
  t.is((await submitLink(browser, fresh)).location, '/login');
  await inv(stack.db, stack.temporal);
});

test.serial('a cancelled registration ends its links and makes no account; a new start works (C13, W5)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const browser = new BrowserSession(stack.url);
  const link = await buildLink(stack, email);
  await inState(stack, email, 'awaitingProof');
  const filled = await fillIn(browser, link);
  await browser.post(`${link}/cancel`, {}, await browser.get(`${link}/cancel`));
  await inState(stack, email, 'cancelled');
  t.is((await browser.get(link)).status, 410);
  t.is((await filled.send()).status, 410);
  t.is(await stack.db('users').where({ email }).first(), undefined);
  t.is((await submitLink(browser, await buildLink(stack, email))).location, '/login');
  await inv(stack.db, stack.temporal);
});

test.serial(
  'onboarding switched off under way: no account, told so, answers kept; goes on when on again (C9, D9)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail();
    const browser = new BrowserSession(stack.url);
    const link = await buildLink(stack, email);
    const filled = await fillIn(browser, link, { companyName: 'Waiting Ltd' });
    const putBack = await changeSettings(stack, { customer_onboarding: false });
    t.teardown(putBack);
    const told = await filled.send();
    t.is(told.status, 409);
    t.true(says(told, 'problems.onboardingClosed') && told.text.includes('Waiting Ltd'));
    t.is(await stack.db('users').where({ email }).first(), undefined);
    const late = buildEmail('late');
    t.not((await askForLink(stack, late)).status, 303);
    t.is(await registrationOf(stack, late), undefined);
    await putBack();
    t.is((await fillInPage(browser, link, told, { companyName: 'Waiting Ltd' }).send()).location, '/login');
    await inv(stack.db, stack.temporal);
  },
);

test.serial(
  'an agreement published under way is shown and asked for again; what was shown is stored (C11, D10)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail();
    const browser = new BrowserSession(stack.url);
    const link = await buildLink(stack, email);
    const filled = await fillIn(browser, link);
    const [version] = await stack.db('agreement_versions').insert({ document: 'terms', version: 2 }).returning('id');
    const text = { language: 'en', title: 'Terms of Service', body: 'The second version.' };
    await stack.db('agreement_texts').insert({ agreement_version_id: version.id, ...text });
    const told = await filled.send();
    t.is(told.status, 409);
    t.true(says(told, 'problems.agreementOutdated') && told.text.includes('The second version.'));
    t.is((await fillInPage(browser, link, told).send()).location, '/login');
    const { id } = await stack.db('users').where({ email }).first();
    const consents = await stack.db('consents').where({ user_id: id }).pluck('agreement_version_id');
    t.is(consents.length, 2);
    t.true(consents.includes(version.id));
    await inv(stack.db, stack.temporal);
  },
);

test.serial(
  'without a valid default user type the creation waits for staff and goes on after RETRY (C12, X15)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail();
    const browser = new BrowserSession(stack.url);
    const filled = await fillIn(browser, await buildLink(stack, email));
    const putBack = await changeSettings(stack, { default_customer_user_type_id: null });
    t.teardown(putBack);
    const told = await filled.send();
    t.is(told.status, 200);
    t.true(says(told, 'linkEnd.blocked.title'));
    const row = await inState(stack, email, 'creationBlocked');
    t.deepEqual([row.attention, row.problem], [true, 'userTypeInvalid']);
    await inv(stack.db, stack.temporal);
    await putBack();
    const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(row.reference));
    const view = await handle.executeUpdate(registrationEventUpdate, { args: [{ type: 'RETRY', actor: 'operator' }] });
    t.is(view.state, 'completed');
    t.is((await stack.db('users').where({ email })).length, 1);
    await inv(stack.db, stack.temporal);
  },
);
