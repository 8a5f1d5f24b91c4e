import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { buildAccount, buildAnswers, buildEmail, buildLink } from '../builders/registrations.js';
import {
  accessibilityFaults,
  type Device,
  desktop,
  openDevice,
  phone,
  type Scene,
  startScene,
  takePictures,
  takeReadmePicture,
} from '../helpers/browser.js';
import { askForLink, fillDetails, logIn, openMail, submitDetails, typeAnswers } from '../helpers/registrant.js';

const test = anyTest as TestFn<{ scene: Scene }>;

test.before(async (t) => {
  t.context.scene = await startScene();
});
test.after.always((t) => t.context.scene?.close());

/** As long as people's and companies' names come. */
const longAnswers = buildAnswers({
  companyName: 'Vereinigte Rheinisch-Westfälische Fahrzeugteilehandelsgesellschaft für Nutzfahrzeuge mbH & Co. KG',
  companyStreet: 'Bürgermeister-Wolfgang-Amadeus-Hohenstein-Straße 128 b, Hinterhaus',
  companyCity: 'Hellschen-Heringsand-Unterschaar',
  givenName: 'Karl-Theodor Maria Nikolaus Johann',
  familyName: 'Freiherr von und zu Hohenlohe-Waldenburg-Schillingsfürst',
});

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

test.serial(
  'the registration page can be used by everyone and looks right: empty, wrong, and come back to',
  async (t) => {
    await withDevice(t, async ({ page }, scene) => {
      const link = scene.stack.url + (await buildLink(scene.stack, buildEmail()));
      await page.goto(link);
      await page.setViewportSize(desktop);
      await takeReadmePicture(page, 'registration-desktop');
      await page.setViewportSize(phone);
      await takeReadmePicture(page, 'registration-phone');
      await look(t, page, 'registration', { dark: true });
      for (const details of await page.locator('details summary').all()) await details.click();
      await look(t, page, 'registration-agreements-open');
      for (const details of await page.locator('details summary').all()) await details.click();

      await submitDetails(page);
      await look(t, page, 'registration-nothing-filled');

      await typeAnswers(page, { ...longAnswers, phone: '12', companyVatNumber: '1' });
      await page.locator('#password').fill('passwordpassword');
      await page.locator('#terms').check();
      await page.locator('#privacy').check();
      await page.setViewportSize(phone);
      await takePictures(page, 'registration-filled');
      await submitDetails(page);
      await page.locator('#error-summary').waitFor();
      await look(t, page, 'registration-errors', { dark: true });

      await page.goto(link);
      await page.locator('.notice-success').waitFor();
      await look(t, page, 'registration-come-back');
    });
  },
);

test.serial('the account, its creation and the end of the link can be used by everyone and look right', async (t) => {
  await withDevice(t, async ({ page }, scene) => {
    const { stack } = scene;
    const link = stack.url + (await buildLink(stack, 'ann.obrien@acme.example'));
    await page.goto(link);
    await fillDetails(page);
    // A worker that stands still: the creation takes longer than the request that asked for it.
    process.kill(stack.worker.pid, 'SIGSTOP');
    try {
      await submitDetails(page);
      await page.locator('[data-processing]').waitFor();
      await look(t, page, 'processing');
    } finally {
      process.kill(stack.worker.pid, 'SIGCONT');
    }
    await page.waitForURL(`${stack.url}/login`);
    await look(t, page, 'login-ready');
    await logIn(page, scene);
    await takeReadmePicture(page, 'account');
    await look(t, page, 'account', { dark: true });

    await page.goto(link);
    await look(t, page, 'link-completed');
    await page.goto(`${stack.url}/account`);
    await page.locator('.signed-in button').click();
    await page.locator('.notice').waitFor();
    await look(t, page, 'login-logged-out');
  });
});

test.serial('an account with long names looks right', async (t) => {
  await withDevice(t, async ({ page }, scene) => {
    const { stack } = scene;
    const { email } = await buildAccount(stack, buildEmail('a-rather-long-mailbox-name-of-a-big-company'), longAnswers);
    await page.goto(`${stack.url}/login`);
    await page.locator('#email').fill(email);
    await logIn(page, scene);
    await look(t, page, 'account-long');
    await page.locator('.signed-in button').click();
    await askForLink(page, scene, email);
    await openMail(page, scene, email);
    await takePictures(page, 'mail-account-exists');
  });
});
