import { randomBytes } from 'node:crypto';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { createStaffLink } from '../../db/staff.js';
import { buildEmail, buildLink, password } from '../builders/registrations.js';
import {
  accessibilityFaults,
  type Device,
  openDevice,
  type Scene,
  startScene,
  takePictures,
  takeReadmePicture,
} from '../helpers/browser.js';
import { askForLink, openMail } from '../helpers/registrant.js';

const test = anyTest as TestFn<{ scene: Scene }>;

test.before(async (t) => {
  t.context.scene = await startScene();
});
test.after.always((t) => t.context.scene?.close());

/** Judges a page by axe at both widths, light and dark, and takes its pictures. */
async function look(t: ExecutionContext<{ scene: Scene }>, page: Page, name: string, options = {}) {
  t.deepEqual(await accessibilityFaults(page), [], name);
  await takePictures(page, name, options);
}

async function withDevice(t: ExecutionContext<{ scene: Scene }>, run: (device: Device, scene: Scene) => Promise<void>) {
  const device = await openDevice(t.context.scene);
  await run(device, t.context.scene);
  t.deepEqual(await device.finish(), []);
}

test.serial('the pages before the mailbox can be used by everyone and look right', async (t) => {
  await withDevice(t, async ({ page }, scene) => {
    const { url } = scene.stack;
    await page.goto(`${url}/login`);
    await look(t, page, 'login', { dark: true });
    await page.locator('#email').fill('ann@example.com');
    await page.locator('#password').fill('not the password');
    await page.locator('main button[type=submit]').click();
    await page.locator('.notice-error').waitFor();
    await look(t, page, 'login-failed');

    await page.goto(`${url}/register`);
    await takeReadmePicture(page, 'start');
    await look(t, page, 'start', { dark: true });
    await page.locator('#email').fill('ann@example');
    await page.locator('main button[type=submit]').click();
    await page.locator('.field-error:visible').waitFor();
    await look(t, page, 'start-error');

    const email = 'ann.obrien@acme.example';
    await askForLink(page, scene, email);
    await takeReadmePicture(page, 'check-mailbox');
    await look(t, page, 'check-mailbox', { dark: true });

    await openMail(page, scene, email);
    await takeReadmePicture(page, 'mail');
    await takePictures(page, 'mail', { dark: true });
    await page.goto(`${scene.stack.mail.inboxUrl}/`);
    await takePictures(page, 'inbox');

    await page.goto(`${url}/agreements/terms`);
    await look(t, page, 'agreement');
    await page.goto(`${url}/nothing-here`);
    await look(t, page, 'error-404', { dark: true });
  });
});

test.serial('links that open nothing can be used by everyone and look right', async (t) => {
  await withDevice(t, async ({ page }, { stack }) => {
    await page.goto(`${stack.url}/register/${randomBytes(32).toString('base64url')}`);
    await look(t, page, 'link-invalid', { dark: true });

    const email = buildEmail();
    const link = stack.url + (await buildLink(stack, email));
    const row = () => stack.db('registrations').where({ email });
    await row().update({ state: 'creationBlocked' });
    await page.goto(link);
    await look(t, page, 'link-blocked');
    await row().update({ state: 'awaitingProof' });

    await page.goto(`${link}/cancel`);
    await look(t, page, 'cancel');
    await page.locator('button.danger').click();
    await page.waitForURL(link);
    await look(t, page, 'link-cancelled');

    const late = buildEmail();
    const lateLink = stack.url + (await buildLink(stack, late));
    await stack.db('activation_links').update({ expires_at: new Date(0) });
    await page.goto(lateLink);
    await look(t, page, 'link-expired');
  });
});

test.serial('the pages of a closed registration can be used by everyone and look right', async (t) => {
  await withDevice(t, async ({ page }, { stack }) => {
    const link = stack.url + (await buildLink(stack, buildEmail()));
    await stack.db('settings').update({ customer_onboarding: false });
    await page.goto(`${stack.url}/login`);
    await look(t, page, 'login-closed');
    await page.goto(`${stack.url}/register`);
    await look(t, page, 'start-closed');
    await page.goto(link);
    await look(t, page, 'registration-closed');
    await stack.db('settings').update({ customer_onboarding: true });
  });
});

test.serial("the Console's first pages can be used by everyone and look right", async (t) => {
  await withDevice(t, async ({ page }, { stack }) => {
    await page.goto(`${stack.url}/console/setup/${await createStaffLink(stack.db, 'admin')}`);
    await look(t, page, 'console-setup');
    await page.locator('#email').fill('operator@example.com');
    await page.locator('#password').fill(password);
    await page.locator('main button[type=submit]').click();
    await page.waitForURL(`${stack.url}/console/login`);
    await look(t, page, 'console-login');
    await page.locator('#password').fill(password);
    await page.locator('main button[type=submit]').click();
    await page.waitForURL(`${stack.url}/console`);
    await look(t, page, 'console-home', { dark: true });
  });
});
