import anyTest, { type TestFn } from 'ava';
import { type BuiltUser, buildAdministrator, buildColleague, buildType } from '../../builders/members.js';
import { password } from '../../builders/registrations.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { buildStaff, formOf, sendForm } from '../console/fixtures.js';
import { logIn } from '../fixtures/requests.js';

interface Scene {
  stack: Stack;
  admin: BuiltUser;
  /** Of another customer. */
  other: BuiltUser;
  otherMember: BuiltUser;
  plainType: string;
}
const test = anyTest as TestFn<Scene>;
const list = '/account/users';
const administrator = 'customer_account_administrator';

test.before(async (t) => {
  const stack = await startStack();
  const plainType = await buildType(stack);
  const admin = await buildAdministrator(stack);
  const other = await buildAdministrator(stack);
  const otherMember = await buildColleague(stack, other, { user_type_id: plainType });
  Object.assign(t.context, { stack, admin, other, otherMember, plainType });
});
test.after.always((t) => t.context.stack?.stop());

const rowOf = ({ db }: Stack, { id }: BuiltUser) => db('users').where({ id }).first();
const auditOf = ({ db }: Stack, { id }: BuiltUser) => db('audit_log').where({ subject: id }).orderBy('id');
const act = (by: BuiltUser, whom: BuiltUser, action: string, typed: Record<string, string> = {}) =>
  sendForm(by.browser, `${list}/${whom.id}`, `${list}/${whom.id}/${action}`, typed);
/** The fields of a form that the page does not offer. */
const was = ({ userTypeId }: BuiltUser, disabled = false) => ({ wasType: userTypeId, wasDisabled: String(disabled) });
const mailTo = ({ mail }: Stack, { email }: BuiltUser, subject: RegExp) =>
  mail.waitForMail((caught) => caught.to.includes(email) && subject.test(caught.subject), 60_000);

test('a type is changed: the rights count from the next click on, the person is told, the log too (A18)', async (t) => {
  const { stack, admin, plainType } = t.context;
  const member = await buildColleague(stack, admin, { user_type_id: plainType });
  t.is((await member.browser.get(list)).status, 403);
  t.is((await act(admin, member, 'type', { userType: admin.userTypeId })).location, `${list}/${member.id}`);
  t.is((await member.browser.get(list)).status, 200, 'without logging in again');
  t.is((await act(admin, { ...member, userTypeId: admin.userTypeId }, 'type', { userType: plainType })).status, 303);
  t.is((await member.browser.get(list)).status, 403);
  const [up, down] = await auditOf(stack, member);
  t.like(up, {
    action: 'user.typeChanged',
    user_id: admin.id,
    staff_id: null,
    after: { userType: 'Customer administrator' },
  });
  t.deepEqual(down.before, up.after);
  const mail = await mailTo(stack, member, /rights/);
  t.true(mail.text.includes('Acme GmbH') && mail.text.includes('Customer administrator'), mail.text);
});

test('who is disabled is out with the next call, and cannot log in until enabled (S3)', async (t) => {
  const { stack, admin } = t.context;
  const member = await buildColleague(stack, admin);
  t.is((await act(admin, member, 'disable')).status, 303);
  t.is((await member.browser.json('GET', '/api/v1/me')).status, 401);
  t.is((await member.browser.get('/account')).location, '/login');
  const tryToLogIn = async () => {
    const browser = new BrowserSession(stack.url);
    return (await browser.post('/login', { email: member.email, password }, await browser.get('/login'))).status;
  };
  t.is(await tryToLogIn(), 401);
  t.regex((await mailTo(stack, member, /disabled/)).text, /log in until it is enabled/);
  t.is((await act(admin, member, 'enable')).status, 303);
  t.is(await tryToLogIn(), 303);
  await mailTo(stack, member, /enabled again/);
  t.deepEqual(
    (await auditOf(stack, member)).map(({ action, user_id }) => [action, user_id]),
    [
      ['user.disabled', admin.id],
      ['user.enabled', admin.id],
    ],
  );
});

test('sessions are ended without shutting out', async (t) => {
  const { stack, admin } = t.context;
  const member = await buildColleague(stack, admin);
  t.is((await act(admin, member, 'end-sessions')).status, 303);
  t.is((await member.browser.json('GET', '/api/v1/me')).status, 401);
  await logIn(stack.url, member.email);
  t.deepEqual(
    (await auditOf(stack, member)).map(({ action }) => action),
    ['user.sessionsEnded'],
  );
});

test('who is removed is gone with their data, once, and is told', async (t) => {
  const { stack, admin } = t.context;
  const member = await buildColleague(stack, admin);
  const page = await admin.browser.get(`${list}/${member.id}/remove`);
  t.true(page.text.includes('cannot be undone'));
  const action = `${list}/${member.id}/remove`;
  const send = () => admin.browser.post(action, formOf(page.text, action), page);
  const answers = await Promise.all([send(), send()]);
  t.deepEqual(answers.map(({ status }) => status).toSorted(), [303, 303], 'a double click is told what it did');
  const other = await buildColleague(stack, admin);
  t.is((await other.browser.post(action, was(member), await other.browser.get(list))).status, 404);
  t.is(await rowOf(stack, member), undefined);
  t.is((await member.browser.json('GET', '/api/v1/me')).status, 401);
  t.regex((await mailTo(stack, member, /removed/)).text, /personal data in it is deleted/);
  t.deepEqual(
    (await auditOf(stack, member)).map(({ action, user_id }) => [action, user_id]),
    [['user.removed', admin.id]],
  );
});

test('a person of another organisation is not found, as one that does not exist (A2, A7, E9)', async (t) => {
  const { stack, admin, other, otherMember, plainType } = t.context;
  const page = await admin.browser.get(list);
  const nobody = '00000000-0000-4000-8000-000000000000';
  for (const id of [otherMember.id, other.id, nobody, 'x', `${otherMember.id}'--`]) {
    for (const path of ['', '/remove']) t.is((await admin.browser.get(`${list}/${id}${path}`)).status, 404, path);
    const fields = was(otherMember);
    for (const [action, more] of Object.entries({
      type: { ...fields, userType: admin.userTypeId },
      disable: fields,
      enable: fields,
      remove: fields,
      'end-sessions': {},
    }))
      t.is((await admin.browser.post(`${list}/${id}/${action}`, more, page)).status, 404, `${action} ${id}`);
  }
  const ofOther = [otherMember.email, other.email];
  for (const query of ['', `?after=${otherMember.id}`, `?q=${otherMember.email}`, `?customerId=${other.id}`]) {
    const { text } = await admin.browser.get(list + query);
    for (const email of ofOther) t.false(text.includes(`>${email}<`), query);
  }
  t.like(await rowOf(stack, otherMember), { disabled_at: null, user_type_id: plainType });
  t.is((await otherMember.browser.json('GET', '/api/v1/me')).status, 200);
  t.deepEqual(await auditOf(stack, otherMember), []);
});

test('nobody gives a right that they lack, nor reaches an administrator who has more (A7)', async (t) => {
  const { stack, admin } = t.context;
  const above = await buildType(stack, [administrator, 'billing']);
  const partners = await buildType(stack, [], 'partner');
  const member = await buildColleague(stack, admin);
  const chief = await buildColleague(stack, admin, { user_type_id: above });
  const page = await admin.browser.get(`${list}/${member.id}`);
  for (const userType of [above, partners]) {
    t.false(page.text.includes(`value="${userType}"`), 'not offered');
    const fields = { ...was(member), userType };
    t.is((await admin.browser.post(`${list}/${member.id}/type`, fields, page)).status, 403);
  }
  t.is((await rowOf(stack, member)).user_type_id, admin.userTypeId);
  const chiefs = await admin.browser.get(`${list}/${chief.id}`);
  t.true(chiefs.text.includes('rights that you do not have'));
  t.false(/<form[^>]*\/account\/users/.test(chiefs.text), 'nothing is offered');
  for (const action of ['disable', 'remove'])
    t.is((await admin.browser.post(`${list}/${chief.id}/${action}`, was(chief), page)).status, 403, action);
  t.is((await admin.browser.post(`${list}/${chief.id}/end-sessions`, {}, page)).status, 403);
  t.is((await admin.browser.get(`${list}/${chief.id}/remove`)).status, 403);
  t.is((await rowOf(stack, chief)).disabled_at, null);
  t.is((await act(chief, member, 'type', { userType: above })).status, 303, 'who has the right gives it');
});

test('fields that nobody asked for are refused, and nobody can set a password (A4, P9)', async (t) => {
  const { stack, admin } = t.context;
  const member = await buildColleague(stack, admin);
  const before = await rowOf(stack, member);
  const page = await admin.browser.get(`${list}/${member.id}`);
  for (const field of [
    'password',
    'passwordHash',
    'customerId',
    'orgId',
    'isAdmin',
    'email',
    'status',
    'id',
    'permissions',
  ])
    for (const action of ['type', 'disable']) {
      const fields = { ...was(member), ...(action === 'type' ? { userType: member.userTypeId } : {}), [field]: 'x' };
      t.is((await admin.browser.post(`${list}/${member.id}/${action}`, fields, page)).status, 400, field);
    }
  t.deepEqual(await rowOf(stack, member), before);
});

test('of two who change the same person the second is told (C19)', async (t) => {
  const { stack, admin, plainType } = t.context;
  const member = await buildColleague(stack, admin);
  const page = await admin.browser.get(`${list}/${member.id}`);
  t.is((await act(admin, member, 'type', { userType: plainType })).status, 303);
  for (const action of ['disable', 'type'] as const) {
    const path = `${list}/${member.id}/${action}`;
    const answer = await admin.browser.post(path, formOf(page.text, path), page);
    t.is(answer.status, 409);
    t.true(answer.text.includes('Somebody else has changed this meanwhile'));
  }
  t.like(await rowOf(stack, member), { disabled_at: null, user_type_id: plainType });
});

test('the only administrator stays one, and nobody shuts themselves out', async (t) => {
  const { stack, plainType } = t.context;
  const alone = await buildAdministrator(stack);
  const page = await alone.browser.get(`${list}/${alone.id}`);
  t.true(page.text.includes('only enabled administrator'));
  t.false(page.text.includes(`action="${list}/${alone.id}/type"`), 'not offered');
  const answer = await alone.browser.post(`${list}/${alone.id}/type`, { ...was(alone), userType: plainType }, page);
  t.is(answer.status, 409);
  t.regex(answer.text, /class="field-error"[^>]*>The only enabled administrator stays one/);
  for (const action of ['disable', 'remove'])
    t.is((await alone.browser.post(`${list}/${alone.id}/${action}`, was(alone), page)).status, 403, action);
  const second = await buildColleague(stack, alone);
  t.is((await act(alone, alone, 'type', { userType: plainType })).location, '/account');
  t.is((await alone.browser.get(list)).status, 403);
  t.is((await second.browser.get(list)).status, 200);
});

test('of administrators who demote, disable or remove each other at once one remains (A14)', async (t) => {
  const { stack, plainType } = t.context;
  let pair = await buildPair(stack);
  for (let round = 0; round < 20; round++) {
    const action = ['type', 'disable', 'remove'][round % 3]!;
    const more: Record<string, string> = action === 'type' ? { userType: plainType } : {};
    const pages = await Promise.all(pair.map(({ browser }) => browser.get('/account')));
    const answers = await Promise.all(
      pair.map(({ browser }, n) => {
        const target = pair[1 - n]!;
        return browser.post(`${list}/${target.id}/${action}`, { ...was(target), ...more }, pages[n]);
      }),
    );
    const done = answers.filter(({ status }) => status === 303);
    t.is(done.length, 1, `${action}: ${answers.map(({ status }) => status)}`);
    const rows = await stack.db('users').whereIn('id', [pair[0].id, pair[1].id]);
    const left = rows.filter((row) => row.disabled_at === null && row.user_type_id === pair[0].userTypeId);
    t.is(left.length, 1, action);
    const stays = pair.find(({ id }) => id === left[0].id)!;
    pair = [stays, await buildColleague(stack, stays)];
  }
});

async function buildPair(stack: Stack): Promise<[BuiltUser, BuiltUser]> {
  const first = await buildAdministrator(stack);
  return [first, await buildColleague(stack, first)];
}

test('whom staff disabled only staff enable; the page says so', async (t) => {
  const { stack, admin } = t.context;
  const member = await buildColleague(stack, admin);
  await stack.db('users').where({ id: member.id }).update({ disabled_at: new Date(), disabled_by_staff: true });
  const page = await admin.browser.get(`${list}/${member.id}`);
  t.true(page.text.includes('disabled by our support'));
  t.is((await admin.browser.post(`${list}/${member.id}/enable`, was(member, true), page)).status, 403);
  t.truthy((await rowOf(stack, member)).disabled_at);
});

test('a partner’s administrator manages the partner’s users with the partner’s permission', async (t) => {
  const { stack } = t.context;
  const type = await buildType(stack, ['partner_account_administrator'], 'partner');
  const plain = await buildType(stack, [], 'partner');
  const [partner] = await stack.db('partners').insert({ name: 'North', origin: 'console' }).returning('id');
  const of = { customer_id: null, partner_id: partner.id };
  const chief = await buildColleague(stack, t.context.admin, { ...of, user_type_id: type });
  const member = await buildColleague(stack, chief, { user_type_id: plain });
  t.is((await act(chief, member, 'type', { userType: type })).status, 303);
  t.is((await member.browser.get(list)).status, 200);
  // The customers' permission on a partner's user is no right.
  const wrong = await buildColleague(stack, chief, { user_type_id: t.context.admin.userTypeId });
  t.is((await wrong.browser.get(list)).status, 403);
});

test('the list is searched by words of name and e-mail, and whatever is typed is only text', async (t) => {
  const { stack } = t.context;
  const admin = await buildAdministrator(stack, { givenName: 'Zoë', familyName: 'Zimmer' });
  const people = ['Ann Áron', 'Anna de la Cruz', 'Bob 100%', 'Bob O_Neil'];
  for (const name of people) {
    const [given_name, ...family] = name.split(' ');
    await buildColleague(stack, admin, { given_name, family_name: family.join(' ') });
  }
  const found = async (q: string) => {
    const answer = await admin.browser.get(`${list}?${new URLSearchParams({ q })}`);
    t.is(answer.status, 200, q);
    return [...people, 'Zoë Zimmer'].filter((name) => answer.text.includes(`>${name}</a>`));
  };
  t.deepEqual(await found('ann'), ['Ann Áron', 'Anna de la Cruz']);
  t.deepEqual(await found(' CRUZ  anna'), ['Anna de la Cruz']);
  t.deepEqual(await found('áron'), ['Ann Áron']);
  t.deepEqual(await found('zoe\u0308'), ['Zoë Zimmer'], 'composed or not');
  t.deepEqual(await found(admin.email.slice(0, 9)), ['Zoë Zimmer']);
  t.deepEqual(await found('100%'), ['Bob 100%']);
  t.deepEqual(await found('o_n'), ['Bob O_Neil']);
  for (const q of ['%', '_ob', '\\', "' or '1'='1", "'; drop table users; --", '<script>', '$1', '?', ':id', 'nn'])
    t.deepEqual(await found(q), [], q);
  const answer = await admin.browser.get(`${list}?q=${encodeURIComponent('"><script>alert(1)</script>')}`);
  t.false(answer.text.includes('<script>alert'));
  t.is((await admin.browser.get(`${list}?q=%00`)).status, 200);
  t.is((await admin.browser.get(`${list}?q=a&q=b&after=x`)).status, 200);
});

test('pages of the list leave nobody out and show nobody twice', async (t) => {
  const { stack } = t.context;
  const admin = await buildAdministrator(stack);
  const { customer_id, user_type_id } = await rowOf(stack, admin);
  const rows = Array.from({ length: 60 }, (_, n) => ({
    customer_id,
    user_type_id,
    email: `page-${n}-${admin.email}`,
    given_name: 'Same',
    family_name: `Name ${n % 3}`,
    language: 'en',
    password_hash: '-',
  }));
  await stack.db('users').insert(rows);
  const seen: string[] = [];
  for (let path: string | undefined = list; path; ) {
    const { text } = await admin.browser.get(path);
    seen.push(...[...text.matchAll(/class="line muted">([^<]+)</g)].map(([, email]) => email!));
    path = /href="([^"]*after=[^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  }
  t.is(seen.length, 61);
  t.is(new Set(seen).size, 61);
});

test('the Console shows what administrators did in words, without their addresses', async (t) => {
  const { stack, admin } = t.context;
  const member = await buildColleague(stack, admin);
  await act(admin, member, 'disable');
  const { browser } = await buildStaff(stack, 'viewer');
  const { text } = await browser.get(`/console/audit?subject=${member.id}`);
  t.true(text.includes('disabled a user'));
  for (const { email } of [admin, member]) t.false(text.includes(email));
});
