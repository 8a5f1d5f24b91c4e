import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { buildAccount, password } from '../../builders/registrations.js';
import { buildLoginUser } from '../../builders/users.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { logIn } from '../fixtures/requests.js';
import { buildFactor, codeOf, secretOn, sendCode } from '../fixtures/second-factors.js';
import { type BuiltStaff, buildStaff, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff }>;
const onboarding = '/console/onboarding';
const settings = '/console/second-factor';
const asking = '/console/login/second-factor';

test.before(async (t) => {
  t.context.stack = await startStack();
  t.context.admin = await buildStaff(t.context.stack, 'admin');
});
test.after.always((t) => t.context.stack?.stop());

async function logInStaff(stack: Stack, email: string): Promise<BrowserSession> {
  const browser = new BrowserSession(stack.url);
  await browser.post('/console/login', { email, password }, await browser.get('/console/login'));
  return browser;
}

test.serial('staff of every role set up their own, and then need it; it opens nothing of a user (S7)', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildStaff(stack, 'viewer');
  const { secret, recoveryCodes } = await buildFactor(browser, settings);
  const half = await logInStaff(stack, email);
  for (const path of ['/console', settings, '/console/registrations'])
    t.is((await half.get(path)).location, asking, path);
  const page = await half.get(asking);
  t.false(page.text.includes(email));
  t.is((await half.post(`${settings}/totp/remove`, {}, page)).status, 403);
  t.is((await sendCode(half, '000000', asking)).status, 401);
  const before = half.cookies.get('vestibule_staff');
  t.is((await sendCode(half, codeOf(secret), asking)).location, '/console');
  t.not(half.cookies.get('vestibule_staff'), before);
  t.is((await half.get('/console')).status, 200);
  const again = await logInStaff(stack, email);
  t.is((await sendCode(again, recoveryCodes[0] ?? '', asking)).location, '/console');
  t.is((await again.get('/account')).location, '/login');
});

test.serial(
  'a lost one is taken off by staff: logged out everywhere, told by mail, audited; colleagues by admins only',
  async (t) => {
    const { stack, admin } = t.context;
    const [operator, colleague] = [await buildStaff(stack, 'operator'), await buildStaff(stack, 'viewer')];
    const { id, email } = await buildLoginUser(stack);
    const user = await logIn(stack.url, email);
    const page = `/console/users/${id}`;
    t.is(
      (await operator.browser.post(`${page}/reset-second-factor`, {}, await operator.browser.get(page))).status,
      409,
    );
    await buildFactor(user);
    t.is((await sendForm(operator.browser, page, `${page}/reset-second-factor`)).location, page);
    t.is((await user.get('/account')).location, '/login');
    t.is((await (await logIn(stack.url, email)).get('/account')).status, 200, 'the password is enough again');

    await buildFactor(colleague.browser, settings);
    await buildFactor(admin.browser, settings);
    const reset = (staff: BuiltStaff) => `/console/staff/${staff.id}/reset-second-factor`;
    const form = await operator.browser.get('/console');
    t.is((await operator.browser.post(reset(colleague), {}, form)).status, 403);
    t.is((await admin.browser.post(reset(admin), {}, await admin.browser.get('/console/staff'))).status, 403);
    t.is((await sendForm(admin.browser, '/console/staff', reset(colleague))).location, '/console/staff');
    t.is((await colleague.browser.get('/console')).location, '/console/login');
    for (const [address, subject, action] of [
      [email, id, 'user.secondFactorReset'],
      [colleague.email, colleague.id, 'staff.secondFactorReset'],
    ] as const) {
      const isTold = (caught: { to: string[]; subject: string }) =>
        caught.to.includes(address) && caught.subject.endsWith('your second factor was taken off');
      await stack.mail.waitForMail(isTold, 60_000);
      t.is((await stack.db('audit_log').where({ subject, action })).length, 1);
    }
    await stack.db('totp_secrets').where({ staff_id: admin.id }).delete();
  },
);

test.serial('required of staff: nothing opens until it is set up, for whoever asked for it too; audited', async (t) => {
  const { stack, admin } = t.context;
  const viewer = await buildStaff(stack, 'viewer');
  t.is((await sendForm(admin.browser, onboarding, onboarding, { staffSecondFactor: 'on' })).status, 303);
  const line = await stack.db('audit_log').where({ action: 'settings.changed' }).orderBy('id', 'desc').first();
  t.deepEqual([line.before, line.after], [{ staff_second_factor: false }, { staff_second_factor: true }]);
  for (const { browser } of [admin, viewer]) {
    t.is((await browser.get('/console')).location, settings);
    const page = await browser.get(settings);
    t.true(page.text.includes('Everybody who works in the Console needs a second factor'));
    t.false(page.text.includes('href="/console/registrations"'), 'no way around');
    t.is((await browser.post(onboarding, {}, page)).status, 403);
    await buildFactor(browser, settings);
    t.is((await browser.get('/console')).status, 200);
  }
  await stack.db('settings').update({ staff_second_factor: false });
});

test.serial('required of administrators of organisations, and of nobody else', async (t) => {
  const { stack } = t.context;
  const [administrator, member] = [await buildAccount(stack), await buildAccount(stack)];
  const [{ id: typeId }] = await stack
    .db('user_types')
    .insert({ kind: 'customer', name: 'Reader', permissions: [] })
    .returning('id');
  await stack.db('users').where({ email: member.email }).update({ user_type_id: typeId });
  const browser = await logIn(stack.url, administrator.email);
  await stack.db('settings').update({ administrators_second_factor: true });
  const reader = await logIn(stack.url, member.email);
  t.is((await reader.get('/account')).status, 200);
  t.is((await browser.get('/account')).location, '/account/second-factor');
  t.is((await browser.json('GET', '/api/v1/me')).status, 403);
  const before = browser.cookies.get('vestibule_session');
  const provided = await buildProviderSession(stack, administrator.email);
  const { secret } = await buildFactor(browser);
  t.is(secretOn((await browser.get('/account/second-factor/totp')).text), '', 'shown no more');
  t.truthy(secret);
  t.not(browser.cookies.get('vestibule_session'), before, 'what was shut opens under a new token (S2)');
  t.is((await browser.get('/account')).status, 200);
  t.falsy(await provided(), 'what applications hold was handed out without it');
  await sendForm(browser, '/account/second-factor', '/account/second-factor/totp/remove');
  t.is((await browser.get('/account')).location, '/account/second-factor', 'without it, it is asked for again');
  await stack.db('settings').update({ administrators_second_factor: false });
  t.is((await browser.get('/account')).status, 200);
});

/** What the OpenID provider keeps of this user's session; resolves with a look for it. */
async function buildProviderSession({ db }: Stack, email: string) {
  const { id } = await db('users').where({ email }).first('id');
  const { token_hash } = await db('sessions').where({ user_id: id }).first('token_hash');
  const record = { model: 'Session', id_hash: randomBytes(32) };
  const expires_at = new Date(Date.now() + 600_000);
  const sealed_payload = randomBytes(8);
  await db('sign_in_records').insert({ ...record, sealed_payload, user_id: id, session_hash: token_hash, expires_at });
  return () => db('sign_in_records').where(record).whereNotNull('session_hash').first();
}
