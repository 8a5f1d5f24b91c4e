import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { buildEmail } from '../../builders/registrations.js';
import { buildUser } from '../../db/fixtures/rows.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff }>;
const list = '/console/agreements';

test.before(async (t) => {
  t.context.stack = await startStack();
  t.context.admin = await buildStaff(t.context.stack, 'admin');
});
test.after.always((t) => t.context.stack?.stop());

const versionsOf = ({ db }: Stack, document: string) =>
  db('agreement_versions').where({ document }).orderBy('version', 'desc');
const auditOf = ({ db }: Stack, subject: string) => db('audit_log').where({ subject }).orderBy('id').pluck('action');
const errorOf = (page: string, name: string) => new RegExp(`id="${name}-error">([^<]{10,})<`).exec(page)?.[1];

/** A draft made in the Console from the newest version of the document. */
async function buildDraft({ stack, admin }: { stack: Stack; admin: BuiltStaff }, document = 'terms') {
  const [newest] = await versionsOf(stack, document);
  const page = await admin.browser.get(list);
  const answer = await admin.browser.post(`${list}/drafts`, { from: newest.id }, page);
  const path = answer.location ?? '';
  return { path, id: path.split('/').at(-1) ?? '', preview: `${path}/preview`, publish: `${path}/publish` };
}

test.serial(
  'a draft starts from the current texts, is edited, previewed and published as the next version',
  async (t) => {
    const { stack, admin } = t.context;
    const draft = await buildDraft(t.context);
    const page = await admin.browser.get(draft.path);
    const form = formOf(page.text, draft.path);
    t.like(form, {
      'title-en': 'Terms of Service',
      'title-de': 'Nutzungsbedingungen',
      forCustomer: 'on',
      forPartner: 'on',
    });
    t.regex(form['body-en'] ?? '', /^## Your account\nYou register/);
    const typed = { 'body-en': '## New\r\nNot a <b>word</b> of it.\r\n\r\nThe end.', 'title-de': '', 'body-de': '' };
    const saved = await sendForm(admin.browser, draft.path, draft.path, typed);
    t.deepEqual([saved.status, saved.location], [303, draft.preview]);
    const preview = await admin.browser.get(draft.preview);
    t.true(preview.text.includes('<h3>New</h3><p>Not a &lt;b>word&lt;/b> of it.</p><p>The end.</p>'));

    const hasty = await sendForm(admin.browser, draft.preview, draft.publish);
    t.is(hasty.status, 400);
    t.truthy(errorOf(hasty.text, 'confirm'));
    t.is((await versionsOf(stack, 'terms')).length, 1);
    const answer = await sendForm(admin.browser, draft.preview, draft.publish, { confirm: 'on' });
    t.deepEqual([answer.status, answer.location], [303, list]);
    const [published] = await versionsOf(stack, 'terms');
    t.like(published, { version: 2, kinds: ['customer', 'partner'] });
    const texts = await stack.db('agreement_texts').where({ agreement_version_id: published.id });
    t.deepEqual(
      texts.map(({ language, body }) => [language, body]),
      [['en', '## New\nNot a <b>word</b> of it.\n\nThe end.']],
    );
    t.deepEqual(await auditOf(stack, draft.id), ['agreement.drafted', 'agreement.draftChanged']);
    t.deepEqual(await auditOf(stack, published.id), ['agreement.published']);
    t.is((await admin.browser.get(draft.path)).status, 404, 'the draft is gone');
    const current = await new BrowserSession(stack.url).get('/agreements/terms');
    t.true(current.text.includes('The end.'), 'people see it from now on');
  },
);

test.serial('a version for one kind is current for that kind only', async (t) => {
  const { stack, admin } = t.context;
  const draft = await buildDraft(t.context, 'privacy');
  const only = { forCustomer: undefined, 'title-en': 'Privacy of partners' };
  t.is((await sendForm(admin.browser, draft.path, draft.path, only)).status, 303);
  t.is((await sendForm(admin.browser, draft.preview, draft.publish, { confirm: 'on' })).status, 303);
  const [published] = await versionsOf(stack, 'privacy');
  t.deepEqual(published.kinds, ['partner']);
  const person = new BrowserSession(stack.url);
  const titles = async (query: string) =>
    (await person.json('GET', `/api/v1/agreements${query}`)).json<{ title: string }[]>().map(({ title }) => title);
  t.true((await titles('?kind=partner')).includes('Privacy of partners'));
  t.false((await titles('')).includes('Privacy of partners'));
  t.true((await person.get('/agreements/privacy?kind=partner')).text.includes('Privacy of partners'));
  t.false((await person.get('/agreements/privacy')).text.includes('Privacy of partners'));
  t.is((await person.get('/agreements/privacy?kind=staff')).status, 404);
  t.is((await person.json('GET', '/api/v1/agreements?kind=staff')).status, 400);
  t.is((await admin.browser.get(list)).text.split('>Current<').length - 1, 3, 'each kind has its own');
});

test.serial('a draft that is not whole is kept but cannot be published', async (t) => {
  const { stack, admin } = t.context;
  const draft = await buildDraft(t.context);
  for (const [typed, words] of [
    [{ 'body-en': ' ' }, /English title and text are still missing/],
    [{ 'body-en': 'Text', 'title-de': 'Titel', 'body-de': '' }, /only a title or only a text/],
  ] as const) {
    t.is((await sendForm(admin.browser, draft.path, draft.path, typed)).status, 303);
    const preview = await admin.browser.get(draft.preview);
    t.regex(preview.text, words);
    t.false(preview.text.includes(draft.publish), 'not offered');
    const { version = '' } = formOf((await admin.browser.get(draft.path)).text, draft.path);
    t.is((await admin.browser.post(draft.publish, { version, confirm: 'on' }, preview)).status, 400);
  }
  for (const [field, typed] of [
    ['forCustomer', { forCustomer: undefined, forPartner: undefined }],
    ['title-en', { 'title-en': 'A\u0000' }],
    ['title-en', { 'title-en': 'A'.repeat(201) }],
    ['body-de', { 'body-de': 'A\u202E' }],
    ['body-de', { 'body-de': 'A'.repeat(200_001) }],
  ] as const) {
    const answer = await sendForm(admin.browser, draft.path, draft.path, typed);
    t.is(answer.status, 400, field);
    t.truthy(errorOf(answer.text, field), field);
  }
  const long = await sendForm(admin.browser, draft.path, draft.path, { 'body-en': 'ä'.repeat(200_000) });
  t.is(long.status, 303, 'a hundred pages are no error');
  t.is((await sendForm(admin.browser, draft.path, `${draft.path}/delete`)).location, list);
  t.is((await auditOf(stack, draft.id)).at(-1), 'agreement.draftDeleted');
});

test.serial('of two who edit, publish or discard at once the second is told (C19)', async (t) => {
  const { stack, admin } = t.context;
  const draft = await buildDraft(t.context);
  const [page, preview] = [await admin.browser.get(draft.path), await admin.browser.get(draft.preview)];
  t.is((await sendForm(admin.browser, draft.path, draft.path, { 'title-en': 'First' })).status, 303);
  const count = (await versionsOf(stack, 'terms')).length;
  for (const [from, action, typed] of [
    [page, draft.path, { 'title-en': 'Second' }],
    [page, `${draft.path}/delete`, {}],
    [preview, draft.publish, { confirm: 'on' }],
  ] as const) {
    const answer = await admin.browser.post(action, { ...formOf(from.text, action), ...typed } as never, from);
    t.is(answer.status, 409, action);
    t.true(answer.text.includes('First'), 'shows the newest');
  }
  t.is((await versionsOf(stack, 'terms')).length, count);
});

test.serial('drafts that are published at the same moment get numbers without gap or double', async (t) => {
  const { stack, admin } = t.context;
  const drafts = await Promise.all(Array.from({ length: 6 }, () => buildDraft(t.context)));
  const answers = await Promise.all(
    drafts.map(({ preview, publish }) => sendForm(admin.browser, preview, publish, { confirm: 'on' })),
  );
  t.true(answers.every(({ status }) => status === 303));
  const numbers = (await versionsOf(stack, 'terms')).map(({ version }) => version);
  t.deepEqual(
    numbers,
    numbers.map((_, index) => numbers.length - index),
  );
});

test.serial(
  'who accepted a version is shown masked, in pages; the export is whole, safe and noted (A15, V15)',
  async (t) => {
    const { stack, admin } = t.context;
    const [version] = (await versionsOf(stack, 'privacy')).slice(-1);
    const people = await Promise.all(
      Array.from({ length: 53 }, (_, n) =>
        buildUser(stack.db, { email: buildEmail(`p${n}`), given_name: '=HYPERLINK("x")', family_name: '山田' }),
      ),
    );
    const accepted_at = new Date(1_700_000_000_000);
    const rows = people.map(({ id }) => ({
      user_id: id,
      agreement_version_id: version.id,
      language: 'de',
      accepted_at,
    }));
    await stack.db('consents').insert(rows);
    const path = `${list}/versions/${version.id}`;
    const first = await admin.browser.get(path);
    const next = /href="([^"]*\?after=[^"]*)"/.exec(first.text)?.[1] ?? '';
    const second = await admin.browser.get(next);
    const shown = [first, second].map(({ text }) => text.match(/>p\*\*\*@example\.com</g)?.length);
    t.deepEqual(shown, [50, 3]);
    t.true(first.text.includes('=*** 山***'));
    t.false(first.text.includes('HYPERLINK'));
    t.is((await admin.browser.get(`${path}?after=nonsense`)).status, 200);

    const csv = await sendForm(admin.browser, path, `${path}/export`);
    t.is(csv.headers.get('content-type'), 'text/csv; charset=utf-8');
    t.regex(csv.headers.get('content-disposition') ?? '', /attachment; filename="privacy-1-acceptances\.csv"/);
    const lines = csv.text.trim().split('\r\n');
    t.is(lines.length, 54);
    const { email } = await stack.db('users').where({ id: people[0]?.id }).first('email');
    const line = lines.find((one) => one.includes(email));
    t.is(line, `"${email}","'=HYPERLINK(""x"")","山田","de","2023-11-14T22:13:20.000Z","privacy","1"`);
    t.deepEqual(await auditOf(stack, version.id), ['agreement.exported']);
  },
);

test.serial('operators and viewers read what is published and what is drafted, and change nothing (A15)', async (t) => {
  const { stack } = t.context;
  const draft = await buildDraft(t.context);
  const [version] = await versionsOf(stack, 'terms');
  const path = `${list}/versions/${version.id}`;
  for (const role of ['viewer', 'operator'] as const) {
    const { browser } = await buildStaff(stack, role);
    const [shown, one, preview] = [await browser.get(list), await browser.get(path), await browser.get(draft.preview)];
    t.deepEqual([shown.status, one.status, preview.status], [200, 200, 200]);
    for (const page of [shown, one, preview]) t.notRegex(page.text, /<form[^>]*action="\/console\/agreements/);
    t.is((await browser.get(draft.path)).status, 403);
    for (const [action, fields] of [
      [`${list}/drafts`, { from: version.id }],
      [draft.path, { version: '1' }],
      [draft.publish, { version: '1', confirm: 'on' }],
      [`${draft.path}/delete`, { version: '1' }],
      [`${path}/export`, {}],
    ] as const)
      t.is((await browser.post(action, fields, shown)).status, 403, action);
  }
  const anonymous = new BrowserSession(stack.url);
  const login = await anonymous.get('/console/login');
  for (const address of [list, path, draft.path, draft.preview])
    t.is((await anonymous.get(address)).location, '/console/login', address);
  t.is((await anonymous.post(`${path}/export`, {}, login)).status, 401);
});

test.serial('what is no version and no draft is not found', async (t) => {
  const { admin } = t.context;
  const page = await admin.browser.get(list);
  for (const id of [randomUUID(), 'nothing']) {
    for (const path of [`${list}/versions/${id}`, `${list}/drafts/${id}`, `${list}/drafts/${id}/preview`])
      t.is((await admin.browser.get(path)).status, 404, path);
    t.is((await admin.browser.post(`${list}/versions/${id}/export`, {}, page)).status, 404);
    t.is((await admin.browser.post(`${list}/drafts/${id}/publish`, { version: '1' }, page)).status, 404);
  }
  t.is((await admin.browser.post(`${list}/drafts`, { from: randomUUID() }, page)).status, 404);
  t.is((await admin.browser.post(`${list}/drafts`, { from: 'x' }, page)).status, 400);
});
