import anyTest, { type TestFn } from 'ava';
import { mailsTo } from '../../builders/journeys.js';
import { buildAccount, password } from '../../builders/registrations.js';
import { buildLoginUser, mailedPaths } from '../../builders/users.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { logIn } from '../fixtures/requests.js';
import { buildStaff, sendForm } from './fixtures.js';

type Role = 'viewer' | 'operator';
const test = anyTest as TestFn<{ stack: Stack; staff: Record<Role, BrowserSession> }>;

test.before(async (t) => {
  const stack = await startStack();
  const [viewer, operator] = await Promise.all([buildStaff(stack, 'viewer'), buildStaff(stack, 'operator')]);
  Object.assign(t.context, { stack, staff: { viewer: viewer.browser, operator: operator.browser } });
});
test.after.always((t) => t.context.stack?.stop());

const statusOf = async (browser: BrowserSession) => (await browser.json('GET', '/api/v1/me')).status;
const act = (browser: BrowserSession, id: string, action: string, fields: Record<string, string> = {}) =>
  sendForm(browser, `/console/users/${id}`, `/console/users/${id}/${action}`, fields);
const auditOf = async ({ db }: Stack, id: string) =>
  (await db('audit_log').where({ subject: id }).orderBy('id')).map(({ action }) => action);

test.serial('support finds a user by e-mail, company or reference; what lists show is masked (A15)', async (t) => {
  const { stack, staff } = t.context;
  const { email } = await buildAccount(stack, undefined, { companyName: 'Quillon & Sons', givenName: 'Zenobia' });
  const { id, registration_id } = await stack.db('users').where({ email }).first('id', 'registration_id');
  const { reference } = await stack.db('registrations').where({ id: registration_id }).first('reference');
  for (const text of [email, email.slice(0, 12).toUpperCase(), 'quillon', reference, reference.toLowerCase()]) {
    const found = await staff.viewer.get(`/console/users?search=${encodeURIComponent(text)}`);
    t.true(found.text.includes(`/console/users/${id}`), text);
    // But for what was typed.
    t.false(found.text.replace(/value="[^"]*"/g, '').includes(email.slice(0, 12)), text);
    t.false(found.text.includes('Zenobia'));
  }
  for (const text of ['%', "'; drop table users", `${email}x`]) {
    const found = await staff.viewer.get(`/console/users?search=${encodeURIComponent(text)}`);
    t.deepEqual([found.status, found.text.includes('Nobody matches')], [200, true], text);
  }
  const shown = await staff.viewer.get(`/console/users/${id}`);
  t.false(shown.text.includes(email) || shown.text.includes('Zenobia'));
  t.false(shown.text.includes('/send-reset') || shown.text.includes('/reveal'), 'a viewer changes nothing');

  const revealed = await act(staff.operator, id, 'reveal');
  t.true(revealed.text.includes(email) && revealed.text.includes('Zenobia'));
  t.deepEqual(await auditOf(stack, id), ['user.revealed']);
  t.false((await staff.operator.get(`/console/users/${id}`)).text.includes(email), 'only once');
});

test.serial('staff start a reset, and see and set no password (P9)', async (t) => {
  const { stack, staff } = t.context;
  const { id, email } = await buildLoginUser(stack);
  t.is((await act(staff.operator, id, 'send-reset', { password: 'x' })).status, 400);
  const sent = await act(staff.operator, id, 'send-reset');
  t.is(sent.location, `/console/users/${id}`);
  const [path = ''] = await mailedPaths(stack, email, '/password-reset');
  const token = path.slice(-43);
  const after = await staff.operator.get(`/console/users/${id}`);
  t.true(after.text.includes('on its way'));
  for (const text of [sent.text, after.text, (await staff.operator.get('/console/audit')).text])
    t.false(text.includes(token), 'the link is for the mailbox only (A9)');
  t.deepEqual(await auditOf(stack, id), ['user.resetSent']);
  const newPassword = 'seven purple walruses juggle';
  const browser = new BrowserSession(stack.url);
  t.is((await browser.post(path, { newPassword }, await browser.get(path))).location, '/login');
  t.is((await browser.json('POST', '/api/v1/sessions', { email, password: newPassword })).status, 201);
});

test.serial('staff end all sessions, and shut a user out and let them in again (S3, S9)', async (t) => {
  const { stack, staff } = t.context;
  const { id: first } = await buildLoginUser(stack);
  const { customer_id } = await stack.db('users').where({ id: first }).first('customer_id');
  const { id, email: other } = await buildLoginUser(stack, { customer_id });
  const [one, two] = [await logIn(stack.url, other), await logIn(stack.url, other)];
  t.is((await act(staff.operator, id, 'end-sessions')).location, `/console/users/${id}`);
  t.deepEqual([await statusOf(one), await statusOf(two)], [401, 401]);

  const three = await logIn(stack.url, other);
  const page = await staff.operator.get(`/console/users/${id}`);
  t.is((await act(staff.operator, id, 'disable')).location, `/console/users/${id}`);
  t.is(await statusOf(three), 401);
  const attempt = () => three.json('POST', '/api/v1/sessions', { email: other, password });
  t.is((await attempt()).status, 401);
  const stale = { wasUserTypeId: crypto.randomUUID(), wasDisabled: 'false' };
  t.is((await staff.operator.post(`/console/users/${id}/disable`, stale, page)).status, 409, 'not as shown any more');
  t.is((await staff.operator.post(`/console/users/${id}/send-reset`, {}, page)).status, 409);
  t.is(mailsTo(stack, other).filter(({ text }) => text.includes('/password-reset/')).length, 0);

  const last = await act(staff.operator, first, 'disable');
  t.is(last.status, 409);
  t.true(last.text.includes('the only enabled administrator'));
  t.is((await act(staff.operator, id, 'enable')).location, `/console/users/${id}`);
  t.is((await attempt()).status, 201);
  t.deepEqual(await auditOf(stack, id), ['user.sessionsEnded', 'user.disabled', 'user.enabled']);
  t.is((await staff.operator.get('/console/users/nobody')).status, 404);
});
