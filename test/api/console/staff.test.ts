import anyTest, { type TestFn } from 'ava';
import { buildEmail, password } from '../../builders/registrations.js';
import { BrowserSession, hiddenField } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff }>;
const list = '/console/staff';

test.before(async (t) => {
  t.context.stack = await startStack({}, { keepsTemporal: true });
  t.context.admin = await buildStaff(t.context.stack, 'admin');
});
test.after.always((t) => t.context.stack?.stop());

const staffOf = ({ db }: Stack, email: string) => db('staff').where({ email }).first();
const auditOf = ({ db }: Stack, subject: string) => db('audit_log').where({ subject }).orderBy('id');
const errorOf = (page: string, name: string) => new RegExp(`id="${name}-error"[^>]*>([^<]{10,})<`).exec(page)?.[1];

test.serial('a role is changed: sessions end at once, the audit log tells it (S3, A18)', async (t) => {
  const { stack, admin } = t.context;
  const person = await buildStaff(stack, 'viewer');
  const action = `${list}/${person.id}/role`;
  t.is((await sendForm(admin.browser, list, action, { role: 'operator' })).location, list);
  t.is((await staffOf(stack, person.email)).role, 'operator');
  t.is((await person.browser.get('/console')).location, '/console/login');
  const [line] = await auditOf(stack, person.id);
  t.like(line, { action: 'staff.roleChanged', staff_id: admin.id });
  t.deepEqual([line.before, line.after], [{ role: 'viewer' }, { role: 'operator' }]);
});

test.serial('somebody disabled is out at once and cannot log in until enabled (S3)', async (t) => {
  const { stack, admin } = t.context;
  const person = await buildStaff(stack, 'operator');
  t.is((await sendForm(admin.browser, list, `${list}/${person.id}/disable`)).status, 303);
  t.is((await person.browser.get('/console')).location, '/console/login');
  const logIn = async () => {
    const browser = new BrowserSession(stack.url);
    const page = await browser.get('/console/login');
    return browser.post('/console/login', { email: person.email, password }, page);
  };
  t.is((await logIn()).status, 401);
  t.is((await sendForm(admin.browser, list, `${list}/${person.id}/enable`)).status, 303);
  t.is((await logIn()).status, 303);
  const actions = (await auditOf(stack, person.id)).map(({ action }) => action);
  t.deepEqual(actions, ['staff.disabled', 'staff.enabled']);
});

test.serial('of two who change the same person at once the second is told (C19)', async (t) => {
  const { stack, admin } = t.context;
  const person = await buildStaff(stack, 'viewer');
  const page = await admin.browser.get(list);
  const action = `${list}/${person.id}/role`;
  t.is((await sendForm(admin.browser, list, action, { role: 'operator' })).status, 303);
  const answer = await admin.browser.post(action, { ...formOf(page.text, action), role: 'admin' }, page);
  t.is(answer.status, 409);
  t.true(answer.text.includes('Somebody else has changed this meanwhile'));
  t.is((await staffOf(stack, person.email)).role, 'operator');
});

test.serial('the last enabled administrator stays one', async (t) => {
  const { stack, admin } = t.context;
  const page = await admin.browser.get(list);
  t.false(page.text.includes(`action="${list}/${admin.id}/role"`), 'not offered');
  const was = { wasRole: 'admin', wasDisabled: 'false' };
  for (const [action, fields] of [
    ['role', { ...was, role: 'viewer' }],
    ['disable', was],
  ] as const) {
    const answer = await admin.browser.post(`${list}/${admin.id}/${action}`, fields, page);
    t.is(answer.status, 409, action);
    t.true(answer.text.includes('The only enabled administrator stays one'));
  }
  t.like(await staffOf(stack, admin.email), { role: 'admin', disabled_at: null });
});

test.serial('of administrators who demote or disable each other at once one remains (A14)', async (t) => {
  const { stack } = t.context;
  await stack.db('staff').where({ role: 'admin' }).update({ role: 'viewer' });
  for (const action of ['role', 'disable', 'role', 'disable']) {
    const pair = [await buildStaff(stack, 'admin'), await buildStaff(stack, 'admin')] as const;
    const pages = await Promise.all(pair.map(({ browser }) => browser.get(list)));
    const answers = await Promise.all(
      pair.map(({ browser }, n) => {
        const path = `${list}/${pair[1 - n]?.id}/${action}`;
        const role: Record<string, string> = action === 'role' ? { role: 'viewer' } : {};
        return browser.post(path, { ...formOf(pages[n]?.text ?? '', path), ...role }, pages[n]);
      }),
    );
    const left = await stack.db('staff').where({ role: 'admin', disabled_at: null });
    t.is(left.length, 1, `${action}: ${answers.map(({ status }) => status)}`);
    t.is(answers.filter(({ status }) => status === 303).length, 1);
    await stack.db('staff').where({ role: 'admin' }).update({ role: 'viewer' });
  }
  await stack.db('staff').where({ id: t.context.admin.id }).update({ role: 'admin' });
});

test.serial('an invitation goes to its mailbox only, and makes that address staff (A9, A10)', async (t) => {
  const { stack, admin } = t.context;
  const email = buildEmail('invited');
  const form = { email: email.toUpperCase(), role: 'operator', language: 'de' };
  const answer = await sendForm(admin.browser, list, `${list}/invitations`, form);
  t.deepEqual([answer.status, answer.location], [303, list]);
  const mail = await stack.mail.waitForMail((caught) => caught.to.includes(email), 60_000);
  const token = /\/console\/setup\/([\w-]{43})/.exec(mail.text)?.[1] ?? '';
  t.true(mail.text.includes(`${stack.url}/console/setup/`));
  const pages = [answer, await admin.browser.get(list), await admin.browser.get('/console/audit')];
  const csv = await admin.browser.get('/console/audit/export');
  for (const text of [...pages, csv].map((page) => page.text)) t.false(text.includes(token));
  t.true(pages[1]?.text.includes(email));
  t.false((await stack.logs()).includes(token));

  const person = new BrowserSession(stack.url);
  const path = `/console/setup/${token}`;
  const page = await person.get(path);
  t.is(hiddenField(page.text, 'email'), email);
  t.regex(page.text, /<input id="email"[^>]*readonly/i);
  const other = await person.post(path, { email: buildEmail('other'), password }, page);
  t.is(other.status, 400);
  t.regex(errorOf(other.text, 'email') ?? '', /another address/);
  t.is((await person.post(path, { email, password }, page)).location, '/console/login');
  const made = await staffOf(stack, email);
  t.is(made.role, 'operator');
  t.like((await auditOf(stack, made.id))[0], { action: 'staff.joined', staff_id: made.id });
  t.is((await person.get(path)).status, 404, 'once');
});

test.serial('an address that is staff, or none, cannot be invited', async (t) => {
  const { stack, admin } = t.context;
  for (const [email, words] of [
    [admin.email, /member of staff already/],
    ['nobody', /complete e-mail/],
    ['a@example.com, b@example.com', /complete e-mail/],
    ['', /fill this in/],
  ] as const) {
    const answer = await sendForm(admin.browser, list, `${list}/invitations`, { email });
    t.is(answer.status, 400, email);
    t.regex(errorOf(answer.text, 'email') ?? '', words);
    t.is(formOf(answer.text, `${list}/invitations`).email, email);
  }
  t.is((await stack.db('notices').where({ email: admin.email })).length, 0);
  t.is((await sendForm(admin.browser, list, `${list}/invitations`, { role: 'owner' })).status, 400);
});

/** Invites and resolves with the path in the newest mail to that address. */
async function invite({ stack, admin }: { stack: Stack; admin: BuiltStaff }, email: string, how = 'invitations') {
  const before = stack.mail.messages().length;
  const choice: Record<string, string> = how === 'invitations' ? { role: 'viewer', language: 'en' } : {};
  const answer = await admin.browser.post(`${list}/${how}`, { email, ...choice }, await admin.browser.get(list));
  if (answer.status !== 303) throw new Error(`not invited: ${answer.status}`);
  const isNew = () => stack.mail.messages().slice(before);
  const mail = await stack.mail.waitForMail((caught) => caught.to.includes(email) && isNew().includes(caught), 60_000);
  return /\/console\/setup\/[\w-]{43}/.exec(mail.text)?.[0] ?? '';
}

test.serial(
  'what is sent again, revoked, too old, or from somebody no administrator any more opens nothing (A11, A12)',
  async (t) => {
    const { stack, admin } = t.context;
    const statusOf = async (path: string) => (await new BrowserSession(stack.url).get(path)).status;
    const email = buildEmail('again');
    const first = await invite(t.context, email);
    const second = await invite(t.context, email, 'invitations/resend');
    t.deepEqual([await statusOf(first), await statusOf(second)], [404, 200]);
    t.is((await stack.db('staff_links').where({ email })).length, 1);
    const revoked = await admin.browser.post(`${list}/invitations/revoke`, { email }, await admin.browser.get(list));
    t.is(revoked.status, 303);
    t.is(await statusOf(second), 404);
    for (const action of ['revoke', 'resend'])
      t.is(
        (await admin.browser.post(`${list}/invitations/${action}`, { email }, await admin.browser.get(list))).status,
        409,
      );
    const notices = await stack.db('notices').where({ email }).orderBy('created_at');
    t.deepEqual(
      (await auditOf(stack, notices[1].id)).map(({ action }) => action),
      ['staff.invitationResent', 'staff.invitationRevoked'],
    );
    t.true(notices.every(({ sealed_token }) => sealed_token === null));

    const late = buildEmail('late');
    const lateLink = await invite(t.context, late);
    await stack.db('staff_links').where({ email: late }).update({ expires_at: new Date() });
    t.is(await statusOf(lateLink), 404);
    t.true((await admin.browser.get(list)).text.includes('No longer valid'));

    const inviter = await buildStaff(stack, 'admin');
    const link = await invite({ stack, admin: inviter }, buildEmail('orphan'));
    t.is(await statusOf(link), 200);
    t.is((await sendForm(admin.browser, list, `${list}/${inviter.id}/role`, { role: 'viewer' })).status, 303);
    t.is(await statusOf(link), 404);
  },
);

test.serial('an invitation made while Temporal is away waits in the outbox', async (t) => {
  const { stack, admin } = t.context;
  const email = buildEmail('later');
  await stack.stopTemporal();
  t.is((await sendForm(admin.browser, list, `${list}/invitations`, { email })).status, 303);
  t.like(await stack.db('notices').where({ email }).first(), { state: 'waiting', template: 'staff-invitation' });
  t.true((await admin.browser.get(list)).text.includes('E-mail on its way'));
  await stack.startTemporal();
});

test.serial('only administrators see and change staff (A15)', async (t) => {
  const { stack, admin } = t.context;
  const was = { wasRole: 'admin', wasDisabled: 'false' };
  const routes: [string, Record<string, string>][] = [
    [`${list}/${admin.id}/role`, { ...was, role: 'viewer' }],
    [`${list}/${admin.id}/disable`, was],
    [`${list}/${admin.id}/enable`, was],
    [`${list}/invitations`, { email: buildEmail(), role: 'admin', language: 'en' }],
    [`${list}/invitations/resend`, { email: buildEmail() }],
    [`${list}/invitations/revoke`, { email: buildEmail() }],
  ];
  const lines = await stack.db('audit_log').pluck('id');
  for (const role of ['viewer', 'operator'] as const) {
    const { browser } = await buildStaff(stack, role);
    const home = await browser.get('/console/onboarding');
    t.false(home.text.includes(`href="${list}"`), 'not offered');
    t.is((await browser.get(list)).status, 403);
    for (const [path, fields] of routes) t.is((await browser.post(path, fields, home)).status, 403, path);
  }
  const anonymous = new BrowserSession(stack.url);
  t.is((await anonymous.get(list)).location, '/console/login');
  const login = await anonymous.get('/console/login');
  for (const [path, fields] of routes) t.is((await anonymous.post(path, fields, login)).status, 401, path);
  const page = await admin.browser.get(list);
  t.is((await admin.browser.post(`${list}/nobody/disable`, was, page)).status, 404);
  t.is((await stack.db('audit_log').pluck('id')).length, lines.length);
});
