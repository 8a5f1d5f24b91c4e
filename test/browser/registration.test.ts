import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { buildAnswers, buildEmail, password } from '../builders/registrations.js';
import { desktop, openDevice, phone, type Scene, startScene, takePicture } from '../helpers/browser.js';
import { fillDetails, logIn, reachDetails, submitDetails, typedAnswers } from '../helpers/registrant.js';

const test = anyTest as TestFn<{ scene: Scene }>;
type Run = ExecutionContext<{ scene: Scene }>;

test.before(async (t) => {
  t.context.scene = await startScene();
});
test.after.always((t) => t.context.scene?.close());

const usersWith = ({ stack }: Scene, email: string) => stack.db('users').where({ email });

/** After the last submit: the login page knows the e-mail, the account is there, and logging out leaves nothing. */
async function finishOnLoginPage(t: Run, page: Page, email: string) {
  const { scene } = t.context;
  await page.waitForURL(`${scene.stack.url}/login`);
  t.is(await page.locator('#email').inputValue(), email);
  t.is((await usersWith(scene, email)).length, 1);

  await logIn(page, scene);
  const account = await page.locator('main').innerText();
  for (const part of ['Ann O’Brien', 'Acme GmbH', 'Rosenweg 1', 'Customer account administrator', email])
    t.true(account.includes(part), part);

  await page.locator('form[action="/logout"] button').click();
  await page.waitForURL(`${scene.stack.url}/login`);
  t.deepEqual(
    (await page.context().cookies()).filter(({ name }) => name.endsWith('session')),
    [],
  );
  await page.goBack();
  await page.locator('main h1').waitFor();
  const shown = await page.content();
  for (const personal of ['Acme GmbH', 'O’Brien', 'Rosenweg'])
    t.false(shown.includes(personal), `Back shows ${personal}`);
}

const wholeRegistration = test.macro({
  exec: async (t: Run, _how: string, options: BrowserContextOptions) => {
    const { scene } = t.context;
    const device = await openDevice(scene, options);
    const email = buildEmail();
    const page = await reachDetails(device.page, scene, email);
    await fillDetails(page, { familyName: 'O’Brien' });
    const scrollsSideways = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    t.false(await page.evaluate(scrollsSideways));
    await submitDetails(page);
    await finishOnLoginPage(t, page, email);
    t.deepEqual(await device.finish(), []);
  },
  title: (_, how) => `a person registers ${how}, from the login page to the account and out again`,
});

test.serial('on a desktop', wholeRegistration, 'on a desktop', { viewport: desktop });
test.serial('on a phone', wholeRegistration, 'on a phone', { viewport: phone, hasTouch: true, isMobile: true });
test.serial('without script', wholeRegistration, 'without script', { viewport: phone, javaScriptEnabled: false });

test.serial(
  'without script, wrong entries come back with words beside the fields and everything but the password',
  async (t) => {
    const { scene } = t.context;
    const device = await openDevice(scene, { javaScriptEnabled: false });
    const email = buildEmail();
    const page = await reachDetails(device.page, scene, email);
    const typed = buildAnswers({ phone: '12', companyVatNumber: '1', companyCity: ' ', companyName: 'Häkchen & “Co”' });
    await fillDetails(page, typed);
    await submitDetails(page);

    const wrong = ['companyCity', 'companyVatNumber', 'phone'];
    await page.locator('#error-summary').waitFor();
    const links = await page.locator('#error-summary a').all();
    const named = await Promise.all(links.map((link) => link.getAttribute('href')));
    t.deepEqual(
      named.sort(),
      wrong.map((name) => `#${name}`),
    );
    for (const name of wrong) {
      t.true((await page.locator(`#${name}-error`).innerText()).length > 10, name);
      t.is(await page.locator(`#${name}`).getAttribute('aria-invalid'), 'true', name);
    }
    t.deepEqual(await typedAnswers(page), typed);
    t.true(await page.locator('#terms').isChecked());
    t.is(await page.locator('#password').inputValue(), '');
    t.false((await page.content()).includes(password));
    t.true(await page.locator('.password-again').isVisible());
    t.true((await page.title()).startsWith('Error: '));
    await takePicture(page, 'registration-errors-without-script');

    await page.locator('#companyCity').fill('München');
    await page.getByRole('button', { name: 'Save and finish later' }).click();
    await page.locator('#error-summary').waitFor({ state: 'detached' });
    t.deepEqual(
      await typedAnswers(page),
      { ...typed, companyCity: 'München' },
      'what cannot be submitted yet can be kept',
    );
    t.true(await page.locator('.notice-success').isVisible());
    await takePicture(page, 'registration-saved-without-script');

    await fillDetails(page, { familyName: 'O’Brien' });
    await submitDetails(page);
    await finishOnLoginPage(t, page, email);
    t.deepEqual(await device.finish(), []);
  },
);

const focused = `(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow, opacity } = getComputedStyle(element);
  const { top, bottom, width } = element.getBoundingClientRect();
  return {
    name: element.id || element.getAttribute('href') || element.value || element.textContent.trim(),
    isVisible: opacity !== '0' && width > 0 && bottom > 0 && top < innerHeight,
    isMarked: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none',
  };
})()`;
/** More than any page has. */
const mostStops = 60;

/** Presses Tab until this control has the focus; every stop on the way must be seen. */
async function tabTo(t: Run, page: Page, wanted: string) {
  for (let stop = 0; stop < mostStops; stop += 1) {
    await page.keyboard.press('Tab');
    const { name, isVisible, isMarked } = (await page.evaluate(focused)) as Record<string, string | boolean>;
    t.true(isVisible && isMarked, `the focus on "${name}" of ${new URL(page.url()).pathname} can be seen`);
    if (name === wanted) return;
  }
  t.fail(`Tab never reaches ${wanted}`);
}

test.serial('a person registers with the keyboard alone and always sees where they are', async (t) => {
  const { scene } = t.context;
  const { stack } = scene;
  const device = await openDevice(scene);
  const { keyboard } = device.page;
  const email = buildEmail();

  await device.page.goto(`${stack.url}/login`);
  await tabTo(t, device.page, '#main');
  await takePicture(device.page, 'skip-link', { fullPage: false });
  await keyboard.press('Enter');
  await tabTo(t, device.page, 'email');
  await tabTo(t, device.page, '/register');
  await keyboard.press('Enter');
  await device.page.waitForURL(`${stack.url}/register`);
  await tabTo(t, device.page, 'email');
  await keyboard.type(email);
  await keyboard.press('Enter');
  await device.page.waitForURL(`${stack.url}/register/sent`);

  const mail = await stack.mail.waitForMail(({ to }) => to.includes(email), 60_000);
  const [link = ''] = /http\S+\/register\/[\w-]{43}/.exec(mail.text) ?? [];
  const { page } = device;
  await page.goto(link);
  const answers = buildAnswers({ familyName: 'O’Brien' });
  for (const [name, value] of Object.entries(answers)) {
    await tabTo(t, page, name);
    await keyboard.type(name === 'companyCountry' ? 'Germany' : value);
  }
  await tabTo(t, page, 'password');
  await keyboard.type(password);
  await tabTo(t, page, 'terms');
  await keyboard.press('Space');
  await page.keyboard.press('Tab');
  await keyboard.press('Enter');
  t.true(await page.locator('.agreement-text').first().isVisible(), 'the agreement opens by keyboard');
  await takePicture(page, 'keyboard-focus', { fullPage: false });
  await tabTo(t, page, 'privacy');
  await keyboard.press('Space');
  await tabTo(t, page, 'Create account');
  await keyboard.press('Enter');
  await page.waitForURL(`${stack.url}/login`);
  t.is((await usersWith(scene, email)).length, 1);

  await tabTo(t, page, 'password');
  await keyboard.type(password);
  await keyboard.press('Enter');
  await page.waitForURL(`${stack.url}/account`);
  await tabTo(t, page, 'Log out');
  await keyboard.press('Space');
  await page.waitForURL(`${stack.url}/login`);
  t.deepEqual(await device.finish(), []);
});
