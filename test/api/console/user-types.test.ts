import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { buildUser } from '../../db/fixtures/rows.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff }>;
const list = '/console/user-types';
const newPage = `${list}/new?kind=customer`;

test.before(async (t) => {
  t.context.stack = await startStack();
  t.context.admin = await buildStaff(t.context.stack, 'admin');
});
test.after.always((t) => t.context.stack?.stop());

const typeOf = ({ db }: Stack, name: string) => db('user_types').where({ name }).first();
const auditOf = ({ db }: Stack, subject: string) => db('audit_log').where({ subject }).orderBy('id');
const errorOf = (page: string, name: string) => new RegExp(`id="${name}-error">([^<]{10,})<`).exec(page)?.[1];

async function buildType({ db }: Stack, overrides: Record<string, unknown> = {}) {
  const [type] = await db('user_types')
    .insert({ kind: 'customer', name: `Type ${randomUUID()}`, ...overrides })
    .returning('*');
  return { ...type, path: `${list}/${type.id}` };
}

test('an administrator makes a user type with our permissions and the platform’s', async (t) => {
  const { stack, admin } = t.context;
  const typed = {
    name: '  Billing <b>&</b> more ',
    own0: 'on',
    other: 'reports.read\r\n\r\n billing:pay_all-1 \r\nreports.read',
  };
  const answer = await sendForm(admin.browser, newPage, list, typed);
  t.deepEqual([answer.status, answer.location], [303, list]);
  const type = await typeOf(stack, 'Billing <b>&</b> more');
  const permissions = ['customer_account_administrator', 'reports.read', 'billing:pay_all-1'];
  t.like(type, { kind: 'customer', permissions });
  const [line] = await auditOf(stack, type.id);
  t.like(line, { action: 'userType.created', subject_type: 'userType', before: null });
  t.deepEqual(line.after, { kind: 'customer', name: type.name, permissions });
  const page = await admin.browser.get(list);
  t.true(page.text.includes('Billing &lt;b>&amp;&lt;/b> more'), 'shown escaped');
  t.false(page.text.includes('<b>'));
  t.true(page.text.includes('<code>billing:pay_all-1</code>'));
  t.true(page.text.includes('Customer account administrator'));
});

test('name and permissions are changed, and the change is in the audit log', async (t) => {
  const { stack, admin } = t.context;
  const type = await buildType(stack, { permissions: ['one.two'] });
  t.is((await sendForm(admin.browser, type.path, type.path, { other: 'three' })).status, 303);
  t.deepEqual((await typeOf(stack, type.name)).permissions, ['three']);
  const [line] = await auditOf(stack, type.id);
  t.like(line, { action: 'userType.changed' });
  t.deepEqual([line.before, line.after], [{ permissions: ['one.two'] }, { permissions: ['three'] }]);
  t.is((await sendForm(admin.browser, type.path, type.path)).status, 303);
  t.is((await auditOf(stack, type.id)).length, 1, 'no change, no line');
});

test('what cannot be a name or a permission is told beside its field', async (t) => {
  const { stack, admin } = t.context;
  const before = await stack.db('user_types').where('name', 'like', 'Wrong%');
  for (const [field, typed] of [
    ['name', { name: ' ' }],
    ['name', { name: 'Wrong\u0000' }],
    ['name', { name: 'Wrong \u202E' }],
    ['name', { name: 'W'.repeat(81) }],
    ['name', { name: 'Customer administrator' }],
    ['other', { name: 'Wrong', other: 'Reports' }],
    ['other', { name: 'Wrong', other: '<script>' }],
    ['other', { name: 'Wrong', other: 'x' }],
    ['other', { name: 'Wrong', other: `a${'b'.repeat(64)}` }],
    ['other', { name: 'Wrong', other: 'partner_account_administrator' }],
    ['other', { name: 'Wrong', other: Array.from({ length: 201 }, (_, n) => `code.${n}`).join('\n') }],
  ] as const) {
    const answer = await sendForm(admin.browser, newPage, list, typed);
    t.is(answer.status, 400, JSON.stringify(typed).slice(0, 80));
    t.truthy(errorOf(answer.text, field), JSON.stringify(typed).slice(0, 80));
  }
  t.deepEqual(await stack.db('user_types').where('name', 'like', 'Wrong%'), before);
});

test('the default of customers keeps its permission to manage users, with the reason told', async (t) => {
  const { stack, admin } = t.context;
  const type = await typeOf(stack, 'Customer administrator');
  const path = `${list}/${type.id}`;
  const answer = await sendForm(admin.browser, path, path, { own0: undefined, other: 'reports.read' });
  t.is(answer.status, 400);
  t.regex(errorOf(answer.text, 'own0') ?? '', /Choose another default/);
  t.like(formOf(answer.text, path), { other: 'reports.read' });
  t.deepEqual((await typeOf(stack, type.name)).permissions, type.permissions);
});

test('the type of an organisation’s only administrators keeps its permission, with how many depend on it (A14)', async (t) => {
  const { stack, admin } = t.context;
  const type = await buildType(stack, { permissions: ['customer_account_administrator'] });
  for (const name of ['Acme & Sons', 'Borealis'])
    await buildUser(stack.db, {
      user_type_id: type.id,
      customer_id: (await stack.db('customers').insert({ name, country: 'DE' }).returning('id'))[0].id,
    });
  const answer = await sendForm(admin.browser, type.path, type.path, { own0: undefined, other: 'reports.read' });
  t.is(answer.status, 400);
  t.regex(errorOf(answer.text, 'own0') ?? '', /no other administrator/);
  t.true(answer.text.includes('2 organisations would be left without any administrator'));
  t.like(formOf(answer.text, type.path), { other: 'reports.read' });
  t.deepEqual((await typeOf(stack, type.name)).permissions, type.permissions);
  t.deepEqual(await auditOf(stack, type.id), []);
});

test('of two who edit at once the second is told, and shown the newest (C19)', async (t) => {
  const { stack, admin } = t.context;
  const type = await buildType(stack);
  const page = await admin.browser.get(type.path);
  t.is((await sendForm(admin.browser, type.path, type.path, { other: 'first' })).status, 303);
  for (const action of [type.path, `${type.path}/delete`]) {
    const fields = { ...formOf(page.text, action), ...(action === type.path ? { other: 'second' } : {}) };
    const answer = await admin.browser.post(action, fields, page);
    t.is(answer.status, 409, action);
    t.true(answer.text.includes('Somebody else has changed this meanwhile'));
    t.is(formOf(answer.text, type.path).other, 'first');
  }
  t.deepEqual((await typeOf(stack, type.name)).permissions, ['first']);
});

test('only a type that nobody has and that is no default can be deleted', async (t) => {
  const { stack, admin } = t.context;
  const [free, used] = [await buildType(stack), await buildType(stack)];
  const opened = await admin.browser.get(used.path);
  await buildUser(stack.db, { user_type_id: used.id });
  const action = `${used.path}/delete`;
  const refused = await admin.browser.post(action, formOf(opened.text, action), opened);
  t.is(refused.status, 409);
  t.true(refused.text.includes('cannot be deleted while users have it'));
  t.false(refused.text.includes(`action="${action}"`), 'not offered any more');
  const standard = await typeOf(stack, 'Partner administrator');
  const shown = await admin.browser.get(`${list}/${standard.id}`);
  t.true(shown.text.includes('new users get it by default'));
  const { stamp = '' } = formOf(shown.text, `${list}/${standard.id}`);
  t.is((await admin.browser.post(`${list}/${standard.id}/delete`, { stamp }, shown)).status, 409);
  t.truthy(await typeOf(stack, standard.name));

  t.is((await sendForm(admin.browser, free.path, `${free.path}/delete`)).location, list);
  t.is(await typeOf(stack, free.name), undefined);
  t.like((await auditOf(stack, free.id))[0], { action: 'userType.deleted', after: null });
  t.is((await admin.browser.get(free.path)).status, 404);
});

test('operators and viewers read, cannot change, and are not offered to (A15)', async (t) => {
  const { stack } = t.context;
  const type = await buildType(stack, { permissions: ['reports.read'] });
  for (const role of ['viewer', 'operator'] as const) {
    const { browser } = await buildStaff(stack, role);
    const shown = await browser.get(type.path);
    t.true(shown.text.includes('reports.read'));
    t.false(shown.text.includes(`action="${type.path}`));
    t.is((await browser.get(list)).status, 200);
    t.is((await browser.get(newPage)).status, 403);
    const fields = { name: 'Mine', other: '', stamp: 'x' };
    for (const path of [list, type.path, `${type.path}/delete`])
      t.is((await browser.post(path, path.endsWith('delete') ? { stamp: 'x' } : fields, shown)).status, 403, path);
  }
  const anonymous = new BrowserSession(stack.url);
  for (const path of [list, newPage, type.path]) t.is((await anonymous.get(path)).location, '/console/login', path);
  t.is((await anonymous.post(list, {}, await anonymous.get('/console/login'))).status, 401);
  t.truthy(await typeOf(stack, type.name));
});

test('what is no user type is not found', async (t) => {
  const { admin } = t.context;
  const page = await admin.browser.get(newPage);
  for (const id of [randomUUID(), 'nothing', '%00', "'; drop table users"]) {
    const path = `${list}/${encodeURIComponent(decodeURIComponent(id))}`;
    t.is((await admin.browser.get(path)).status, 404, id);
    t.is((await admin.browser.post(`${path}/delete`, { stamp: 'x' }, page)).status, 404, id);
    t.is((await admin.browser.post(path, { stamp: 'x', name: 'x' }, page)).status, 404, id);
  }
});
