import type { Page } from 'playwright-core';
import { buildAnswers, password } from '../builders/registrations.js';
import type { Scene } from './browser.js';

/** Milliseconds until a mail must have come. */
const mailTimeout = 60_000;

/** From the login page to "Check your mailbox". */
export async function askForLink(page: Page, { stack }: Scene, email: string): Promise<void> {
  await page.goto(`${stack.url}/login`);
  await page.locator('a[href="/register"]').click();
  await page.locator('#email').fill(email);
  await page.locator('main button[type=submit]').click();
  await page.waitForURL(`${stack.url}/register/sent`);
}

/** The number of mails to this address, once there are this many. */
export function waitForMails({ stack }: Scene, email: string, count: number) {
  const toThem = () => stack.mail.messages().filter(({ to }) => to.includes(email));
  return stack.mail.waitForMail(
    (mail) => mail.to.includes(email) && toThem().length >= count && toThem()[count - 1] === mail,
    mailTimeout,
  );
}

/** From "Check your mailbox" to the newest mail in the development inbox. */
export async function openMail(page: Page, scene: Scene, email: string, count = 1): Promise<void> {
  await waitForMails(scene, email, count);
  await page.locator('.development a').click();
  await page.locator('.mails a', { hasText: email }).first().click();
  await page.locator('iframe').waitFor();
}

/** Clicks the button of the mail that is shown; resolves with the tab that opens. */
export async function followMail(page: Page): Promise<Page> {
  const [tab] = await Promise.all([
    page.waitForEvent('popup'),
    page.frameLocator('iframe').locator('.button a').click(),
  ]);
  await tab.waitForLoadState();
  return tab;
}

/** From nothing to the registration page, in the tab that the mail opened. */
export async function reachDetails(page: Page, scene: Scene, email: string): Promise<Page> {
  await askForLink(page, scene, email);
  await openMail(page, scene, email);
  return followMail(page);
}

/** Types every answer, the password too, and ticks both boxes. */
export async function fillDetails(page: Page, overrides: Record<string, string> = {}): Promise<void> {
  await typeAnswers(page, buildAnswers(overrides));
  await page.locator('#password').fill(overrides.password ?? password);
  await page.locator('#terms').check();
  await page.locator('#privacy').check();
}

export async function typeAnswers(page: Page, answers: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(answers)) {
    if (name === 'companyCountry') await page.locator(`#${name}`).selectOption(value);
    else if (name !== 'password') await page.locator(`#${name}`).fill(value);
  }
}

/** What the controls hold, by name, as a person sees it. */
export async function typedAnswers(page: Page): Promise<Record<string, string>> {
  const names = Object.keys(buildAnswers());
  const values = await Promise.all(names.map((name) => page.locator(`#${name}`).inputValue()));
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

/** "Create account", the first button of the form. */
export const submitDetails = (page: Page) => page.locator('.actions button').first().click();

/** From the login page, where the e-mail is filled in, to the account. */
export async function logIn(page: Page, { stack }: Scene): Promise<void> {
  await page.locator('#password').fill(password);
  await page.locator('form[action="/login"] button[type=submit]').click();
  await page.waitForURL(`${stack.url}/account`);
}
