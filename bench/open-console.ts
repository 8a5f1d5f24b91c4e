import { randomBytes, randomUUID } from 'node:crypto';
import { createStaffLink } from '../db/staff.js';
import { Browser, presetFields } from './browser.js';
import type { Times } from './open-steps.js';
import type { Deployment } from './product.js';
import { percentile } from './statistics.js';

/** Milliseconds by what was looked at. */
export type ConsoleFigures = Record<string, Times>;

const looks = 40;

/** A browser in which a member of staff is logged in. */
export async function logInStaff({ url, agent, db }: Deployment): Promise<Browser> {
  const browser = new Browser(url, agent);
  const credentials = { email: `${randomUUID()}@example.com`, password: randomBytes(12).toString('base64url') };
  for (const path of [`/console/setup/${await createStaffLink(db, 'viewer')}`, '/console/login']) {
    const { formToken = '' } = presetFields((await browser.get(path)).text);
    const { status, location } = await browser.post(path, { ...credentials, formToken });
    if (status !== 303) throw new Error(`staff could not log in: ${path} answered ${status} ${location ?? ''}`);
  }
  return browser;
}

/** How long pages of the Console take, one after the other. */
export async function measureConsole(
  { db }: Deployment,
  staff: Browser,
  fail: (what: string, error: unknown) => void,
): Promise<ConsoleFigures> {
  const figures: ConsoleFigures = {};
  for (const [what, path] of Object.entries(await pagesOf(db))) {
    const times: number[] = [];
    for (let look = 0; look < looks; look++) {
      const from = performance.now();
      const answer = await staff.get(path).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status === 200) times.push(performance.now() - from);
      else fail(what, answer instanceof Error ? answer : `answered ${answer.status}`);
    }
    figures[what] = { p50: percentile(times, 0.5), p95: percentile(times, 0.95) };
  }
  return figures;
}

async function pagesOf(db: Deployment['db']): Promise<Record<string, string>> {
  const { rows } = await db.raw(`
    select reference, email, draft ->> 'companyName' as company from registrations where draft is not null
      order by created_at desc, id desc offset (select count(*) / 2 from registrations where draft is not null) limit 1`);
  const [middle] = rows;
  if (!middle) throw new Error('nobody has begun to type');
  const list = '/console/registrations';
  const narrowed = (filter: Record<string, string>) => `${list}?${new URLSearchParams(filter)}`;
  return {
    overview: '/console',
    'list: first page': list,
    'list: page in the middle': narrowed({ older: middle.reference }),
    'list: by kind': narrowed({ kind: 'customer' }),
    'list: by a kind that none has': narrowed({ kind: 'partner' }),
    'list: by state': narrowed({ state: 'awaitingDetails' }),
    'list: open, page in the middle': narrowed({ state: 'open', older: middle.reference }),
    'list: needs attention (none)': narrowed({ state: 'attention' }),
    'list: stuck for 0 hours (all)': narrowed({ stuck: '0' }),
    'list: stuck for 1 hour': narrowed({ stuck: '1' }),
    'search: e-mail': narrowed({ email: middle.email }),
    'search: start of an e-mail': narrowed({ email: middle.email.slice(0, 2) }),
    'search: reference': narrowed({ reference: middle.reference }),
    'search: company': narrowed({ company: middle.company }),
    'search: start of a company (all)': narrowed({ company: 'Company' }),
  };
}
