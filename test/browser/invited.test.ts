/** An administrator invites a colleague, who accepts from the mail and stands among the users. */
import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { buildAdministrator, buildType } from '../builders/members.js';
import { buildEmail, password } from '../builders/registrations.js';
import { accessibilityFaults, openDevice, type Scene, startScene, takePictures } from '../helpers/browser.js';
import { logIn, reachDetails, submitDetails, waitForMails } from '../helpers/registrant.js';

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

test.serial(
  'a person asks to join, the administrator lets them in, and they finish as a user of that company',
  async (t) => {
    const { scene } = t.context;
    const { stack } = scene;
    const administrator = await buildAdministrator(stack, { companyName: 'Nordlicht & Söhne GmbH' });
    await buildType(stack);
    const email = buildEmail('joins');
    const person = await openDevice(scene, { javaScriptEnabled: false });
    const details = await reachDetails(person.page, scene, email);
    await details.locator('a[href$="/join"]').click();
    await details.locator('#administratorEmail').fill(administrator.email);
    await details.locator('#givenName').fill('Jo');
    await details.locator('#familyName').fill('Joiner');
    await details.locator('main form button[type=submit]').first().click();
    await details.locator('.notice-success').waitFor();

    const { page } = await openDevice(scene);
    await logInAs(page, scene, administrator.email);
    await page.goto(await linkTo(scene, administrator.email, 2));
    t.true((await page.locator('main').innerText()).includes('Jo Joiner'));
    t.deepEqual(await accessibilityFaults(page), []);
    await takePictures(page, 'join-request');
    await page.locator('#userTypeId').selectOption({ index: 2 });
    await page.locator('form[action$="/approve"] button').click();
    await page.waitForURL(`${stack.url}/account/invitations`);

    const again = await openDevice(scene);
    await again.page.goto(await linkTo(scene, email, 2));
    t.is(await again.page.locator('#givenName').inputValue(), 'Jo');
    t.true((await again.page.locator('.invitation-facts').innerText()).includes('Nordlicht & Söhne GmbH'));
    await again.page.locator('#password').fill(password);
    await again.page.locator('#terms').check();
    await again.page.locator('#privacy').check();
    await submitDetails(again.page);
    await again.page.waitForURL(`${stack.url}/login`);
    await page.goto(`${stack.url}/account/users`);
    t.true((await page.locator('table').innerText()).includes('Jo Joiner'));
  },
);

test.serial('the page to ask to join is usable by everyone, on a phone as on a desk', async (t) => {
  const { scene } = t.context;
  const { page } = await openDevice(scene);
  const details = await reachDetails(page, scene, buildEmail('looks'));
  await takePictures(details, 'details-with-join');
  await details.goto(`${details.url()}/join`);
  t.deepEqual(await accessibilityFaults(details), []);
  await takePictures(details, 'join');
});
