import anyTest, { type TestFn } from 'ava';
import { type BuiltUser, buildAdministrator, buildColleague, buildType } from '../../builders/members.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { buildStaff, formOf, sendForm } from '../console/fixtures.js';

interface Scene {
  stack: Stack;
  admin: BuiltUser;
  other: BuiltUser;
  plainType: string;
}
const test = anyTest as TestFn<Scene>;
const organisation = '/api/v1/organisation';
const users = `${organisation}/users`;
const company = '/account/company';

test.before(async (t) => {
  const stack = await startStack();
  const [admin, other] = [await buildAdministrator(stack), await buildAdministrator(stack)];
  Object.assign(t.context, { stack, admin, other, plainType: await buildType(stack) });
});
test.after.always((t) => t.context.stack?.stop());

const rowOf = ({ db }: Stack, { id }: Pick<BuiltUser, 'id'>) => db('users').where({ id }).first();
const auditOf = ({ db }: Stack, subject: string) => db('audit_log').where({ subject }).orderBy('id');
const read = async (by: BuiltUser, path: string) => (await by.browser.json('GET', path)).json();
const companyOf = async ({ db }: Stack, user: BuiltUser) =>
  db('customers')
    .where({ id: (await db('users').where({ id: user.id }).first()).customer_id })
    .first();

test('administrators change the company data, strictly as it is registered; others only read it', async (t) => {
  const { stack, admin, plainType } = t.context;
  const page = await admin.browser.get(company);
  t.true(page.text.includes('value="Acme GmbH"'));
  const wrong = { companyName: ' ', companyCountry: 'XX', companyVatNumber: 'no', companyCity: 'a\u202eb' };
  const refused = await sendForm(admin.browser, company, company, wrong);
  t.is(refused.status, 400);
  for (const field of Object.keys(wrong)) t.true(refused.text.includes(`href="#${field}"`), field);
  const typed = { companyName: 'Bär & Söhne', companyCity: 'Ulm', companyVatNumber: '' };
  t.is((await sendForm(admin.browser, company, company, typed)).location, company);
  const row = await companyOf(stack, admin);
  t.like(row, { name: 'Bär & Söhne', city: 'Ulm', vat_number: null, street: 'Rosenweg 1' });
  const [line] = await auditOf(stack, row.id);
  t.like(line, { action: 'customer.changed', user_id: admin.id, subject_type: 'customer', before: null });
  t.deepEqual(line.after, { fields: ['name', 'city', 'vat_number'] }, 'no name of a family stays in the log');
  const { browser } = await buildStaff(stack, 'viewer');
  const log = await browser.get(`/console/audit?subject=${row.id}`);
  t.true(log.text.includes('changed the company data') && log.text.includes('Name, City, VAT number'));

  const member = await buildColleague(stack, admin, { user_type_id: plainType });
  const overview = await member.browser.get('/account');
  t.true(overview.text.includes('Bär &amp; Söhne'));
  t.false(overview.text.includes(company), 'not offered');
  t.is((await member.browser.get(company)).status, 403);
  t.is((await member.browser.post(company, {}, overview)).status, 403);
  const shown = await read(member, organisation);
  t.like(shown, { kind: 'customer', name: 'Bär & Söhne', city: 'Ulm', street: 'Rosenweg 1' });
  t.is((await member.browser.json('PUT', organisation, shown)).status, 403);
});

test('of two who change the company data the second is told, on the page and by the API (C19)', async (t) => {
  const { stack } = t.context;
  const admin = await buildAdministrator(stack);
  const page = await admin.browser.get(company);
  const { id: _, kind: __, ...shown } = await read(admin, organisation);
  const answers = await Promise.all(
    ['One', 'Two'].map((name) => admin.browser.json('PUT', organisation, { ...shown, name })),
  );
  t.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409]);
  const form = { ...formOf(page.text, company), companyName: 'Three' };
  const stale = await admin.browser.post(company, form, page);
  t.is(stale.status, 409);
  t.true(stale.text.includes('Somebody else has changed this meanwhile'));
  t.regex((await companyOf(stack, admin)).name, /^(One|Two)$/);
  const again = answers.find(({ status }) => status === 200)!.json();
  t.is(again.version, (await read(admin, organisation)).version);
});

test('a partner’s administrator changes the partner, and only what is a company’s own', async (t) => {
  const { stack, admin } = t.context;
  const [partner] = await stack
    .db('partners')
    .insert({ name: 'North', origin: 'console', external_id: `N-${admin.id}` })
    .returning('*');
  const type = await buildType(stack, ['partner_account_administrator'], 'partner');
  const of = { customer_id: null, partner_id: partner.id, user_type_id: type };
  const chief = await buildColleague(stack, admin, of);
  const address = { street: 'Weg 1', postalCode: '1010', city: 'Wien', country: 'AT' };
  const { version } = await read(chief, organisation);
  const body = { name: 'North Service', ...address, version };
  for (const field of ['id', 'kind', 'external_id', 'parent_id', 'customerId', 'partnerId', 'disabled_at'])
    t.is((await chief.browser.json('PUT', organisation, { ...body, [field]: admin.id })).status, 400, field);
  t.is((await chief.browser.json('PUT', organisation, body)).status, 200);
  const { name, external_id, parent_id, origin } = await stack.db('partners').where({ id: partner.id }).first();
  t.deepEqual([name, external_id, parent_id, origin], ['North Service', partner.external_id, null, 'console']);
  t.is((await auditOf(stack, partner.id))[0].action, 'partner.changed');
});

test('programs page through the users and change them as the pages do', async (t) => {
  const { stack, plainType } = t.context;
  const admin = await buildAdministrator(stack);
  const member = await buildColleague(stack, admin, { user_type_id: plainType });
  const first = (await read(admin, `${users}?limit=1`)) as { items: { id: string }[]; next: string };
  const second = (await read(admin, `${users}?limit=1&after=${first.next}`)) as typeof first;
  t.deepEqual([first.items[0]?.id, second.items[0]?.id, second.next], [member.id, admin.id, null]);
  t.deepEqual(((await read(admin, `${users}?q=colleague`)) as typeof first).items.length, 1);
  for (const query of ['limit=0', 'limit=1000', 'limit=x', 'after=x', 'customerId=x'])
    t.is((await admin.browser.json('GET', `${users}?${query}`)).status, 400, query);

  const shown = await read(admin, `${users}/${member.id}`);
  t.like(shown, { email: member.email, disabled: false, userTypeId: plainType });
  t.false('passwordHash' in shown || 'password_hash' in shown);
  const put = (body: object) => admin.browser.json('PUT', `${users}/${member.id}`, body);
  const body = { userTypeId: plainType, disabled: true, version: shown.version };
  t.is((await put({ ...body, password: 'x' })).status, 400);
  t.is((await put({ ...body, version: 'x' })).status, 409);
  t.is((await put(body)).status, 200);
  t.is((await put(body)).status, 409, 'sent twice');
  t.is((await member.browser.json('GET', '/api/v1/me')).status, 401);
  const above = await buildType(stack, ['customer_account_administrator', 'billing']);
  const { version } = await read(admin, `${users}/${member.id}`);
  t.is((await put({ userTypeId: above, disabled: true, version })).status, 403);
  const types = (await read(admin, `${organisation}/user-types`)) as unknown as { items: { id: string }[] };
  t.true(types.items.some(({ id }) => id === plainType));
  t.false(types.items.some(({ id }) => id === above));
  t.is((await admin.browser.json('DELETE', `${users}/${admin.id}`)).status, 403, 'not oneself');
  const own = await read(admin, `${users}/${admin.id}`);
  const demotion = { userTypeId: plainType, disabled: false, version: own.version };
  t.is((await admin.browser.json('PUT', `${users}/${admin.id}`, demotion)).status, 409, 'the last administrator');
  t.is((await admin.browser.json('DELETE', `${users}/${member.id}`)).status, 204);
  t.is((await admin.browser.json('DELETE', `${users}/${member.id}`)).status, 404);
  t.deepEqual(
    (await auditOf(stack, member.id)).map(({ action }) => action),
    ['user.disabled', 'user.removed'],
  );
});

test('another organisation’s user is not found in any place of the API (A2, A7, E9)', async (t) => {
  const { stack, admin, other } = t.context;
  const before = await rowOf(stack, other);
  const { version } = await read(other, `${users}/${other.id}`);
  const body = { userTypeId: other.userTypeId, disabled: true, version };
  for (const id of [other.id, '00000000-0000-4000-8000-000000000000']) {
    const calls = [
      ['GET', ''],
      ['PUT', '', body],
      ['DELETE', ''],
      ['DELETE', '/sessions'],
      ['POST', '/password-reset', {}],
    ] as const;
    for (const [method, path, sent] of calls) {
      const answer = await admin.browser.json(method, `${users}/${id}${path}`, sent);
      t.like(answer.json(), { status: 404, code: 'notFound' }, `${method} ${path}`);
    }
  }
  const listed = (await read(admin, `${users}?after=${other.id}`)) as unknown as { items: { id: string }[] };
  t.false(listed.items.some(({ id }) => id === other.id));
  const headers = { 'x-customer-id': before.customer_id };
  t.is((await admin.browser.json('GET', `${users}/${other.id}`, undefined, headers)).status, 404);
  t.deepEqual(await rowOf(stack, other), before);
});

test('an administrator starts a password reset, and never sees nor sets a password (P9)', async (t) => {
  const { stack, admin } = t.context;
  const member = await buildColleague(stack, admin);
  const { password_hash } = await rowOf(stack, member);
  const path = `/account/users/${member.id}`;
  const answer = await sendForm(admin.browser, path, `${path}/password-reset`);
  t.is(answer.location, path);
  const mail = await stack.mail.waitForMail(({ to }) => to.includes(member.email), 60_000);
  const token = /\/password-reset\/([\w-]{43})/.exec(mail.text)?.[1];
  t.truthy(token, mail.text);
  for (const text of [answer.text, (await admin.browser.get(path)).text, await stack.logs()])
    t.false(text.includes(token!));
  t.true(stack.mail.messages().every(({ to, text }) => to.includes(member.email) || !text.includes(token!)));
  const page = await admin.browser.get(path);
  t.is((await admin.browser.post(`${path}/password-reset`, { password: 'x' }, page)).status, 400);
  const api = `${users}/${member.id}/password-reset`;
  t.is((await admin.browser.json('POST', api, { password: 'new password of theirs' })).status, 400);
  t.deepEqual((await admin.browser.json('POST', api, {})).json(), {});
  t.is((await rowOf(stack, member)).password_hash, password_hash);
  t.is((await member.browser.json('GET', '/api/v1/me')).status, 200, 'nothing ends until the person acts');
  t.deepEqual(
    (await auditOf(stack, member.id)).map(({ action, user_id }) => [action, user_id]),
    [1, 2].map(() => ['user.resetStarted', admin.id]),
  );
  t.is((await admin.browser.json('POST', `${users}/${admin.id}/password-reset`, {})).status, 403, 'not oneself');
});
