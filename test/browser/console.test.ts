import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { SecretKeys } from '../../db/secret-keys.js';
import { buildStaff } from '../api/console/fixtures.js';
import { buildAccount, buildEmail, buildLink, password, submitLink } from '../builders/registrations.js';
import { buildPartnerCode } from '../db/fixtures/rows.js';
import { accessibilityFaults, desktop, openDevice, phone, type Scene, startScene } from '../helpers/browser.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { buildApplication } from '../helpers/relying-party.js';

const test = anyTest as TestFn<{ scene: Scene; paths: string[]; email: string }>;

test.before(async (t) => {
  const scene = await startScene();
  t.context.scene = scene;
  t.context.email = (await buildStaff(scene.stack, 'admin')).email;
  t.context.paths = await furnish(scene);
});
test.after.always((t) => t.context.scene?.close());

/** Something to see on every page; resolves with the pages' paths. */
async function furnish({ stack }: Scene): Promise<string[]> {
  const { db } = stack;
  await db('settings').update({ partner_onboarding: 'with_code' });
  await buildAccount(stack);
  await buildLink(stack, buildEmail());
  await db('settings').update({ customer_approval: true });
  const waiting = buildEmail();
  await submitLink(new BrowserSession(stack.url), await buildLink(stack, waiting));
  const { reference } = await db('registrations').where({ email: waiting }).first('reference');
  const { partnerId } = await buildPartnerCode(db, SecretKeys.parse(stack.env.SECRET_KEYS ?? ''));
  const { id: typeId } = await db('user_types').first('id');
  const { id: applicationId } = await buildApplication(stack);
  const { id: versionId } = await db('agreement_versions').first('id');
  const areas = [
    'users',
    'api-keys',
    'registrations',
    'onboarding',
    'user-types',
    'agreements',
    'partners',
    'provider',
    'applications',
    'staff',
    'audit',
  ];
  return [
    '/console',
    ...areas.map((area) => `/console/${area}`),
    '/console/applications/new',
    `/console/applications/${applicationId}`,
    '/console/batches',
    `/console/registrations/${reference}`,
    `/console/user-types/${typeId}`,
    '/console/user-types/new',
    `/console/agreements/versions/${versionId}`,
    `/console/partners/${partnerId}`,
    `/console/partners/${partnerId}/edit`,
    '/console/partners/new',
  ];
}

async function logIn(page: Page, url: string, email: string) {
  await page.goto(`${url}/console/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${url}/console`);
}

test.serial(
  'every page of the Console can be used by everyone, on a desk and on a phone, light and dark',
  async (t) => {
    const { scene, paths, email } = t.context;
    const { url } = scene.stack;
    const device = await openDevice(scene);
    await logIn(device.page, url, email);
    for (const path of paths) {
      await device.page.goto(url + path);
      t.deepEqual(await accessibilityFaults(device.page), [], path);
      for (const viewport of [desktop, phone]) {
        await device.page.setViewportSize(viewport);
        const scrollsSideways = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
        t.false(await device.page.evaluate(scrollsSideways), `${path} at ${viewport.width}`);
      }
    }
    t.deepEqual(await device.finish(), []);
  },
);

test.serial('without script the Console says the same, and an approval goes through', async (t) => {
  const { scene, paths, email } = t.context;
  const { url } = scene.stack;
  const device = await openDevice(scene, { javaScriptEnabled: false, viewport: phone });
  await logIn(device.page, url, email);
  for (const path of paths) {
    const answer = await device.page.goto(url + path);
    t.is(answer?.status(), 200, path);
    t.is(await device.page.locator('h1').count(), 1, path);
  }
  await device.page.goto(url + paths.find((path) => path.includes('/RG-'))!);
  await device.page.locator('form[action$="/approve"] button[type=submit]').click();
  await device.page.locator('.notice-success').waitFor();
  t.deepEqual(await device.finish(), []);
});
