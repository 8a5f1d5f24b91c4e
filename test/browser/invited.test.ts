/** An administrator invites a colleague, who accepts from the mail and stands among the users. */
import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { buildAdministrator, buildType } from '../builders/members.js';
import { buildEmail, password } from '../builders/registrations.js';
import { accessibilityFaults, openDevice, type Scene, startScene, takePictures } from '../helpers/browser.js';
import { logIn, submitDetails, waitForMails } from '../helpers/registrant.js';

const test = anyTest as TestFn<{ scene: Scene }>;

test.before(async (t) => {
  t.context.scene = await startScene();
});
test.after.always((t) => t.context.scene?.close());

async function logInAs(page: Page, scene: Scene, email: string) {
  await page.goto(`${scene.stack.url}/login`);
  await page.locator('#email').fill(email);
  await logIn(page, scene);
}

/** The link of the newest mail to an address. */
async function linkTo(scene: Scene, email: string, count = 1): Promise<string> {
  const mail = await waitForMails(scene, email, count);
  return /http\S+/.exec(mail.text)![0];
}

test.serial('an administrator invites a colleague, who accepts and then stands in the list of users', async (t) => {
  const { scene } = t.context;
  const { stack } = scene;
  const administrator = await buildAdministrator(stack, { companyName: 'Nordlicht & Söhne GmbH' });
  await buildType(stack);
  const { page } = await openDevice(scene);
  await logInAs(page, scene, administrator.email);
  await page.goto(`${stack.url}/account/users`);
  await page.locator('a[href="/account/invitations"]').click();
  const email = buildEmail('colleague');
  await page.locator('#email').fill(email);
  await page.locator('#userTypeId').selectOption({ index: 2 });
  await page.locator('form[action="/account/invitations"] button[type=submit]').click();
  await page.locator('.people', { hasText: email }).waitFor();
  t.deepEqual(await accessibilityFaults(page), []);
  await takePictures(page, 'invitations');

  const person = await openDevice(scene);
  await person.page.goto(await linkTo(scene, email));
  t.true((await person.page.locator('.invitation-facts').innerText()).includes('Nordlicht & Söhne GmbH'));
  t.is(await person.page.locator('#companyName').count(), 0);
  t.deepEqual(await accessibilityFaults(person.page), []);
  await takePictures(person.page, 'invited');
  await person.page.locator('#givenName').fill('Cleo');
  await person.page.locator('#familyName').fill('Colleague');
  await person.page.locator('#password').fill(password);
  await person.page.locator('#terms').check();
  await person.page.locator('#privacy').check();
  await submitDetails(person.page);
  await person.page.waitForURL(`${stack.url}/login`);
  await logIn(person.page, scene);

  await page.goto(`${stack.url}/account/users`);
  t.true((await page.locator('table').innerText()).includes('Cleo Colleague'));
  await page.goto(`${stack.url}/account/invitations`);
  t.false((await page.locator('main').innerText()).includes(email));
});
