import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { type BuiltUser, buildAdministrator, buildColleague, buildType } from '../builders/members.js';
import { password } from '../builders/registrations.js';
import {
  accessibilityFaults,
  desktop,
  openDevice,
  phone,
  type Scene,
  startScene,
  takePictures,
} from '../helpers/browser.js';

const test = anyTest as TestFn<{ scene: Scene; admin: BuiltUser; plainType: string }>;
const list = '/account/users';

test.before(async (t) => {
  const scene = await startScene();
  const { stack } = scene;
  const plainType = await buildType(stack, ['devices.read', 'devices.write']);
  await stack.db('user_types').where({ id: plainType }).update({ name: 'Device manager' });
  await stack.db('user_types').insert({
    kind: 'customer',
    name: 'Administrator with devices',
    permissions: ['customer_account_administrator', 'devices.read', 'devices.write'],
  });
  await stack
    .db('user_types')
    .where({ name: 'Customer administrator' })
    .update({
      permissions: ['customer_account_administrator', 'devices.read', 'devices.write'],
    });
  const admin = await buildAdministrator(stack);
  Object.assign(t.context, { scene, admin, plainType });
});
test.after.always((t) => t.context.scene?.close());

async function logIn(page: Page, url: string, email: string) {
  await page.goto(`${url}/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${url}/account`);
}

const scrollsSideways = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';

test.serial(
  'an administrator finds a colleague and shuts them out, on a desk and on a phone, by everyone',
  async (t) => {
    const { scene, admin, plainType } = t.context;
    const { url } = scene.stack;
    const person = {
      user_type_id: plainType,
      given_name: 'Maximiliane-Friederike',
      family_name: 'Wolfeschlegelsteinhausen',
    };
    const colleague = await buildColleague(scene.stack, admin, person);
    await buildColleague(scene.stack, admin, { given_name: 'Ben', family_name: 'Adler' });
    const gone = await buildColleague(scene.stack, admin, {
      given_name: 'Carla',
      family_name: 'Brand',
      user_type_id: plainType,
    });
    await scene.stack.db('users').where({ id: gone.id }).update({ disabled_at: new Date() });
    const { page, finish } = await openDevice(scene);
    await logIn(page, url, admin.email);
    const look = async (name: string) => {
      t.deepEqual(await accessibilityFaults(page), [], name);
      for (const viewport of [desktop, phone]) {
        await page.setViewportSize(viewport);
        t.false(await page.evaluate(scrollsSideways), `${name} at ${viewport.width}`);
      }
      await takePictures(page, `members/${name}`, { dark: name === 'users' });
    };
    await page.locator(`nav a[href="${list}"]`).click();
    await look('users');
    await page.locator('#q').fill('wolf maxi');
    await page.keyboard.press('Enter');
    await page.locator('tbody a').click();
    await look('user');
    await page.locator('form[action$="/disable"] button').click();
    await page.locator('.notice-success').waitFor();
    await takePictures(page, 'members/user-disabled');
    await page.locator('a[href$="/remove"]').click();
    await look('user-removal');
    await page.locator('button.danger').click();
    await page.locator('.notice-success').waitFor();
    t.is(await page.locator('tbody tr').count(), 3);
    await page.locator(`a[href="${list}/${admin.id}"]`).click();
    await takePictures(page, 'members/self');
    t.is(await scene.stack.db('users').where({ id: colleague.id }).first(), undefined);
    await page.locator('nav a[href="/account/company"]').click();
    await page.locator('#companyCity').fill('Ulm');
    await page.locator('main form button[type="submit"]').click();
    await page.locator('.notice-success').waitFor();
    await look('company');
    t.deepEqual(await finish(), []);
  },
);

test.serial('without script an administrator changes a type, in German', async (t) => {
  const { scene, admin, plainType } = t.context;
  const { url } = scene.stack;
  const colleague = await buildColleague(scene.stack, admin);
  const german = await buildColleague(scene.stack, admin, { language: 'de' });
  const { page, finish } = await openDevice(scene, { javaScriptEnabled: false, viewport: phone, locale: 'de-DE' });
  await logIn(page, url, german.email);
  await page.goto(`${url}${list}/${colleague.id}`);
  await page.locator('#userType').selectOption(plainType);
  await page.locator('form[action$="/type"] button').click();
  await page.locator('.notice-success').waitFor();
  t.is((await scene.stack.db('users').where({ id: colleague.id }).first()).user_type_id, plainType);
  await page.locator('form[action$="/end-sessions"] button').click();
  t.is(await page.locator('.notice-success').innerText(), 'Die Person ist überall abgemeldet.');
  t.deepEqual(await finish(), []);
});
