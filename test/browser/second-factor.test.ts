import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { buildStaff } from '../api/console/fixtures.js';
import { codeOf, roomInStep } from '../api/fixtures/second-factors.js';
import { buildAccount, password } from '../builders/registrations.js';
import { accessibilityFaults, openDevice, phone, type Scene, startScene, takePictures } from '../helpers/browser.js';

const test = anyTest as TestFn<{ scene: Scene }>;

test.before(async (t) => {
  t.context.scene = await startScene();
});
test.after.always((t) => t.context.scene?.close());

/** Judges a page by axe at both widths, light and dark, and takes its pictures. */
async function look(t: ExecutionContext<{ scene: Scene }>, page: Page, name: string) {
  t.deepEqual(await accessibilityFaults(page), [], name);
  await takePictures(page, `second-factor/${name}`, { dark: true });
}

async function logIn(page: Page, url: string, email: string, base = '') {
  await page.goto(`${url}${base}/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('main button[type=submit]').first().click();
}

const secretOf = async (page: Page) => (await page.locator('.totp-secret').innerText()).replaceAll(' ', '');

test.serial('an app is connected, and asked for at the next login, in a browser without script', async (t) => {
  const { scene } = t.context;
  const { url } = scene.stack;
  const { email } = await buildAccount(scene.stack);
  const device = await openDevice(scene, { javaScriptEnabled: false, viewport: phone });
  const { page } = device;
  await logIn(page, url, email);
  await page.goto(`${url}/account/second-factor`);
  await page.locator('form[action$="/totp"] button').click();
  const secret = await secretOf(page);
  await roomInStep();
  await page.locator('#code').fill(codeOf(secret, -1));
  await page.locator('form[action$="/totp/confirm"] button').click();
  await page.locator('.recovery-codes').waitFor();
  t.is(await page.locator('.recovery-codes li').count(), 10);
  await page.locator('form[action$="/stored"] button').click();
  await page.locator('.signed-in button').click();
  await logIn(page, url, email);
  await page.waitForURL(`${url}/login/second-factor`);
  await page.locator('#code').fill(codeOf(secret));
  await page.locator('form[action="/login/second-factor"] button').click();
  await page.waitForURL(`${url}/account`);
  t.deepEqual(await device.finish(), []);
});

test.serial('the pages of the second factor can be used by everyone and look right', async (t) => {
  const { scene } = t.context;
  const { url, db } = scene.stack;
  const { email } = await buildAccount(scene.stack);
  const device = await openDevice(scene);
  const { page } = device;
  await logIn(page, url, email);
  await page.goto(`${url}/account/second-factor`);
  await look(t, page, 'settings-off');
  await page.locator('form[action$="/totp"] button').click();
  await page.locator('.totp').waitFor();
  await look(t, page, 'connect');
  const secret = await secretOf(page);
  await page.locator('#code').fill('123456');
  await page.locator('form[action$="/totp/confirm"] button').click();
  await page.locator('.notice-error').waitFor();
  await roomInStep();
  await page.locator('#code').fill(codeOf(secret, -1));
  await page.locator('form[action$="/totp/confirm"] button').click();
  await page.locator('.recovery-codes').waitFor();
  await look(t, page, 'recovery-codes');
  await page.locator('form[action$="/stored"] button').click();
  await page.locator('.factors').waitFor();
  await look(t, page, 'settings-on');
  const past = db.raw(`now() - interval '11 minutes'`);
  await db('sessions').update({ created_at: past, confirmed_at: past });
  await page.reload();
  await look(t, page, 'settings-confirm');
  await page.locator('.signed-in button').click();
  await logIn(page, url, email);
  await page.waitForURL(`${url}/login/second-factor`);
  await look(t, page, 'login');
  await page.locator('#code').fill('123456');
  await page.locator('form[action="/login/second-factor"] button').click();
  await page.locator('.notice-error').waitFor();
  await look(t, page, 'login-failed');
  t.deepEqual(await device.finish(), []);
});

test.serial('a passkey is made in a browser, opens the next login, and is removed', async (t) => {
  const { scene } = t.context;
  const { url } = scene.stack;
  const { email } = await buildAccount(scene.stack);
  const device = await openDevice(scene);
  const { page } = device;
  const cdp = await device.context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true } as const;
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...options, hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  await logIn(page, url, email);
  await page.goto(`${url}/account/second-factor`);
  await page.locator('#passkeyName').fill('Work laptop');
  await page.locator('form[data-passkey] button').click();
  await page.locator('.recovery-codes').waitFor();
  await page.locator('form[action$="/stored"] button').click();
  await page.locator('.passkeys').waitFor();
  t.true((await page.locator('.passkeys').innerText()).includes('Work laptop'));
  await look(t, page, 'passkeys');
  await page.locator('form[data-passkey] button').click();
  await page.locator('[data-said]', { hasText: 'has a passkey of yours already' }).waitFor();

  await page.locator('.signed-in button').click();
  await logIn(page, url, email);
  await page.waitForURL(`${url}/login/second-factor`);
  await look(t, page, 'login-passkey');
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  await page.locator('form[data-passkey] button').click();
  await page.waitForURL(`${url}/account`);
  await page.goto(`${url}/account/second-factor`);
  await page.locator('form[action$="/remove"] button').click();
  await page.locator('.notice-success').waitFor();
  t.is(await page.locator('.passkeys').count(), 0);
  t.deepEqual(await device.finish(), []);
});

test.serial("the Console's pages of the second factor can be used by everyone and look right", async (t) => {
  const { scene } = t.context;
  const { url, db } = scene.stack;
  const { email } = await buildStaff(scene.stack, 'admin');
  await db('settings').update({ staff_second_factor: true });
  const device = await openDevice(scene);
  const { page } = device;
  await logIn(page, url, email, '/console');
  await page.waitForURL(`${url}/console/second-factor`);
  await look(t, page, 'console-demanded');
  await page.locator('form[action$="/totp"] button').click();
  await look(t, page, 'console-connect');
  const secret = await secretOf(page);
  await roomInStep();
  await page.locator('#code').fill(codeOf(secret, -1));
  await page.locator('form[action$="/totp/confirm"] button').click();
  await page.locator('.recovery-codes').waitFor();
  await page.locator('.signed-in button').click();
  await logIn(page, url, email, '/console');
  await page.waitForURL(`${url}/console/login/second-factor`);
  await look(t, page, 'console-login');
  await page.locator('#code').fill(codeOf(secret));
  await page.locator('form[action$="/login/second-factor"] button').click();
  await page.waitForURL(`${url}/console`);
  await page.goto(`${url}/console/onboarding`);
  await look(t, page, 'console-onboarding');
  await db('settings').update({ staff_second_factor: false });
  t.deepEqual(await device.finish(), []);
});
