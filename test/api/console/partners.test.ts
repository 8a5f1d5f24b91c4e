import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { openSession } from '../../../api/sessions.js';
import type { Database } from '../../../db/connection.js';
import type { StaffRole } from '../../../db/models.js';
import { buildUser } from '../../db/fixtures/rows.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; db: Database; admin: BuiltStaff; staff: Record<StaffRole, BuiltStaff> }>;

test.before(async (t) => {
  const stack = await startStack();
  const [viewer, operator, admin] = [
    await buildStaff(stack, 'viewer'),
    await buildStaff(stack, 'operator'),
    await buildStaff(stack, 'admin'),
  ];
  Object.assign(t.context, { stack, db: stack.db, admin, staff: { viewer, operator, admin } });
});
test.after.always((t) => t.context.stack?.stop());

const list = '/console/partners';
const create = `${list}/new`;

async function buildPartner(db: Database, overrides: Record<string, unknown> = {}): Promise<string> {
  const [partner] = await db('partners')
    .insert({ name: 'Acme GmbH', country: 'DE', origin: 'console', ...overrides })
    .returning('id');
  return partner.id;
}

const auditOf = (db: Database, subject: string) =>
  db('audit_log').where({ subject_type: 'partner', subject }).orderBy('id');

test.serial('an admin makes a partner; what was made stands in the audit log', async (t) => {
  const { db, admin } = t.context;
  const typed = {
    name: '  Muster Handels GmbH ',
    street: 'Hauptstraße 12',
    postalCode: '50667',
    city: 'Köln',
    country: 'DE',
    vatNumber: 'de 123.456-789',
    externalId: 'M-1',
  };
  const answer = await sendForm(admin.browser, create, create, typed);
  t.is(answer.status, 303, answer.text);
  const id = answer.location?.split('/').at(-1) ?? '';
  const row = await db('partners').where({ id }).first();
  t.like(row, { name: 'Muster Handels GmbH', postal_code: '50667', vat_number: 'DE123456789', external_id: 'M-1' });
  t.like(row, { origin: 'console', parent_id: null, disabled_at: null });
  const page = await admin.browser.get(answer.location ?? '');
  t.true(page.text.includes('The partner is created.'));
  t.true(page.text.includes('Hauptstraße 12'));
  const lines = await auditOf(db, id);
  t.is(lines.length, 1);
  t.like(lines[0], { action: 'partner.created', staff_id: admin.id });
  t.is(lines[0].after.name, 'Muster Handels GmbH');
});

test.serial('what is wrong is told beside its field, and what was typed stays', async (t) => {
  const { db, admin } = t.context;
  await buildPartner(db, { external_id: 'taken' });
  const count = async () => Number((await db('partners').count('* as n').first())?.n);
  const before = await count();
  for (const [typed, named] of [
    [{ name: '  ' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ name: 'A\u202Ecba' }, 'name'],
    [{ name: 'Right', country: 'XX' }, 'country'],
    [{ name: 'Right', vatNumber: 'x' }, 'vatNumber'],
    [{ name: 'Right', city: 'y'.repeat(101) }, 'city'],
    [{ name: 'Right', externalId: 'taken' }, 'externalId'],
    [{ name: 'Right', externalId: 'code:abc' }, 'externalId'],
    [{ name: 'Right', parentId: randomUUID() }, 'parentId'],
    [{ name: 'Right', parentId: 'nobody' }, 'parentId'],
  ] as const) {
    const answer = await sendForm(admin.browser, create, create, { street: 'Kept Street 1', ...typed });
    t.is(answer.status, 400);
    t.regex(answer.text, new RegExp(`id="${named}-error">[^<]{10,}<`), named);
    t.true(answer.text.includes('value="Kept Street 1"'));
  }
  t.is(await count(), before);
});

test.serial('a partner is changed field by field in the audit log, and nothing changed leaves no line', async (t) => {
  const { db, admin } = t.context;
  const parent = await buildPartner(db, { name: 'Parent AG' });
  const id = await buildPartner(db, { city: 'Köln' });
  const edit = `${list}/${id}/edit`;
  t.is((await sendForm(admin.browser, edit, edit)).status, 303);
  t.deepEqual(await auditOf(db, id), []);
  t.is((await sendForm(admin.browser, edit, edit, { city: 'Bonn', parentId: parent })).status, 303);
  const [line, ...others] = await auditOf(db, id);
  t.deepEqual(
    [line.before, line.after],
    [
      { city: 'Köln', parent_id: null },
      { city: 'Bonn', parent_id: parent },
    ],
  );
  t.deepEqual(others, []);
  t.true((await admin.browser.get(`${list}/${id}`)).text.includes('Parent AG'));
});

test.serial('of two who change the same partner, the second is told and shown the newest (C19)', async (t) => {
  const { db, admin } = t.context;
  const id = await buildPartner(db);
  const edit = `${list}/${id}/edit`;
  const page = await admin.browser.get(edit);
  const form = formOf(page.text, edit);
  t.is((await admin.browser.post(edit, { ...form, name: 'First GmbH' }, page)).status, 303);
  const late = await admin.browser.post(edit, { ...form, name: 'Second GmbH' }, page);
  t.is(late.status, 409);
  t.true(late.text.includes('Somebody else has changed this meanwhile.'));
  t.true(late.text.includes('value="First GmbH"'));
  t.is((await db('partners').where({ id }).first()).name, 'First GmbH');
  t.is((await admin.browser.post(edit, { ...formOf(late.text, edit), name: 'Third GmbH' }, late)).status, 303);
});

test.serial('a partner never comes to stand under itself', async (t) => {
  const { db, admin } = t.context;
  const top = await buildPartner(db);
  const middle = await buildPartner(db, { parent_id: top });
  const low = await buildPartner(db, { parent_id: middle });
  const edit = `${list}/${top}/edit`;
  for (const parentId of [top, middle, low]) {
    const answer = await sendForm(admin.browser, edit, edit, { parentId });
    t.is(answer.status, 400);
    t.true(answer.text.includes('A partner cannot stand under itself'));
  }
  t.is((await db('partners').where({ id: top }).first()).parent_id, null);
});

test.serial('an id that stands for a code is not shown, and outlives a change', async (t) => {
  const { db, admin } = t.context;
  const id = await buildPartner(db, { external_id: `code:${randomUUID()}`, origin: 'provider' });
  const { external_id } = await db('partners').where({ id }).first();
  const edit = `${list}/${id}/edit`;
  t.false((await admin.browser.get(edit)).text.includes('code:'));
  t.false((await admin.browser.get(`${list}/${id}`)).text.includes('code:'));
  t.is((await sendForm(admin.browser, edit, edit, { city: 'Bonn' })).status, 303);
  t.like(await db('partners').where({ id }).first(), { city: 'Bonn', external_id });
});

test.serial("disabling ends the sessions of the partner's users and of no others; it can be undone", async (t) => {
  const { db, admin } = t.context;
  const id = await buildPartner(db);
  const other = await buildPartner(db);
  for (const partner_id of [id, other]) {
    const user = await buildUser(db, { customer_id: null, partner_id });
    await openSession(db, 'sessions', user.id);
  }
  const sessions = (partner_id: string) =>
    db('sessions').whereIn('user_id', db('users').where({ partner_id }).select('id'));
  const page = await admin.browser.get(`${list}/${id}`);
  t.true(page.text.includes('Its users are logged out at once, and its codes are refused from now on.'));
  for (let time = 0; time < 2; time++)
    t.is((await admin.browser.post(`${list}/${id}/disable`, {}, page)).location, `${list}/${id}`);
  t.truthy((await db('partners').where({ id }).first()).disabled_at);
  t.is((await sessions(id)).length, 0);
  t.is((await sessions(other)).length, 1);
  const disabled = await admin.browser.get(`${list}/${id}`);
  t.true(disabled.text.includes('The partner is disabled'));
  t.is((await admin.browser.post(`${list}/${id}/enable`, {}, disabled)).status, 303);
  t.is((await db('partners').where({ id }).first()).disabled_at, null);
  t.deepEqual(
    (await auditOf(db, id)).map(({ action }) => action),
    ['partner.disabled', 'partner.enabled'],
  );
});

test.serial('the list is searched by how names begin and shown page by page', async (t) => {
  const { db, staff } = t.context;
  const mark = randomUUID().slice(0, 8);
  const names = Array.from({ length: 120 }, (_, n) => `${mark}_${String(n % 60).padStart(3, '0')}`);
  await db('partners').insert(names.map((name) => ({ name, origin: 'console' })));
  await buildPartner(db, { name: `${mark}x000` });
  const { browser } = staff.viewer;
  const seen: string[] = [];
  let path: string | undefined = `${list}?name=${mark.toUpperCase()}_`;
  for (let pages = 0; path && pages < 5; pages++) {
    const page = await browser.get(path);
    seen.push(
      ...[...page.text.matchAll(/<a href="\/console\/partners\/[\w-]{36}">([^<]+)</g)].map(([, name]) => name!),
    );
    path = page.text.match(/href="([^"]*after=[^"]*)"/)?.[1]?.replaceAll('&amp;', '&');
  }
  t.deepEqual(seen, names.sort());
  const none = await browser.get(`${list}?name=${encodeURIComponent('%')}`);
  t.true(none.text.includes('No partner has a name that begins like this.'));
  t.is((await browser.get(`${list}?after=nonsense&name=a&name=b`)).status, 200);
});

test.serial('the list counts users and the codes that still work', async (t) => {
  const { db, staff } = t.context;
  const name = `Counted ${randomUUID()}`;
  const id = await buildPartner(db, { name });
  const past = new Date(0);
  const rows = [{}, {}, { revoked_at: past }, { expires_at: past }, { uses: 1 }];
  await db('partner_codes').insert(
    rows.map((row) => ({ partner_id: id, code_hash: Buffer.from(randomUUID()), ...row })),
  );
  for (let n = 0; n < 3; n++) await buildUser(db, { customer_id: null, partner_id: id });
  const { text } = await staff.viewer.browser.get(`${list}?name=${encodeURIComponent(name)}`);
  t.deepEqual(
    [...text.matchAll(/<td class="number"[^>]*>(\d+)</g)].map(([, number]) => number),
    ['3', '2'],
  );
});

test.serial("users are shown with masked addresses, and a partner's hostile name as text", async (t) => {
  const { db, staff } = t.context;
  const hostile = '<img src=x onerror=alert(1)>"\'&</title>';
  const id = await buildPartner(db, { name: hostile, city: hostile, external_id: hostile });
  const email = `${randomUUID()}@example.com`;
  await buildUser(db, { customer_id: null, partner_id: id, email });
  for (const path of [`${list}/${id}`, `${list}?name=${encodeURIComponent('<img')}`]) {
    const { text } = await staff.viewer.browser.get(path);
    t.false(text.includes('<img'));
    t.true(text.includes('&lt;img src=x onerror=alert(1)>'), path);
  }
  const { text } = await staff.viewer.browser.get(`${list}/${id}`);
  t.false(text.includes(email));
  t.true(text.includes(`${email[0]}***@example.com`));
});

test.serial('viewers and operators look, and only admins change (A15)', async (t) => {
  const { stack, db, staff } = t.context;
  const id = await buildPartner(db);
  for (const { browser } of [staff.viewer, staff.operator]) {
    const page = await browser.get(`${list}/${id}`);
    t.is(page.status, 200);
    t.false(/<form[^>]*partners/.test(page.text), 'nothing is offered');
    for (const path of [create, `${list}/${id}/edit`]) t.is((await browser.get(path)).status, 403);
    for (const path of [create, `${list}/${id}/edit`, `${list}/${id}/disable`, `${list}/${id}/enable`])
      t.is((await browser.post(path, {}, page)).status, 403, path);
  }
  const nobody = new BrowserSession(stack.url);
  t.is((await nobody.get(list)).location, '/console/login');
  t.is((await nobody.post(create, { name: 'x' }, await nobody.get('/console/login'))).status, 401);
  t.like(await db('partners').where({ id }).first(), { name: 'Acme GmbH', disabled_at: null });
});

test.serial('what is no partner is not found, and an unknown field is refused', async (t) => {
  const { admin } = t.context;
  for (const id of ['x', randomUUID(), '%00', "'"]) t.is((await admin.browser.get(`${list}/${id}`)).status, 404, id);
  const answer = await sendForm(admin.browser, create, create, { name: 'x', origin: 'provider' });
  t.is(answer.status, 400);
});

test.serial('where there are very many partners, the one above is found by its name', async (t) => {
  const { db, admin } = t.context;
  await db('partners').insert(Array.from({ length: 60 }, (_, n) => ({ name: `Aaa ${n}`, origin: 'console' })));
  const parent = await buildPartner(db, { name: 'Zzyzx Road Ltd' });
  const page = await admin.browser.get(create);
  t.false(page.text.includes('Zzyzx'));
  const typed = { ...formOf(page.text, create), name: 'Child', parentIdSearch: 'zzy', action: 'find' };
  const found = await admin.browser.post(create, typed, page);
  t.is(found.status, 200);
  t.true(found.text.includes(`<option value="${parent}"`));
  t.true(found.text.includes('value="Child"'), 'what was typed stays');
  const made = await admin.browser.post(create, { ...formOf(found.text, create), parentId: parent }, found);
  const id = made.location?.split('/').at(-1);
  t.is((await db('partners').where({ id }).first()).parent_id, parent);
});
