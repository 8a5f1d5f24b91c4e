import type { StaffRole } from '../../../db/models.js';
import { createStaffLink } from '../../../db/staff.js';
import { buildEmail, password } from '../../builders/registrations.js';
import { type Answer, BrowserSession } from '../../helpers/browser-session.js';
import type { Stack } from '../../helpers/stack.js';

export interface BuiltStaff {
  id: string;
  email: string;
  /** In which they are logged in. */
  browser: BrowserSession;
}

/** Makes a member of staff of this role and logs them in. */
export async function buildStaff(stack: Stack, role: StaffRole): Promise<BuiltStaff> {
  const email = buildEmail(role);
  const path = `/console/setup/${await createStaffLink(stack.db, role)}`;
  const browser = new BrowserSession(stack.url);
  await browser.post(path, { email, password }, await browser.get(path));
  const answer = await browser.post('/console/login', { email, password }, await browser.get('/console/login'));
  if (answer.location !== '/console') throw new Error(`no ${role}: ${answer.status} ${answer.text}`);
  const { id } = await stack.db('staff').where({ email }).first('id');
  return { id, email, browser };
}

const attribute = (tag: string, name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
const unescaped = (text = '') =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

/** What a browser would send of the page's form with this action, untouched; throws when there is none. */
export function formOf(page: string, action: string): Record<string, string> {
  const form = page.match(new RegExp(`<form[^>]*action="${action}"[^>]*>.*?</form>`, 's'))?.[0];
  if (!form) throw new Error(`the page has no form for ${action}`);
  const fields: Record<string, string> = {};
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(tag, 'name');
    const isSent = attribute(tag, 'type') !== 'checkbox' || /\bchecked\b/.test(tag);
    if (name && isSent) fields[name] = unescaped(attribute(tag, 'value'));
  }
  for (const [, tag = '', text] of form.matchAll(/<textarea\b([^>]*)>(.*?)<\/textarea>/gs))
    fields[attribute(tag, 'name') ?? ''] = unescaped(text);
  for (const [, tag = '', options = ''] of form.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs)) {
    const chosen = [...options.matchAll(/<option\b[^>]*>/g)].map(([option]) => option);
    const option = chosen.find((one) => /\bselected\b/.test(one)) ?? chosen[0] ?? '';
    fields[attribute(tag, 'name') ?? ''] = unescaped(attribute(option, 'value'));
  }
  return fields;
}

/** Opens a page, fills the form with this action in, and sends it. */
export async function sendForm(
  browser: BrowserSession,
  path: string,
  action: string,
  typed: Record<string, string | undefined> = {},
): Promise<Answer> {
  const page = await browser.get(path);
  const fields = Object.entries({ ...formOf(page.text, action), ...typed }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  );
  return browser.post(action, Object.fromEntries(fields), page);
}
