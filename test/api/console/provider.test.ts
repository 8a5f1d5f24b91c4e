import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { findListed, loadProvider, providerSecrets } from '../../../db/partner-provider.js';
import { SecretKeys } from '../../../db/secret-keys.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, formOf, sendForm } from './fixtures.js';

interface Setting {
  stack: Stack;
  admin: BuiltStaff;
  operator: BuiltStaff;
  viewer: BuiltStaff;
  keys: SecretKeys;
}
const test = anyTest as TestFn<Setting>;

const path = '/console/provider';
const listPath = `${path}/list`;
const testPath = `${path}/tests`;
/** Never to be seen again. */
const sentinel = `sentinel-${randomUUID()}`;
const listed = 'http://provider.test:8080';
const url = `${listed}/lookup?code={code}`;
const complete = {
  enabled: 'on',
  plugin: 'http-json',
  url,
  authentication: 'bearer',
  token: sentinel,
  mappingName: 'name',
};

test.before(async (t) => {
  const stack = await startStack({ PROVIDER_ALLOWED_ORIGINS: listed });
  const [viewer, operator] = [await buildStaff(stack, 'viewer'), await buildStaff(stack, 'operator')];
  const keys = SecretKeys.parse(stack.env.SECRET_KEYS ?? '');
  Object.assign(t.context, { stack, viewer, operator, admin: await buildStaff(stack, 'admin'), keys });
});
test.after.always((t) => t.context.stack?.stop());

/** As on the first day. */
test.beforeEach(async (t) => {
  await t.context.stack.db('partner_provider').update({
    enabled: false,
    plugin: 'http-json',
    config: '{}',
    mapping: '{}',
    sealed_secrets: null,
    target_partner_id: null,
  });
});

const save = ({ admin }: Setting, typed: Record<string, string | undefined>) =>
  sendForm(admin.browser, path, path, typed);
const secretsOf = async ({ stack, keys }: Setting) => providerSecrets(await loadProvider(stack.db), keys);

test.serial(
  'an admin sets the provider; its secret is sealed, and in no answer, audit line or log (F10)',
  async (t) => {
    const { stack, admin, viewer } = t.context;
    const typed = { ...complete, authentication: 'bearer', timeLimitSeconds: '7', mappingCity: 'address.city' };
    const answer = await save(t.context, typed);
    t.is(answer.location, path, answer.text);
    const row = await loadProvider(stack.db);
    t.like(row, { enabled: true, plugin: 'http-json', mapping: { name: 'name', city: 'address.city' } });
    t.deepEqual(row.config, { url, authentication: 'bearer', timeLimitSeconds: 7 });
    t.deepEqual(await secretsOf(t.context), { token: sentinel });
    t.false(row.sealed_secrets?.toString('latin1').includes(sentinel));

    const pages = [answer, await admin.browser.get(path), await viewer.browser.get(path)];
    t.true(pages[1]?.text.includes('One is stored. Leave this empty to keep it.'));
    const audit = await stack.db('audit_log').where({ subject_type: 'provider' });
    t.is(audit.at(-1).after.secrets, 'changed');
    t.is(audit.at(-1).after['config.url'], `${listed}/lookup`, 'without its query');
    const dump = await stack.db.raw("select string_agg(p::text, '') as text from partner_provider p");
    for (const where of [
      ...pages.map(({ text }) => text),
      JSON.stringify(audit),
      dump.rows[0].text,
      await stack.logs(),
    ])
      t.false(where.includes(sentinel));
  },
);

test.serial(
  'an empty secret keeps the stored one, a new one replaces it, an optional one can be removed',
  async (t) => {
    await save(t.context, { ...complete, signingSecret: 'signed' });
    t.is((await save(t.context, { timeLimitSeconds: '3' })).status, 303);
    t.deepEqual(await secretsOf(t.context), { token: sentinel, signingSecret: 'signed' });
    t.is((await save(t.context, { token: 'newer' })).status, 303);
    t.deepEqual(await secretsOf(t.context), { token: 'newer', signingSecret: 'signed' });
    t.is((await save(t.context, { signingSecretRemoved: 'on' })).status, 303);
    t.deepEqual(await secretsOf(t.context), { token: 'newer' });
  },
);

test.serial(
  'another address or login asks for the secrets again; the stored ones stay where they were (F11)',
  async (t) => {
    const { stack } = t.context;
    await save(t.context, complete);
    for (const changed of [
      { url: `${listed}/elsewhere` },
      { url: 'http://other.test/lookup' },
      { authentication: 'basic', userName: 'ann' },
    ]) {
      const answer = await save(t.context, changed);
      t.is(answer.status, 400);
      t.regex(answer.text, /id="(token|url|password)-error">[^<]{10,}</);
      t.like((await loadProvider(stack.db)).config, { url, authentication: 'bearer' });
    }
    t.true((await save(t.context, { url: `${listed}/elsewhere` })).text.includes('Please enter this secret again'));
    t.is(
      (await save(t.context, { url: `${listed}/lookup?key=2&code={code}` })).status,
      303,
      'only the query is another',
    );
    t.deepEqual(await secretsOf(t.context), { token: sentinel });
    t.is((await save(t.context, { url: `${listed}/elsewhere`, token: 'fresh' })).status, 303);
    t.deepEqual(await secretsOf(t.context), { token: 'fresh' });
    t.is((await save(t.context, { enabled: undefined, url: `${listed}/third` })).status, 303, 'while it is off');
    t.deepEqual(await secretsOf(t.context), {});
    const { text } = await t.context.admin.browser.get(path);
    t.true(text.includes('Secrets for the former address or login are removed'));
  },
);

const refusedUrl = test.macro({
  exec: async (t, address: string) => {
    const setting = t.context as Setting;
    for (const enabled of ['on', undefined]) {
      const answer = await save(setting, { ...complete, enabled, url: address });
      t.is(answer.status, 400);
      t.regex(answer.text, /id="url-error">[^<]{10,}</);
    }
    t.deepEqual((await loadProvider(setting.stack.db)).config, {});
  },
  title: (_, address) => `the address ${address} is refused, on or off (F1)`,
});
for (const address of [
  'http://partners.example.com/',
  'https://partners.example.com/',
  'ftp://provider.test/',
  'http://user:secret@provider.test:8080/',
  'http://provider.test:22/',
  'http://provider.test:8080/#x',
  'https://127.0.0.1/',
  'https://{code}.provider.test/',
  'no address',
])
  test.serial(refusedUrl, address);

test.serial('on needs everything, off needs nothing; what is wrong is told beside its field', async (t) => {
  const { stack } = t.context;
  t.is((await save(t.context, {})).status, 303);
  t.is((await save(t.context, { plugin: 'http-json', url, authentication: 'basic' })).status, 303);
  t.like((await loadProvider(stack.db)).config, { url, authentication: 'basic' });
  for (const [typed, named] of [
    [{ url: '' }, 'url'],
    [{ token: '' }, 'token'],
    [{ token: 'a\u0007b' }, 'token'],
    [{ mappingName: '' }, 'mappingName'],
    [{ mappingCity: '__proto__.x' }, 'mappingCity'],
    [{ timeLimitSeconds: '11' }, 'timeLimitSeconds'],
    [{ timeLimitSeconds: 'soon' }, 'timeLimitSeconds'],
    [{ authentication: 'apiKey', apiKey: 'k', headerName: 'Host' }, 'headerName'],
    [{ targetPartner: randomUUID() }, 'targetPartner'],
  ] as const) {
    await stack.db('partner_provider').update({ config: '{}' });
    const answer = await save(t.context, { ...complete, ...typed });
    t.is(answer.status, 400, JSON.stringify(typed));
    t.regex(answer.text, new RegExp(`id="${named}-error">[^<]{10,}<`), JSON.stringify(typed));
    t.false(answer.text.includes(sentinel), 'a typed secret is not sent back');
  }
  t.false((await loadProvider(stack.db)).enabled);
});

test.serial('another kind or login shows its fields without script, and keeps what was typed', async (t) => {
  const { stack, admin } = t.context;
  const page = await admin.browser.get(path);
  t.false(page.text.includes('name="clientId"'));
  const typed = { ...formOf(page.text, path), url: 'https://typed.example/', authentication: 'oauth2', action: 'show' };
  const shown = await admin.browser.post(path, { ...typed, signingSecret: sentinel }, page);
  t.is(shown.status, 200);
  for (const name of ['tokenUrl', 'clientId', 'clientSecret', 'scope'])
    t.true(shown.text.includes(`name="${name}"`), name);
  t.true(shown.text.includes('value="https://typed.example/"'));
  t.false(shown.text.includes(sentinel));
  const csv = await admin.browser.post(
    path,
    { ...formOf(shown.text, path), plugin: 'csv-file', action: 'show' },
    shown,
  );
  t.false(csv.text.includes('name="url"'));
  t.true(csv.text.includes('name="list"'));
  t.deepEqual((await loadProvider(stack.db)).config, {}, 'nothing is saved');
});

test.serial('new partners stand under an enabled partner, or the own company', async (t) => {
  const { stack, viewer } = t.context;
  const insert = (row: object) =>
    stack
      .db('partners')
      .insert({ name: '<b>Target</b>', origin: 'console', ...row })
      .returning('id');
  const [[target], [disabled]] = [await insert({}), await insert({ disabled_at: new Date() })];
  t.is((await save(t.context, { ...complete, targetPartner: disabled.id })).status, 400);
  t.is((await save(t.context, { ...complete, targetPartner: target.id })).status, 303);
  t.is((await loadProvider(stack.db)).target_partner_id, target.id);
  t.true((await viewer.browser.get(path)).text.includes('&lt;b>Target&lt;/b>'));
});

test.serial('of two who change the settings, the second is told and shown the newest (C19)', async (t) => {
  const { stack, admin } = t.context;
  await save(t.context, complete);
  const page = await admin.browser.get(path);
  const form = formOf(page.text, path);
  t.is((await admin.browser.post(path, { ...form, timeLimitSeconds: '3' }, page)).status, 303);
  const late = await admin.browser.post(path, { ...form, timeLimitSeconds: '9' }, page);
  t.is(late.status, 409);
  t.true(late.text.includes('Somebody else has changed this meanwhile.'));
  t.regex(late.text, /name="timeLimitSeconds" value="3"/);
  t.like((await loadProvider(stack.db)).config, { timeLimitSeconds: 3 });
  t.deepEqual(await secretsOf(t.context), { token: sentinel });
});

test.serial('a list takes the place of the one before, whole or not at all; codes are kept as hashes', async (t) => {
  const { stack, keys, admin } = t.context;
  await save(t.context, { plugin: 'csv-file' });
  const upload = (list: string) => sendForm(admin.browser, path, listPath, { list });
  t.is((await upload('Code;Name\r\nab-1;Müller\r\nAB-2;"<b>Acme; Söhne</b>"\r\n')).location, path);
  t.true((await admin.browser.get(path)).text.includes('The list has 2 partners.'));
  t.deepEqual(await findListed(stack.db, keys, 'AB1'), { Name: 'Müller' });
  t.is(await findListed(stack.db, keys, 'AB3'), undefined);
  const stored = await stack.db('provider_list');
  t.false(JSON.stringify(stored).includes('AB1') || JSON.stringify(stored).includes('ab-1'));

  const wrong = await upload('code,name\nA,One\n,<i>Two</i>\nA,Three\n');
  t.is(wrong.status, 400);
  t.regex(wrong.text, /Line 3: The code is missing\..*Line 4: This code stands further up already\./s);
  t.true(wrong.text.includes('&lt;i>Two'), 'what was pasted stays, as text');
  for (const list of ['', 'code,name\n', 'name\nx\n', 'code,"name\nx,y\n']) t.is((await upload(list)).status, 400);
  t.is((await stack.db('provider_list')).length, 2);

  t.is((await upload('code,name\nC9,Only\n')).status, 303);
  t.is(await findListed(stack.db, keys, 'AB1'), undefined);
  t.deepEqual(await findListed(stack.db, keys, 'C9'), { name: 'Only' });
  const lines = await stack.db('audit_log').where({ action: 'provider.listUploaded', subject: 'list' }).orderBy('id');
  t.deepEqual(
    lines.map(({ after }) => after),
    [{ partners: 2 }, { partners: 1 }],
  );
});

test.serial('a list of many partners is taken, one that is too large is not; two at once do not mix', async (t) => {
  const { stack, admin } = t.context;
  await save(t.context, { plugin: 'csv-file' });
  const list = (mark: string, count: number) =>
    `code,name\n${Array.from({ length: count }, (_, n) => `${mark}${n},Partner ${n}`).join('\n')}`;
  t.is((await sendForm(admin.browser, path, listPath, { list: list('M', 20_000) })).status, 303);
  t.is((await stack.db('provider_list')).length, 20_000);
  t.is((await sendForm(admin.browser, path, listPath, { list: 'x'.repeat(2_100_000) })).status, 413);
  const page = await admin.browser.get(path);
  const form = formOf(page.text, listPath);
  const answers = await Promise.all(
    ['A', 'B', 'C'].map((mark) => admin.browser.post(listPath, { ...form, list: list(mark, 300) }, page)),
  );
  t.deepEqual(answers.map(({ status }) => status).sort(), [303, 409, 409]);
  t.is((await stack.db('provider_list')).length, 300);
});

test.serial('operators and viewers look; operators test; only admins change (A15)', async (t) => {
  const { stack, operator, viewer } = t.context;
  await save(t.context, complete);
  for (const { browser } of [operator, viewer]) {
    const page = await browser.get(path);
    t.is(page.status, 200);
    t.true(page.text.includes('Only administrators can change them.'));
    t.false(page.text.includes('name="token"'));
    t.is((await browser.post(path, { plugin: 'csv-file', version: '1' }, page)).status, 403);
    t.is((await browser.post(listPath, { list: 'x', version: '1' }, page)).status, 403);
  }
  const page = await viewer.browser.get(path);
  t.false(page.text.includes(`action="${testPath}"`));
  t.is((await viewer.browser.post(testPath, { code: 'X' }, page)).status, 403);
  t.true((await operator.browser.get(path)).text.includes(`action="${testPath}"`));
  const nobody = new BrowserSession(stack.url);
  t.is((await nobody.get(path)).location, '/console/login');
  t.is((await nobody.post(path, {}, await nobody.get('/console/login'))).status, 401);
  t.is((await loadProvider(stack.db)).plugin, 'http-json');
});
