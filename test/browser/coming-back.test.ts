import { setTimeout as pause } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { registrationWorkflowId } from '../../workflows/messages.js';
import { buildAnswers, buildEmail, buildLink, password } from '../builders/registrations.js';
import { openDevice, phone, type Scene, startScene, takePicture, takePictures } from '../helpers/browser.js';
import { eventually } from '../helpers/eventually.js';
import {
  askForLink,
  fillDetails,
  followMail,
  openMail,
  reachDetails,
  submitDetails,
  typeAnswers,
  typedAnswers,
  waitForMails,
} from '../helpers/registrant.js';

const test = anyTest as TestFn<{ scene: Scene }>;

test.before(async (t) => {
  const scene = await startScene();
  await scene.stack.db('settings').update({ resend_cooldown_seconds: 0 });
  t.context.scene = scene;
});
test.after.always((t) => t.context.scene?.close());

type HistoryEvent = Partial<
  Record<'workflowExecutionSignaledEventAttributes' | 'workflowExecutionUpdateAcceptedEventAttributes', unknown>
>;
const isMessage = (event: HistoryEvent) =>
  Boolean(event.workflowExecutionSignaledEventAttributes ?? event.workflowExecutionUpdateAcceptedEventAttributes);

/** As long as a mail scanner that runs scripts keeps a page open, in milliseconds; longer than the page's autosave waits. */
const dwell = 2_500;

test.serial(
  'a person stops half-way on one device and finishes on another, and both links then end kindly',
  async (t) => {
    const { scene } = t.context;
    const email = buildEmail();
    const half = buildAnswers({ phone: '', companyVatNumber: '', givenName: 'Ina', companyName: 'Half-way <Ltd>' });

    const first = await openDevice(scene);
    const firstPage = await reachDetails(first.page, scene, email);
    const saved = firstPage.locator('[data-save-status]', { hasText: /^Saved$/ });
    await typeAnswers(firstPage, half);
    await firstPage.locator('#password').fill(password);
    await saved.waitFor();
    await takePicture(firstPage, 'registration-autosaved', { fullPage: false });

    const second = await openDevice(scene, { viewport: phone, hasTouch: true, isMobile: true });
    await askForLink(second.page, scene, email);
    await openMail(second.page, scene, email, 2);
    const secondPage = await followMail(second.page);
    const firstLink = firstPage.url();
    const secondLink = secondPage.url();
    t.not(secondLink, firstLink, 'the second link is a fresh one');
    t.deepEqual(await typedAnswers(secondPage), half);
    t.is(await secondPage.locator('#password').inputValue(), '');
    t.false((await secondPage.content()).includes(password));
    t.true(await secondPage.locator('.notice-success').isVisible());

    // The older link still opens the same registration.
    const reference = (page: typeof firstPage) => page.locator('.reference code').innerText();
    await firstPage.reload();
    t.is(await reference(firstPage), await reference(secondPage));
    t.deepEqual(await typedAnswers(firstPage), half);

    await fillDetails(secondPage, half);
    await submitDetails(secondPage);
    await secondPage.waitForURL(`${scene.stack.url}/login`);
    const user = await scene.stack.db('users').where({ email }).first();
    t.is(user.given_name, 'Ina');

    for (const [page, link] of [
      [firstPage, firstLink],
      [secondPage, secondLink],
    ] as const) {
      await page.goto(link);
      t.is(await page.locator('h1').innerText(), 'Your account is already set up');
      t.is(await page.locator('main a.button').getAttribute('href'), '/login');
    }
    t.deepEqual([...(await first.finish()), ...(await second.finish())], []);
  },
);

test.serial('a mail scanner that opens the link, runs its scripts and waits changes nothing', async (t) => {
  const { scene } = t.context;
  const { db, temporal, url } = scene.stack;
  const email = buildEmail();
  const link = await buildLink(scene.stack, email);
  const { id, reference } = await db('registrations').where({ email }).first();
  const workflow = temporal.workflow.getHandle(registrationWorkflowId(reference));
  // The mail is caught a moment before its sending is recorded.
  await eventually(
    'the mail is sent',
    async () => (await db('registrations').where({ id }).first()).state === 'awaitingProof',
  );
  const everything = async () => ({
    registration: await db('registrations').where({ id }),
    links: await db('activation_links').where({ registration_id: id }),
    events: await db('registration_events').where({ registration_id: id }),
    submissions: await db('registration_submissions').where({ registration_id: id }),
    sessions: await db('sessions'),
    messages: (await workflow.fetchHistory()).events?.filter(isMessage).length,
  });
  const before = await everything();

  const device = await openDevice(scene);
  const sent: string[] = [];
  device.context.on('request', (request) => sent.push(request.method()));
  await device.page.goto(url + link);
  await device.page.goto(`${url}${link}/cancel`);
  await device.page.goto(url + link);
  // What scanners do beyond looking: they move, scroll and dispatch events, but nobody types.
  await device.page.mouse.wheel(0, 2_000);
  await device.page.evaluate(`for (const input of document.querySelectorAll('form input'))
    for (const type of ['input', 'change', 'blur']) input.dispatchEvent(new Event(type, { bubbles: true }))`);
  await pause(dwell);
  t.deepEqual(await device.finish(), []);
  t.deepEqual([...new Set(sent)], ['GET']);
  t.deepEqual(await everything(), before);
});

test.serial(
  'a German browser is greeted in German, and a language chosen half-way stays with the registration',
  async (t) => {
    const { scene } = t.context;
    const german = await openDevice(scene, { locale: 'de-DE' });
    const email = buildEmail();
    await german.page.goto(`${scene.stack.url}/register`);
    t.is(await german.page.locator('html').getAttribute('lang'), 'de');
    await takePictures(german.page, 'de-start');
    const page = await reachDetails(german.page, scene, email);
    t.is(await page.locator('h1').innerText(), 'Ihre Angaben');
    await takePictures(page, 'de-registration');
    t.is((await waitForMails(scene, email, 1)).subject, 'Ihr Link zur Registrierung bei Vestibule');
    await takePictures(german.page, 'de-mail');
    await page.locator('#companyName').fill('Zweisprachig GmbH');
    // Held until the answers are saved: the page is loaded anew, and nothing typed is lost.
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Your details' }).waitFor();
    t.is(await page.locator('#companyName').inputValue(), 'Zweisprachig GmbH');
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Ihre Angaben' }).waitFor();
    t.is(await page.locator('#companyName').inputValue(), 'Zweisprachig GmbH');
    t.deepEqual(await german.finish(), []);

    const english = await openDevice(scene);
    await askForLink(english.page, scene, email);
    const again = await waitForMails(scene, email, 2);
    t.is(
      again.subject,
      'Ihr Link zur Registrierung bei Vestibule',
      'what the mailbox owner chose, not who asked again',
    );
    t.deepEqual(await english.finish(), []);
  },
);

test.serial(
  'an English registration becomes a German one by the language buttons, mails and account included',
  async (t) => {
    const { scene } = t.context;
    const device = await openDevice(scene);
    const email = buildEmail();
    const page = await reachDetails(device.page, scene, email);
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Ihre Angaben' }).waitFor();
    await page.locator('#companyName').fill('Umgestellt AG');
    await page.locator('[data-save-status]', { hasText: /^Gespeichert$/ }).waitFor();
    await askForLink(device.page, scene, email);
    t.is((await waitForMails(scene, email, 2)).subject, 'Ihr Link zur Registrierung bei Vestibule');

    await fillDetails(page);
    await submitDetails(page);
    await page.getByRole('heading', { name: 'Ihr Konto ist bereit' }).waitFor();
    await page.locator('#password').fill(password);
    await page.locator('form[action="/login"] button[type=submit]').click();
    await page.waitForURL(`${scene.stack.url}/account`);
    await takePictures(page, 'de-account');
    const user = await scene.stack.db('users').where({ email }).first();
    const consents = await scene.stack.db('consents').where({ user_id: user.id });
    t.true(consents.every(({ language }) => language === 'de'));
    t.deepEqual(await device.finish(), []);
  },
);
