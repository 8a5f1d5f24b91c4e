import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Browser } from './browser.js';
import type { Deployment } from './product.js';

export interface Opened {
  /** Milliseconds until each start was accepted. */
  starts: number[];
  /** Milliseconds from sending the start until its mail was at SMTP. */
  mails: number[];
}

export interface Opening {
  count: number;
  atOnce: number;
  say(line: string): void;
  fail(what: string, error: unknown): void;
}

/** Every tenth person has begun to type, so that there is a company to search for, and more than one state. */
const typing = 10;
/** Milliseconds; a product that refuses at once must not be asked in a tight loop. */
const failurePause = 200;
/** Of those wanted; with more, what is measured would not be what it is called. */
const mostFailures = 0.05;
/** Milliseconds. */
const sayEvery = 10_000;

/**
 * Opens this many registrations over the JSON API, so many at once: each person waits for the mail before the next one
 * starts, so that no queue builds up behind what was accepted.
 */
export async function openMany(deployment: Deployment, { count, atOnce, say, fail }: Opening): Promise<Opened> {
  const opened: Opened = { starts: [], mails: [] };
  let begun = 0;
  let failed = 0;
  let nextWord = performance.now() + sayEvery;
  const people = Array.from({ length: atOnce }, async () => {
    while (begun < count) {
      const number = ++begun;
      try {
        const { start, mail } = await openOne(deployment, number % typing === 0);
        opened.starts.push(start);
        opened.mails.push(mail);
      } catch (error) {
        fail('start', error);
        if (++failed > Math.max(atOnce, count * mostFailures)) throw error;
        begun -= 1;
        await delay(failurePause);
      }
      if (performance.now() < nextWord) continue;
      nextWord += sayEvery;
      say(`  ${opened.starts.length} of ${count} opened, ${failed} failed`);
    }
  });
  await Promise.all(people);
  return opened;
}

async function openOne({ url, agent, mails }: Deployment, types: boolean) {
  const browser = new Browser(url, agent);
  const name = randomBytes(8).toString('hex');
  const email = `${name}@example.com`;
  const mailed = mails.waitFor(email);
  // If the start fails nobody waits for the mail, and its time-out is no second failure.
  mailed.catch(() => {});
  const sentAt = performance.now();
  const { status } = await browser.json('POST', '/api/v1/registrations', { email });
  const start = performance.now() - sentAt;
  if (status !== 202) throw new Error(`a start was answered ${status} instead of 202`);
  const { link, receivedAt } = await mailed;
  if (types) {
    const path = link.replace('/register/', '/api/v1/registration-links/');
    const answers = { companyName: `Company ${name}`, givenName: 'Ann' };
    const saved = await browser.json('PUT', `${path}/answers`, { answers });
    if (saved.status !== 200) throw new Error(`answers were answered ${saved.status} instead of 200`);
  }
  return { start, mail: receivedAt - sentAt };
}
