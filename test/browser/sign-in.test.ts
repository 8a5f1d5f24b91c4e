import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { buildAccount, buildEmail, password } from '../builders/registrations.js';
import { accessibilityFaults, openDevice, phone, type Scene, startScene, takePictures } from '../helpers/browser.js';
import { fillDetails, followMail, openMail, submitDetails } from '../helpers/registrant.js';
import { type RelyingPartySite, startRelyingPartySite } from '../helpers/relying-party-site.js';

const test = anyTest as TestFn<{ scene: Scene; site: RelyingPartySite }>;

test.before(async (t) => {
  t.context.scene = await startScene();
  t.context.site = await startRelyingPartySite(t.context.scene.stack);
});
test.after.always(async (t) => {
  await t.context.site?.stop();
  await t.context.scene?.close();
});

async function logIn(page: Page, email: string) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('form[action="/login"] button[type=submit]').click();
}

const claimsOn = async (page: Page) => JSON.parse(await page.locator('pre').innerText());

test.serial('from an application to a new account, and back to it by the first login; in again, and out', async (t) => {
  const { scene, site } = t.context;
  const { stack } = scene;
  const device = await openDevice(scene, {}, [site.url]);
  const email = buildEmail();
  await device.page.goto(site.url);
  await device.page.locator('a[href="/create"]').click();
  await device.page.waitForURL(`${stack.url}/register`);
  await device.page.locator('#email').fill(email);
  await device.page.locator('main button[type=submit]').click();
  await openMail(device.page, scene, email);
  const page = await followMail(device.page);
  await fillDetails(page);
  await submitDetails(page);
  await page.waitForURL(`${stack.url}/login`);
  t.true((await page.locator('main').innerText()).includes('then continue to Fleet'));
  await takePictures(page, 'sign-in/ready');
  await logIn(page, email);
  await page.waitForURL(`${site.url}/callback?*`);
  t.like(await claimsOn(page), {
    email,
    email_verified: true,
    user_type: 'Customer administrator',
    permissions: ['customer_account_administrator'],
  });

  // Logged in here already, the person is not asked again.
  await page.goto(`${site.url}/login`);
  await page.waitForURL(`${site.url}/callback?*`);
  t.is((await claimsOn(page)).email, email);

  await page.locator('a[href="/logout"]').click();
  await page.waitForURL(`${site.url}/goodbye*`);
  await page.goto(`${stack.url}/account`);
  await page.waitForURL(`${stack.url}/login`);
  t.deepEqual(await device.finish(), []);
});

test.serial('without script a person logs in for an application and out again', async (t) => {
  const { scene, site } = t.context;
  const { email } = await buildAccount(scene.stack);
  const device = await openDevice(scene, { javaScriptEnabled: false, viewport: phone }, [site.url]);
  const { page } = device;
  await page.goto(`${site.url}/login`);
  await page.waitForURL(`${scene.stack.url}/login`);
  await logIn(page, email);
  await page.waitForURL(`${site.url}/callback?*`);
  t.is((await claimsOn(page)).email, email);
  await page.locator('a[href="/logout"]').click();
  await page.locator('main button[name=logout]').click();
  await page.waitForURL(`${site.url}/goodbye*`);
  t.deepEqual(await device.finish(), []);
});

test.serial('what is asked on the way is clear to everyone, and a refusal reaches the application', async (t) => {
  const { scene } = t.context;
  const { stack } = scene;
  const site = await startRelyingPartySite(stack, false);
  t.teardown(site.stop);
  const { email } = await buildAccount(stack);
  const device = await openDevice(scene, {}, [site.url]);
  const { page } = device;
  const look = async (name: string) => {
    t.deepEqual(await accessibilityFaults(page), [], name);
    await takePictures(page, `sign-in/${name}`, { dark: true });
  };
  await page.goto(`${site.url}/login`);
  await look('login');
  await logIn(page, email);
  await page.waitForURL(`${stack.url}/sign-in`);
  await look('consent');
  await page.locator('button[value=deny]').click();
  await page.waitForURL(`${site.url}/callback?*`);
  t.is(await page.locator('p').innerText(), 'access_denied');
  await page.goto(`${site.url}/login`);
  await page.locator('button[value=allow]').click();
  await page.waitForURL(`${site.url}/callback?*`);
  t.is((await claimsOn(page)).email, email);

  await stack.db('sessions').update({ created_at: stack.db.raw("created_at - interval '1 minute'") });
  await page.goto(`${site.url}/create`);
  await look('choice');
  await page.goto(`${stack.url}/oidc/session/end`);
  await look('logout');
  const unknown = await page.goto(`${stack.url}/oidc/auth?client_id=none`);
  t.is(unknown?.status(), 400);
  await look('error');
  t.deepEqual(await device.finish(), []);
});
