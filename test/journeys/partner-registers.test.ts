import anyTest, { type TestFn } from 'ava';
import { SecretKeys } from '../../db/secret-keys.js';
import { demoMapping, demoPartners, type StubProvider, startStubProvider } from '../../dev/stub-provider.js';
import { registrationEventSignal, registrationWorkflowId } from '../../workflows/messages.js';
import { askForLink, buildLookup, inState, linksTo, mailsTo, registrationOf, says } from '../builders/journeys.js';
import { buildEmail, buildLink, submitCode, submitLink } from '../builders/registrations.js';
import { buildPartnerCode } from '../db/fixtures/rows.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack; stub: StubProvider; keys: SecretKeys }>;
const codeRefused = 'This code cannot be used.';
/** What a lookup that fails may take until it is parked, in milliseconds. */
const parkedWithin = 60_000;

test.before(async (t) => {
  const stub = await startStubProvider({ port: 0 });
  const stack = await startStack({ PROVIDER_ALLOWED_ORIGINS: new URL(stub.url).origin });
  const keys = SecretKeys.parse(stack.env.SECRET_KEYS!);
  Object.assign(t.context, { stack, stub, keys });
  await stack.db('settings').update({ partner_onboarding: 'with_code' });
  await stack.db('partner_provider').update({
    enabled: true,
    config: { url: `${stub.url}/partners`, authentication: 'none', timeLimitSeconds: 2 },
    mapping: demoMapping,
  });
});
test.after.always(async (t) => {
  await inv(t.context.stack.db, t.context.stack.temporal);
  await Promise.all([t.context.stack.stop(), t.context.stub.stop()]);
});
test.serial.beforeEach((t) => t.context.stub.setMode('ok'));

const userOf = (stack: Stack, email: string) => stack.db('users').where({ email }).first();
async function openLink(stack: Stack, email = buildEmail('pat')) {
  return { email, link: await buildLink(stack, email), browser: new BrowserSession(stack.url) };
}

test.serial('a partner with a code of ours joins the partner, and the code is gone', async (t) => {
  const { stack, keys } = t.context;
  const { code, partnerId } = await buildPartnerCode(stack.db, keys);
  const { email, link, browser } = await openLink(stack);
  t.is((await submitCode(browser, link, code)).location, '/login');
  t.like(await userOf(stack, email), { partner_id: partnerId, given_name: 'Pat' });
  t.like(await registrationOf(stack, email), { kind: 'partner', state: 'completed', draft_code: null });

  const second = await openLink(stack);
  const answer = await submitCode(second.browser, second.link, code);
  t.is(answer.status, 409);
  t.true(answer.text.includes(codeRefused));
  t.is(await userOf(stack, second.email), undefined);
});

test.serial(
  'a wrong, revoked, expired or used-up code gets one message; the answers are kept, the next code works (E7)',
  async (t) => {
    const { stack, keys } = t.context;
    const { email, link, browser } = await openLink(stack);
    const ended = await Promise.all([1, 2, 3].map(() => buildPartnerCode(stack.db, keys)));
    const set = (n: number, changed: object) =>
      stack.db('partner_codes').where({ id: ended[n]!.codeId }).update(changed);
    await set(0, { revoked_at: stack.db.fn.now() });
    await set(1, { expires_at: stack.db.fn.now() });
    await set(2, { max_uses: 1, uses: 1 });
    const pages: string[] = [];
    for (const code of ['ZZZZ-ZZZZ-ZZZZ', ...ended.map(({ code }) => code)]) {
      const answer = await submitCode(browser, link, code);
      t.is(answer.status, 409);
      t.true(answer.text.includes(codeRefused));
      t.true(answer.text.includes('value="Pat"'));
      pages.push(answer.text.replaceAll(code, '').replace(/name="(formToken|idempotencyKey)" value="[^"]*"/g, ''));
    }
    t.is(new Set(pages).size, 1);
    await set(2, { uses: 0 });
    const { code } = await buildPartnerCode(stack.db, keys);
    t.is((await submitCode(browser, link, code)).location, '/login');
    t.truthy(await userOf(stack, email));
  },
);

test.serial(
  'the provider knows the code: its partner is made, and another person with it joins the same',
  async (t) => {
    const { stack } = t.context;
    const { code, id, company } = demoPartners[0]!;
    const [one, two] = [await openLink(stack), await openLink(stack)];
    for (const { browser, link } of [one, two]) t.is((await submitCode(browser, link, code)).location, '/login');
    const [first, second] = [await userOf(stack, one.email), await userOf(stack, two.email)];
    t.is(first.partner_id, second.partner_id);
    t.like(await stack.db('partners').where({ id: first.partner_id }).first(), {
      name: company.name,
      external_id: id,
      origin: 'provider',
    });
  },
);

test.serial(
  'while the provider is down nothing is lost: parked, told by mail, and ready once it is back',
  async (t) => {
    const { stack, stub } = t.context;
    stub.setMode('500');
    const { email, link, browser } = await openLink(stack);
    const answer = await submitCode(browser, link, demoPartners[1]!.code);
    t.true(answer.location?.endsWith('/processing'), `${answer.status}`);
    const row = await inState(stack, email, 'lookupParked', parkedWithin);
    t.like(row, { attention: true, problem: 'providerUnavailable' });
    await linksOrMails(stack, email, 2);
    t.is(mailsTo(stack, email)[1]?.subject, 'Your Vestibule registration takes a little longer');
    t.true(says(await browser.get(link), 'linkEnd.parked.text'));

    // Asked again from the first page, the person is told again, and the retry is not put off.
    stub.setMode('ok');
    const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(row.reference));
    await handle.signal(registrationEventSignal, { type: 'RETRY', actor: 'operator' });
    await inState(stack, email, 'completed', parkedWithin);
    t.truthy(await userOf(stack, email));
    await linksOrMails(stack, email, 3);
    t.is(mailsTo(stack, email)[2]?.subject, 'Your Vestibule account is ready');
  },
);

test.serial('fifty lookups that hang slow down neither customers nor partners with our own codes (F9)', async (t) => {
  const { stack, stub, keys } = t.context;
  const { config } = await stack.db('partner_provider').first('config');
  const putBack = () => stack.db('partner_provider').update({ config });
  t.teardown(putBack);
  await stack.db('partner_provider').update({ config: { ...config, timeLimitSeconds: 10 } });
  /** A customer and a partner's user, from the first page to the account; in milliseconds. */
  const others = async () => {
    const { code } = await buildPartnerCode(stack.db, keys);
    const started = performance.now();
    const [partner, customer] = await Promise.all([openLink(stack), openLink(stack)]);
    for (const [{ email }, answer] of [
      [partner, await submitCode(partner.browser, partner.link, code)],
      [customer, await submitLink(customer.browser, customer.link, { kind: 'customer' })],
    ] as const) {
      // A machine busy with other tests may answer with the page to wait on; that time counts as well.
      t.regex(answer.location ?? '', /^\/login$|\/processing$/);
      await inState(stack, email, 'completed');
    }
    return performance.now() - started;
  };
  await others(); // the first ones also warm up what they pass through
  const before = [await others(), await others(), await others()];

  stub.setMode('hang');
  const asked = stub.requests().length;
  const waiting = await Promise.all(Array.from({ length: 50 }, () => buildLookup(stack, keys, demoPartners[2]!.code)));
  await eventually('as many as may are asked at once', () => stub.requests().length >= asked + 20);
  await eventually('all of them wait', async () => (await lookupsOf(stack, waiting)) === 50);
  const during = [await others(), await others(), await others()];
  t.is(await lookupsOf(stack, waiting), 50, 'and still do');
  t.log(`median ${median(before).toFixed()} ms before, ${median(during).toFixed()} ms while fifty hang`);
  t.true(median(during) < 2 * Math.max(median(before), 1_000), `${before} ${during}`);

  stub.setMode('ok');
  for (const { email } of waiting) await inState(stack, email!, 'completed', parkedWithin);
});

const median = (times: number[]) => [...times].sort((one, other) => one - other)[Math.floor(times.length / 2)]!;

/** How many of these registrations wait for the provider at this moment. */
async function lookupsOf({ temporal }: Stack, registrations: { reference: string }[]): Promise<number> {
  const pending = await Promise.all(
    registrations.map(async ({ reference }) => {
      const { raw } = await temporal.workflow.getHandle(registrationWorkflowId(reference)).describe();
      return raw.pendingActivities?.filter(({ activityType }) => activityType?.name === 'lookUpPartner') ?? [];
    }),
  );
  return pending.flat().length;
}

test.serial('the kind is the page’s, not the starter’s: started as a customer, finished as a partner', async (t) => {
  const { stack, keys } = t.context;
  const { code } = await buildPartnerCode(stack.db, keys);
  const { email, link, browser } = await openLink(stack);
  const page = await browser.get(link);
  t.true(page.text.includes('name="companyName"'));
  const form = { kind: 'customer', givenName: 'Pat', companyName: 'Typed before', action: 'switch' };
  const switched = await browser.post(link, form, page);
  t.true(switched.text.includes('name="partnerCode"'));
  t.true(switched.text.includes('value="Pat"'));
  t.like(await registrationOf(stack, email), { kind: 'partner' });
  t.is((await submitCode(browser, link, code)).location, '/login');
});

test.serial('a typed code is kept for another device, but nowhere to be read in the database', async (t) => {
  const { stack } = t.context;
  const { email, link, browser } = await openLink(stack);
  const code = 'SENT-INEL-CODE-1234';
  const answer = await browser.json('POST', `${link}/draft`, { kind: 'partner', answers: { partnerCode: code } });
  t.is(answer.status, 200);
  const other = await new BrowserSession(stack.url).get(link);
  t.true(other.text.includes(`value="${code}"`));
  const { rows } = await stack.db.raw('select r::text as row from registrations r where email = ?', [email]);
  t.false(rows[0].row.includes('SENT-INEL'));
});

test.serial(
  'the link of a letter fills the code in, in the browser that opened it, after the mailbox is proven',
  async (t) => {
    const { stack } = t.context;
    const browser = new BrowserSession(stack.url);
    const email = buildEmail('letter');
    const start = await browser.get('/register?kind=partner&code=7K3F-2M9T-0000-1111-2222');
    t.regex(start.text, /value="partner" checked/);
    await browser.post('/register', { email, kind: 'partner' }, start);
    const [link] = await linksTo(stack, email);
    t.true((await browser.get(link!)).text.includes('value="7K3F-2M9T-0000-1111-2222"'));
    t.false((await new BrowserSession(stack.url).get(link!)).text.includes('7K3F-2M9T-0000'));
  },
);

test.serial('ten wrong codes, then a pause, with what was typed', async (t) => {
  const { stack } = t.context;
  const { link, browser } = await openLink(stack);
  const answers = [];
  for (let tried = 0; tried < 11; tried++) answers.push(await submitCode(browser, link, `ZZZZ-${tried}`));
  t.deepEqual(
    answers.map(({ status }) => status),
    [...Array(10).fill(409), 429],
  );
  t.true(answers[10]!.text.includes('value="Pat"'));
  t.truthy(answers[10]!.headers.get('retry-after'));
});

test.serial(
  'off for partners and customers both, nothing starts; a kind that is off is closed on the page',
  async (t) => {
    const { stack } = t.context;
    const { link, browser } = await openLink(stack);
    await stack.db('settings').update({ customer_onboarding: false, partner_onboarding: 'off' });
    const closed = await askForLink(stack, buildEmail());
    const page = await submitLink(browser, link);
    await stack.db('settings').update({ customer_onboarding: true, partner_onboarding: 'with_code' });
    t.is(closed.status, 403);
    t.true(says(page, 'problems.onboardingClosed'));
  },
);

/** Waits for this many mails, with or without a link. */
async function linksOrMails(stack: Stack, email: string, count: number) {
  await stack.mail.waitForMail(() => mailsTo(stack, email).length >= count, 60_000);
}
