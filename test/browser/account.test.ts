import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { buildAccount, password } from '../builders/registrations.js';
import {
  accessibilityFaults,
  desktop,
  openDevice,
  phone,
  type Scene,
  startScene,
  takePictures,
} from '../helpers/browser.js';

const test = anyTest as TestFn<{ scene: Scene; email: string }>;

test.before(async (t) => {
  t.context.scene = await startScene();
  t.context.email = (await buildAccount(t.context.scene.stack)).email;
});
test.after.always((t) => t.context.scene?.close());

async function logIn(page: Page, { stack }: Scene, email: string) {
  await page.goto(`${stack.url}/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${stack.url}/account**`);
}

/** Judges a page by axe at both widths, light and dark, and takes its pictures. */
async function look(t: ExecutionContext<{ scene: Scene }>, page: Page, name: string) {
  t.deepEqual(await accessibilityFaults(page), [], name);
  for (const viewport of [desktop, phone]) {
    await page.setViewportSize(viewport);
    const scrollsSideways = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    t.false(await page.evaluate(scrollsSideways), `${name} at ${viewport.width}`);
  }
  await takePictures(page, `account/${name}`);
}

test.serial('people see and change their profile, and read what they accepted', async (t) => {
  const { scene, email } = t.context;
  const { url } = scene.stack;
  const device = await openDevice(scene);
  const { page } = device;
  await logIn(page, scene, email);
  await look(t, page, 'overview');
  await page.locator('main a[href="/account/profile"]').click();
  await look(t, page, 'profile');
  await page.locator('#givenName').fill('');
  await page.locator('main button[type=submit]').click();
  await page.locator('.field-error:visible').waitFor();
  await look(t, page, 'profile-error');
  await page.locator('#givenName').fill('Anna');
  await page.locator('#timeZone').selectOption('Europe/Berlin');
  await page.locator('main button[type=submit]').click();
  await page.locator('.notice-success').waitFor();
  await look(t, page, 'profile-saved');
  await page.goto(`${url}/account/agreements`);
  await look(t, page, 'agreements');
  await page.locator('main a[href^="/agreements/terms"]').click();
  await page.locator('article').waitFor();
  t.deepEqual(await device.finish(), []);
});

test.serial('without script the account says the same, in the time of its zone', async (t) => {
  const { scene, email } = t.context;
  const device = await openDevice(scene, { javaScriptEnabled: false, viewport: phone });
  const { page } = device;
  await logIn(page, scene, email);
  t.regex(await page.locator('main time').first().innerText(), / CES?T$/);
  await page.goto(`${scene.stack.url}/account/profile`);
  t.is(await page.locator('#timeZone').inputValue(), 'Europe/Berlin');
  await page.locator('#language').selectOption('de');
  await page.locator('main button[type=submit]').click();
  await page.locator('.notice-success').waitFor();
  t.is(await page.locator('html').getAttribute('lang'), 'de');
  await page.locator('#language').selectOption('en');
  await page.locator('main button[type=submit]').click();
  await page.locator('html[lang=en]').waitFor();
  t.deepEqual(await device.finish(), []);
});

test.serial('a new version of an agreement is read and accepted before anything else', async (t) => {
  const { scene, email } = t.context;
  const { db } = scene.stack;
  const { id } = await db('users').where({ email }).first('id');
  await db('consents').where({ user_id: id }).delete();
  const device = await openDevice(scene);
  const { page } = device;
  await logIn(page, scene, email);
  await page.waitForURL('**/account/agreements/accept');
  await look(t, page, 'accept');
  await page.locator('form[action="/account/agreements/accept"] button[type=submit]').click();
  await page.locator('.field-error:visible').first().waitFor();
  await page.locator('#terms').check();
  await page.locator('#privacy').check();
  await page.locator('form[action="/account/agreements/accept"] button[type=submit]').click();
  await page.waitForURL('**/account');
  t.deepEqual(await device.finish(), []);
});

test.serial('people see what leaving means, and leave without script, too', async (t) => {
  const { scene, email } = t.context;
  const { url } = scene.stack;
  const device = await openDevice(scene);
  const { page } = device;
  await logIn(page, scene, email);
  await page.goto(`${url}/account/data`);
  await look(t, page, 'data');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('main a[download]').click()]);
  t.regex(download.suggestedFilename(), /^vestibule-account-.*\.json$/);
  await page.locator('main a[href="/account/delete"]').click();
  await page.waitForURL('**/account/delete');
  await look(t, page, 'deletion');
  await page.locator('#currentPassword').fill('not the password');
  await page.locator('#confirmDeletion').check();
  await page.locator('button.danger').click();
  await page.locator('#currentPassword-error:visible').waitFor();
  await look(t, page, 'deletion-error');
  t.deepEqual(await device.finish(), []);

  const plain = await openDevice(scene, { javaScriptEnabled: false, viewport: phone });
  await logIn(plain.page, scene, email);
  await plain.page.goto(`${url}/account/delete`);
  await plain.page.locator('#currentPassword').fill(password);
  await plain.page.locator('#confirmDeletion').check();
  await plain.page.locator('button.danger').click();
  await plain.page.waitForURL(`${url}/login`);
  t.is(await plain.page.locator('.notice-success').count(), 1);
  t.deepEqual(await plain.finish(), []);
});
