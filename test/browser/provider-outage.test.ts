import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { mappingField } from '../../api/routes/console/provider-form.js';
import { demoMapping, demoPartners, type StubProvider, startStubProvider } from '../../dev/stub-provider.js';
import { buildStaff } from '../api/console/fixtures.js';
import { inState, mailsTo } from '../builders/journeys.js';
import { buildEmail, buildLink, password, submitCode } from '../builders/registrations.js';
import { accessibilityFaults, openDevice, type Scene, startScene } from '../helpers/browser.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { reachDetails, submitDetails } from '../helpers/registrant.js';

const test = anyTest as TestFn<{ scene: Scene; stub: StubProvider }>;
/** Milliseconds that a lookup which fails may take until it is parked, and a retry until the account is there. */
const patience = 60_000;
const [partner] = demoPartners;

test.before(async (t) => {
  const stub = await startStubProvider({ port: 0 });
  const scene = await startScene({ PROVIDER_ALLOWED_ORIGINS: new URL(stub.url).origin });
  Object.assign(t.context, { stub, scene });
  const { db } = scene.stack;
  await db('settings').update({ customer_onboarding: false, partner_onboarding: 'with_code' });
});
test.after.always((t) => Promise.all([t.context.scene?.close(), t.context.stub?.stop()]));

/** As an administrator of the OEM connects the provider, tries it out, and switches it on. */
async function connectProvider(page: Page, stub: StubProvider) {
  await page.locator('nav a[href="/console/provider"]').click();
  await page.locator('[name=enabled]').check();
  await page.locator('[name=url]').fill(`${stub.url}/partners`);
  await page.locator('[name=timeLimitSeconds]').fill('2');
  for (const [field, path] of Object.entries(demoMapping))
    await page.locator(`[name=${mappingField(field)}]`).fill(path);
  await page.locator('form[action="/console/provider"] button[value=save]').last().click();
  await page.locator('.notice-success').waitFor();
  await page.locator('form[action="/console/provider/tests"] input[type=text]').fill(partner!.code);
  await page.locator('form[action="/console/provider/tests"] button').click();
  await page.getByText(partner!.company.name).waitFor();
}

async function logInToConsole(page: Page, { stack }: Scene) {
  const { email } = await buildStaff(stack, 'admin');
  await page.goto(`${stack.url}/console/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('form[action="/console/login"] button[type=submit]').click();
  await page.waitForURL(`${stack.url}/console`);
}

test.serial(
  'partners register during an outage, wait without losing anything, and an operator sends all of them on',
  async (t) => {
    const { scene, stub } = t.context;
    const { stack } = scene;
    const [office, home] = [await openDevice(scene), await openDevice(scene)];
    await logInToConsole(office.page, scene);
    await connectProvider(office.page, stub);

    stub.setMode('500');
    const emails = [buildEmail('pat'), buildEmail('kim'), buildEmail('lee')];
    const page = await reachDetails(home.page, scene, emails[0]!);
    for (const [name, value] of Object.entries({
      partnerCode: partner!.code,
      givenName: 'Pat',
      familyName: 'Partner',
      password,
    }))
      await page.locator(`#${name}`).fill(value);
    for (const box of ['#terms', '#privacy']) await page.locator(box).check();
    await submitDetails(page);
    const others = emails
      .slice(1)
      .map(async (email) => submitCode(new BrowserSession(stack.url), await buildLink(stack, email), partner!.code));
    await Promise.all(others);
    for (const email of emails) await inState(stack, email, 'lookupParked', patience);

    // The page that waits goes on by itself, and says that nothing is lost.
    await page.getByText('Nothing is lost').waitFor({ timeout: patience });
    t.deepEqual(await accessibilityFaults(page), []);
    await eventually(
      'each is told by mail',
      () => emails.every((email) => mailsTo(stack, email).length === 2),
      patience,
    );

    stub.setMode('ok');
    const console = office.page;
    await console.goto(`${stack.url}/console/registrations?state=lookupParked`);
    t.is(await console.locator('tbody tr').count(), 3);
    await console.locator('#reason').fill('The provider is back');
    await console.locator('#retry button[value=all]').click();
    await console.waitForURL(/\/console\/batches\//);
    for (const email of emails) await inState(stack, email, 'completed', patience);
    // The page of the batch says so without being asked.
    await console.locator('#batch-states').getByText('Account created').waitFor({ timeout: patience });
    t.deepEqual(await accessibilityFaults(console), []);
    await eventually('each is mailed', () => emails.every((email) => mailsTo(stack, email).length === 3), patience);
    t.true(emails.every((email) => mailsTo(stack, email)[2]?.subject === 'Your Vestibule account is ready'));
    t.is((await stack.db('partners').where({ external_id: partner!.id })).length, 1);
    t.is((await stack.db('users').whereIn('email', emails)).length, 3);

    t.deepEqual(await home.finish(), []);
    t.deepEqual(await office.finish(), []);
    await inv(stack.db, stack.temporal);
  },
);
