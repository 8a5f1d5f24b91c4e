import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, ConsoleMessage, Page, Request } from 'playwright-core';
import { launchChromium } from './chromium.js';
import { within } from './eventually.js';
import { type Stack, startStack } from './stack.js';

export const desktop = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

/** The whole product and a Chromium, for one test file. */
export interface Scene {
  stack: Stack;
  browser: Browser;
  close(): Promise<void>;
}

export async function startScene(env: NodeJS.ProcessEnv = {}): Promise<Scene> {
  const [stack, browser] = await Promise.all([startStack(env, { linksInbox: true }), launchChromium()]);
  const close = async () => {
    await browser.close();
    await stack.stop();
  };
  return { stack, browser, close };
}

export interface Device {
  context: BrowserContext;
  page: Page;
  /** What no page may do, as sentences; empty when all is well. Closes the device. */
  finish(): Promise<string[]>;
}

/** A browser of its own, without cookies, that notes everything it should never see; `others` it may visit as well. */
export async function openDevice(
  { browser, stack }: Scene,
  options: BrowserContextOptions = {},
  others: string[] = [],
): Promise<Device> {
  const context = await browser.newContext({
    viewport: desktop,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    ...options,
  });
  const faults: string[] = [];
  const looks: Promise<unknown>[] = [];
  const origins = [stack.url, stack.mail.inboxUrl, ...others];
  context.on('request', (request) => faults.push(...originFaults(request, origins)));
  context.on('requestfinished', (request) => looks.push(refererFaults(request).then((found) => faults.push(...found))));
  context.on('console', (message) => faults.push(...consoleFaults(message)));
  context.on('weberror', (error) => faults.push(`script error: ${error.error()}`));
  context.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('page', (page) => {
    page.on('domcontentloaded', () => looks.push(pageFaults(page, stack.url).then((found) => faults.push(...found))));
  });
  const page = await context.newPage();
  const finish = async () => {
    await Promise.all(looks);
    await context.close();
    return faults;
  };
  return { context, page, finish };
}

const token = /[\w-]{43}/;
/** Milliseconds. A browser that closes a page may never answer a question about it. */
const answerWithin = 10_000;

const originFaults = (request: Request, origins: string[]): string[] =>
  origins.some((origin) => request.url().startsWith(`${origin}/`))
    ? []
    : [`request to another origin: ${request.url()}`];

/** By the headers that really went out; no address is told to anyone (security.md T10). */
async function refererFaults(request: Request): Promise<string[]> {
  const sent = within('the headers that were sent', request.headerValue('referer'), answerWithin);
  const referer = await sent.catch(() => request.headers().referer);
  return referer ? [`referer ${referer} sent to ${request.url()}`] : [];
}

function consoleFaults(message: ConsoleMessage): string[] {
  const { url } = message.location();
  // A page that answers with 4xx is logged as if something were missing; the tests judge these answers themselves.
  const isPageAnswer = /^Failed to load resource.* 4\d\d /.test(message.text()) && !url.includes('/assets/');
  return ['error', 'warning'].includes(message.type()) && !isPageAnswer ? [`console: ${message.text()}`] : [];
}

const lookAtPage = `({
  title: document.title,
  cookie: document.cookie,
  referrer: document.referrer,
  stored: localStorage.length + sessionStorage.length,
})`;

/** Nothing secret or personal is left where scripts or the next person find it (security.md T10, S8, D10). */
async function pageFaults(page: Page, url: string): Promise<string[]> {
  if (!page.url().startsWith(url)) return [];
  const seen = (await within('a look', page.evaluate(lookAtPage), answerWithin).catch(() => undefined)) as
    | { title: string; cookie: string; referrer: string; stored: number }
    | undefined;
  // The page had gone on already.
  if (!seen) return [];
  return [
    ...(token.test(seen.title) ? [`a token in the title: ${seen.title}`] : []),
    ...(seen.cookie ? [`a cookie that scripts can read: ${seen.cookie}`] : []),
    ...(seen.referrer ? [`a referrer: ${seen.referrer}`] : []),
    ...(seen.stored ? [`${seen.stored} entries in web storage`] : []),
  ];
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const runAxe = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, help, nodes }) =>
  nodes.map(({ target, failureSummary }) => id + ': ' + help + ' at ' + target.join(' ') + ' ' + failureSummary)))`;

/** `LONG=1` looks at every width in every colour scheme; without it, each of them is looked at once. */
const isLong = process.env.LONG === '1';
const views = [
  { width: 'desktop', viewport: desktop, colorScheme: 'light', always: true },
  { width: 'desktop', viewport: desktop, colorScheme: 'dark', always: false },
  { width: 'phone', viewport: phone, colorScheme: 'light', always: false },
  { width: 'phone', viewport: phone, colorScheme: 'dark', always: true },
] as const;

/** What axe has against a page: on a desktop in light and a phone in dark, or everything with `LONG=1`. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const faults: string[] = [];
  await page.evaluate(axe);
  for (const { width, viewport, colorScheme, always } of views) {
    if (!always && !isLong) continue;
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    const found = (await page.evaluate(runAxe)) as string[];
    faults.push(...found.map((fault) => `${width}, ${colorScheme}: ${fault}`));
  }
  return faults;
}

/** `build/screenshots`, wherever the tests are started. */
const pictureFolder = fileURLToPath(new URL('../../screenshots/', import.meta.url));
const readmeFolder = fileURLToPath(new URL('../../../docs/screenshots/', import.meta.url));

/** Pictures are for people: no test compares them, and taking them costs minutes of a whole run. */
const wantsPictures = isLong || [process.env.PICTURES, process.env.UPDATE_SCREENSHOTS].includes('1');

/** A picture of a page from top to bottom, where pictures are wanted. */
export async function takePicture(page: Page, name: string, { fullPage = true } = {}): Promise<string | undefined> {
  if (!wantsPictures) return undefined;
  const path = join(pictureFolder, `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage, caret: 'hide' });
  return path;
}

/** Pictures at both widths, in light, and in dark where wanted; leaves the page as a desktop shows it in light. */
export async function takePictures(page: Page, name: string, { dark = false } = {}): Promise<void> {
  const schemes = dark && wantsPictures ? (['dark', 'light'] as const) : (['light'] as const);
  const sizes = wantsPictures ? { phone, desktop } : { desktop };
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme });
    for (const [width, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport);
      await takePicture(page, [name, width, ...(colorScheme === 'dark' ? ['dark'] : [])].join('-'));
    }
  }
}

/** What a person sees without scrolling; with UPDATE_SCREENSHOTS=1 it becomes the README's picture of this name. */
export async function takeReadmePicture(page: Page, name: string): Promise<void> {
  const path = await takePicture(page, `readme/${name}`, { fullPage: false });
  if (!path || process.env.UPDATE_SCREENSHOTS !== '1') return;
  mkdirSync(readmeFolder, { recursive: true });
  copyFileSync(path, join(readmeFolder, `${name}.png`));
}
