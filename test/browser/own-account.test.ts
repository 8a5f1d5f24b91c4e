import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { password } from '../builders/registrations.js';
import { buildLoginUser, mailedPaths } from '../builders/users.js';
import { accessibilityFaults, openDevice, phone, type Scene, startScene, takePictures } from '../helpers/browser.js';

const test = anyTest as TestFn<{ scene: Scene }>;

test.before(async (t) => {
  t.context.scene = await startScene();
});
test.after.always((t) => t.context.scene?.close());

const newPassword = 'seven purple walruses juggle';

/** Judges a page by axe at both widths, light and dark, and takes its pictures. */
async function look(t: ExecutionContext<{ scene: Scene }>, page: Page, name: string) {
  t.deepEqual(await accessibilityFaults(page), [], name);
  await takePictures(page, name);
}

async function logIn(page: Page, url: string, email: string, secret: string) {
  await page.goto(`${url}/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(secret);
  await page.locator('form[action="/login"] button[type=submit]').click();
  await page.waitForURL(`${url}/account`);
}

test.serial(
  'a person who has forgotten the password chooses a new one, and looks after it in the account',
  async (t) => {
    const { scene } = t.context;
    const { stack } = scene;
    const { url } = stack;
    const { email } = await buildLoginUser(stack);
    const device = await openDevice(scene);
    const { page } = device;
    await page.goto(`${url}/login`);
    await page.locator('a[href="/password-reset"]').click();
    await look(t, page, 'reset-request');
    await page.locator('#email').fill(email);
    await page.locator('main button[type=submit]').click();
    await page.waitForURL(`${url}/password-reset/sent`);
    await look(t, page, 'reset-sent');
    const [path = ''] = await mailedPaths(stack, email, '/password-reset');
    await page.goto(url + path);
    await look(t, page, 'reset-choose');
    await page.locator('#newPassword').fill('password1234');
    await page.locator('main button[type=submit]').click();
    await page.locator('.field-error:visible').waitFor();
    await look(t, page, 'reset-weak');
    await page.locator('#newPassword').fill(newPassword);
    await page.locator('main button[type=submit]').click();
    await page.waitForURL(`${url}/login`);
    t.is(await page.locator('#email').inputValue(), email);
    await look(t, page, 'reset-done');
    await page.goto(url + path);
    await look(t, page, 'reset-end');

    await logIn(page, url, email, newPassword);
    const other = await openDevice(scene, { viewport: phone });
    await logIn(other.page, url, email, newPassword);
    await page.locator('a[href="/account/security"]').click();
    await look(t, page, 'security');
    await page.locator('#currentPassword').fill('wrong');
    await page.locator('#newPassword').fill(password);
    await page.locator('form[action$="/password"] button[type=submit]').click();
    await page.locator('.field-error:visible').waitFor();
    await look(t, page, 'security-wrong');
    await page.locator('.sessions button').first().click();
    await page.locator('.notice-success').waitFor();
    await look(t, page, 'security-done');
    await other.page.reload();
    t.is(other.page.url(), `${url}/login`);

    const newEmail = `new-${email}`;
    await page.locator('#newEmail').fill(newEmail);
    await page.locator('#emailPassword').fill(newPassword);
    await page.locator('form[action$="/email"] button[type=submit]').click();
    await page.locator('.notice-success').waitFor();
    await look(t, page, 'security-email');
    const [proof = ''] = await mailedPaths(stack, newEmail, '/email-change');
    await other.page.goto(url + proof);
    await look(t, other.page, 'email-confirm');
    await page.goto(url + proof);
    await page.locator('main button[type=submit]').click();
    await page.waitForURL(`${url}/account/security`);
    t.true((await page.locator('main').innerText()).includes(newEmail));
    await page.goto(url + proof);
    await look(t, page, 'email-end');
    t.deepEqual([...(await other.finish()), ...(await device.finish())], []);
  },
);

test.serial('all of it works without script', async (t) => {
  const { scene } = t.context;
  const { stack } = scene;
  const { url } = stack;
  const { email } = await buildLoginUser(stack);
  const device = await openDevice(scene, { javaScriptEnabled: false, viewport: phone });
  const { page } = device;
  await page.goto(`${url}/password-reset`);
  await page.locator('#email').fill(email);
  await page.locator('main button[type=submit]').click();
  await page.waitForURL(`${url}/password-reset/sent`);
  const [path = ''] = await mailedPaths(stack, email, '/password-reset');
  await page.goto(url + path);
  await page.locator('#newPassword').fill(newPassword);
  await page.locator('main button[type=submit]').click();
  await page.waitForURL(`${url}/login`);
  await page.locator('input[name=remember]').check();
  await page.locator('#password').fill(newPassword);
  await page.locator('form[action="/login"] button[type=submit]').click();
  await page.waitForURL(`${url}/account`);
  await page.goto(`${url}/account/security`);
  await page.locator('#currentPassword').fill(newPassword);
  await page.locator('#newPassword').fill(password);
  await page.locator('form[action$="/password"] button[type=submit]').click();
  await page.locator('.notice-success').waitFor();
  t.deepEqual(await device.finish(), []);
});
