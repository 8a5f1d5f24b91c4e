import anyTest, { type TestFn } from 'ava';
import { buildEmail, buildLink } from '../../builders/registrations.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff }>;
const path = '/console/onboarding';

test.before(async (t) => {
  t.context.stack = await startStack();
  t.context.admin = await buildStaff(t.context.stack, 'admin');
});
test.after.always((t) => t.context.stack?.stop());

const settingsOf = ({ db }: Stack) => db('settings').first();
const auditOf = ({ db }: Stack) => db('audit_log').where({ subject_type: 'settings' }).orderBy('id');
const errorOf = (page: string, name: string) => new RegExp(`id="${name}-error">([^<]{10,})<`).exec(page)?.[1];

test.serial('an administrator changes the settings; the audit log holds what differs, and nothing else', async (t) => {
  const { stack, admin } = t.context;
  const answer = await sendForm(admin.browser, path, path, {
    partnerOnboarding: 'with_code',
    partnerApproval: 'on',
    linkLifetime: '1,5',
    linkLifetimeUnit: 'hours',
    reminderOn: undefined,
    passwordMinimum: '15',
  });
  t.deepEqual([answer.status, answer.location], [303, path]);
  t.true((await admin.browser.get(path)).text.includes('The settings are saved.'));
  t.false((await admin.browser.get(path)).text.includes('The settings are saved.'), 'said once');
  t.like(await settingsOf(stack), {
    partner_onboarding: 'with_code',
    partner_approval: true,
    customer_approval: false,
    link_lifetime_seconds: 5_400,
    reminder_after_seconds: null,
    password_minimum: 15,
    version: 2,
  });
  const [line, ...more] = await auditOf(stack);
  t.deepEqual(more, []);
  t.like(line, { action: 'settings.changed', staff_id: admin.id, subject: 'onboarding' });
  t.truthy(line.source);
  t.deepEqual(line.before, {
    partner_onboarding: 'off',
    partner_approval: false,
    link_lifetime_seconds: 86_400,
    reminder_after_seconds: 432_000,
    password_minimum: 12,
  });
  t.like(line.after, { partner_onboarding: 'with_code', reminder_after_seconds: null, password_minimum: 15 });
});

test.serial('what is saved without a change changes nothing, whatever the durations are', async (t) => {
  const { stack, admin } = t.context;
  const odd = { resend_cooldown_seconds: 2, mail_retry_seconds: 90, creation_retry_seconds: 7_201 };
  await stack.db('settings').update({ ...odd, reminder_after_seconds: 3_601 });
  const before = await settingsOf(stack);
  const lines = (await auditOf(stack)).length;
  t.is((await sendForm(admin.browser, path, path)).status, 303);
  t.deepEqual({ ...(await settingsOf(stack)), version: 0 }, { ...before, version: 0 });
  t.is((await auditOf(stack)).length, lines);
});

const wrong: [string, Record<string, string | undefined>, RegExp][] = [
  ['linkLifetime', { linkLifetime: 'soon' }, /number/],
  ['linkLifetime', { linkLifetime: '' }, /number/],
  ['linkLifetime', { linkLifetime: '-1' }, /number/],
  ['linkLifetime', { linkLifetime: '1e9' }, /number/],
  ['mailRetry', { mailRetry: '0' }, /longer/],
  ['operatorDeadline', { operatorDeadline: '366', operatorDeadlineUnit: 'days' }, /365/],
  ['operatorDeadline', { operatorDeadline: '9999999', operatorDeadlineUnit: 'days' }, /365/],
  ['reminder', { reminderOn: 'on', reminder: '7', reminderUnit: 'days' }, /before the registration ends/],
  ['linkLifetime', { linkLifetime: '8', linkLifetimeUnit: 'days' }, /longer than the registration/],
  ['resendCooldown', { resendCooldown: '90', resendCooldownUnit: 'minutes' }, /shorter/],
  ['lookupRetry', { lookupRetry: '30', lookupRetryUnit: 'days' }, /second attempt/],
  ['passwordMinimum', { passwordMinimum: '7' }, /8 to 128/],
  ['passwordMinimum', { passwordMinimum: '12.5' }, /8 to 128/],
  ['customerUserType', { customerUserType: '' }, /choose a user type/],
];
test.serial('what makes no sense is told beside its field, and what was typed is kept', async (t) => {
  const { stack, admin } = t.context;
  const before = await settingsOf(stack);
  for (const [field, typed, words] of wrong) {
    const answer = await sendForm(admin.browser, path, path, typed);
    t.is(answer.status, 400, field);
    t.regex(errorOf(answer.text, field) ?? '', words, JSON.stringify(typed));
    t.true(answer.text.includes(`href="#${field}"`), 'named on top');
    t.like(formOf(answer.text, path), { [field]: typed[field] });
  }
  t.deepEqual(await settingsOf(stack), before);
});

test.serial('a default user type that cannot work is refused with the reason (A5)', async (t) => {
  const { stack, admin } = t.context;
  const [weak] = await stack.db('user_types').insert({ kind: 'customer', name: 'Weak' }).returning('id');
  const partner = await stack.db('user_types').where({ kind: 'partner' }).first('id');
  const customer = await stack.db('user_types').where({ name: 'Customer administrator' }).first('id');
  const before = await settingsOf(stack);
  for (const [field, id, words] of [
    ['customerUserType', weak.id, /lacks the permission/],
    ['customerUserType', partner.id, /other kind/],
    ['partnerUserType', customer.id, /other kind/],
    ['customerUserType', '00000000-0000-4000-8000-000000000000', /choose a user type/],
  ] as const) {
    const answer = await sendForm(admin.browser, path, path, { [field]: id });
    t.is(answer.status, 400);
    t.regex(errorOf(answer.text, field) ?? '', words);
  }
  t.is((await sendForm(admin.browser, path, path, { customerUserType: 'staff' })).status, 400);
  t.deepEqual(await settingsOf(stack), before);
});

test.serial('of two who edit at once the second is told, and shown the newest (C19)', async (t) => {
  const { stack, admin } = t.context;
  const other = await buildStaff(stack, 'admin');
  const [mine, theirs] = [await admin.browser.get(path), await other.browser.get(path)];
  const first = await admin.browser.post(path, { ...formOf(mine.text, path), passwordMinimum: '16' }, mine);
  t.is(first.status, 303);
  const second = await other.browser.post(path, { ...formOf(theirs.text, path), passwordMinimum: '17' }, theirs);
  t.is(second.status, 409);
  t.true(second.text.includes('Somebody else has changed this meanwhile'));
  t.is(formOf(second.text, path).passwordMinimum, '16');
  t.is((await settingsOf(stack)).password_minimum, 16);
});

test.serial('the page says what switching off does and how many are open; switched off, none can start', async (t) => {
  const { stack, admin } = t.context;
  const link = await buildLink(stack, buildEmail());
  const open = await stack.db('registrations').where({ kind: 'customer', ended_at: null });
  const page = await admin.browser.get(path);
  t.true(page.text.includes('No new account is made from that instant on'));
  t.regex(page.text, new RegExp(`>${open.length} registration`));
  t.is(
    (await sendForm(admin.browser, path, path, { customerOnboarding: 'off', partnerOnboarding: 'off' })).status,
    303,
  );
  const person = new BrowserSession(stack.url);
  t.regex((await person.get('/register')).text, /closed/i);
  t.regex((await person.get(link)).text, /closed/i, 'kept, and told');
  t.is((await sendForm(admin.browser, path, path, { customerOnboarding: 'on' })).status, 303);
  t.notRegex((await person.get(link)).text, /registrations are closed/i);
});

test.serial('operators and viewers read the settings, cannot change them, and are not offered to (A15)', async (t) => {
  const { stack, admin } = t.context;
  const page = await admin.browser.get(path);
  const before = await settingsOf(stack);
  for (const role of ['viewer', 'operator'] as const) {
    const { browser } = await buildStaff(stack, role);
    const shown = await browser.get(path);
    t.is(shown.status, 200);
    t.true(shown.text.includes('Only administrators can change these.'));
    t.false(shown.text.includes(`action="${path}"`));
    const { formToken, ...fields } = formOf(page.text, path);
    t.is((await browser.post(path, { ...fields, passwordMinimum: '20' }, shown)).status, 403, role);
  }
  const anonymous = new BrowserSession(stack.url);
  t.is((await anonymous.get(path)).location, '/console/login');
  t.is((await anonymous.post(path, {}, await anonymous.get('/console/login'))).status, 401);
  t.deepEqual(await settingsOf(stack), before);
});

test.serial('an unknown field, unit or mode is refused', async (t) => {
  const { admin } = t.context;
  for (const typed of [{ isAdmin: 'on' }, { linkLifetimeUnit: 'years' }, { partnerOnboarding: 'sometimes' }])
    t.is((await sendForm(admin.browser, path, path, typed)).status, 400, JSON.stringify(typed));
});
