import anyTest, { type TestFn } from 'ava';
import { buildAnswers, buildEmail, buildLink, password } from '../builders/registrations.js';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';

/** Bad input (security.md §6): refused at the edge with the field named, and nothing of it stored, sent or lost. */
interface Fixture {
  stack: Stack;
  email: string;
  link: string;
  json: string;
  accepted: string[];
}
const test = anyTest as TestFn<Fixture>;

test.before(async (t) => {
  const stack = await startStack();
  t.context.stack = stack;
  const email = buildEmail();
  const link = await buildLink(stack, email);
  const page = await new BrowserSession(stack.url).get(link);
  const accepted = [hiddenField(page.text, 'terms'), hiddenField(page.text, 'privacy')];
  Object.assign(t.context, { email, link, accepted, json: `/api/v1/registration-links/${link.split('/').at(-1)}` });
});
test.after.always((t) => t.context.stack?.stop());

const submitJson = ({ stack, json, accepted }: Fixture, change: Record<string, unknown>) => {
  const body = { answers: buildAnswers(), password, accepted, ...change };
  const headers = { 'idempotency-key': crypto.randomUUID() };
  return new BrowserSession(stack.url).json('POST', `${json}/submission`, body, headers);
};

/** Field, value as typed, code of the refusal. */
const wrong: [string, string, string][] = [
  ...['companyName', 'companyStreet', 'companyPostalCode', 'companyCity', 'givenName', 'familyName'].flatMap(
    (field): [string, string, string][] => [
      [field, '', 'required'],
      [field, '   ', 'required'],
      [field, 'Ac\u0000me', 'invalidCharacters'],
      [field, 'Ac\u001bme', 'invalidCharacters'],
      [field, 'A\r\nBcc: x@evil.test', 'invalidCharacters'],
      [field, 'A\u202Ecba', 'invalidCharacters'],
      [field, 'A\u200Bb', 'invalidCharacters'],
      [field, 'x'.repeat(201), 'tooLong'],
    ],
  ),
  ['companyPostalCode', '1'.repeat(21), 'tooLong'],
  ['companyCity', 'x'.repeat(101), 'tooLong'],
  ['givenName', 'x'.repeat(101), 'tooLong'],
  ['familyName', '🐙'.repeat(101), 'tooLong'],
  ['companyCountry', '', 'required'],
  ['companyCountry', 'XX', 'invalidCountry'],
  ['companyCountry', 'de', 'invalidCountry'],
  ['companyCountry', 'DEU', 'tooLong'],
  ['companyVatNumber', '<b>', 'invalidVatNumber'],
  ['companyVatNumber', 'DE1', 'invalidVatNumber'],
  ['companyVatNumber', 'X'.repeat(41), 'tooLong'],
  ['phone', 'call me', 'invalidPhone'],
  ['phone', '089 123456', 'invalidPhone'],
  ['phone', `+${'1'.repeat(16)}`, 'invalidPhone'],
  ['phone', '+49\u000089123456', 'invalidCharacters'],
  ['password', '', 'required'],
  ['password', 'short', 'passwordTooShort'],
  ['password', 'passwordpassword', 'passwordTooCommon'],
  ['password', 'Acme GmbH 2026!', 'passwordContainsPersonal'],
  ['password', 'x'.repeat(257), 'passwordTooLong'],
];

const inJson = test.macro({
  exec: async (t, field: string, typed: unknown, code: string) => {
    const fixture = t.context as Fixture;
    const change = field === 'password' ? { password: typed } : { answers: { ...buildAnswers(), [field]: typed } };
    const answer = await submitJson(fixture, change);
    t.is(answer.status, 400, answer.text);
    t.like(answer.json(), { code: 'invalidFields', status: 400 });
    t.deepEqual(answer.json().fields, { [field]: code });
  },
  title: (_, field, typed, code) => `JSON: ${field} as ${show(typed)} is named: ${code}`,
});

const inForm = test.macro({
  exec: async (t, field: string, typed: string, code: string) => {
    const { stack, link } = t.context as Fixture;
    const browser = new BrowserSession(stack.url);
    const page = await browser.get(link);
    const ticked = { terms: hiddenField(page.text, 'terms'), privacy: hiddenField(page.text, 'privacy') };
    const form: Record<string, string> = { ...buildAnswers(), password, ...ticked, [field]: typed };
    const answer = await browser.post(link, form, page);
    t.is(answer.status, 400, code);
    const shown = [...answer.text.matchAll(/<p class="field-error" id="(\w+)-error">([^<]+)</g)];
    t.deepEqual(
      shown.map(([, name]) => name),
      [field],
    );
    t.true((shown[0]?.[2] ?? '').length > 10, 'in words');
    t.regex(answer.text, new RegExp(`<(input|select)[^>]*id="${field}"[^>]*aria-invalid="true"`));
    t.regex(answer.text, new RegExp(`<a href="#${field}"`));
    for (const [name, value] of Object.entries(form)) assertKept(t, answer.text, name, value);
    t.false(answer.text.includes(`value="${password}"`), 'but never the password');
  },
  title: (_, field, typed, code) => `form: ${field} as ${show(typed)} has its message beside it: ${code}`,
});

const show = (typed: unknown) => {
  const text = JSON.stringify(typed) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 30)}… (${text.length})` : text;
};

function assertKept(t: { true(value: boolean, message: string): void }, page: string, name: string, value: string) {
  if (name === 'password' || value === '') return;
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  const isChosen = (tag: RegExp) => page.match(tag)?.some((found) => found.includes(`value="${value}"`)) ?? false;
  if (name === 'terms' || name === 'privacy') t.true(isChosen(/<input[^>]*\schecked[^>]*>/g), `${name} is ticked`);
  else if (name !== 'companyCountry') t.true(page.includes(`value="${escaped}"`), `${name} is kept`);
  else if (value === 'DE') t.true(isChosen(/<option[^>]*\sselected[^>]*>/g), 'the country is chosen');
}

for (const [field, typed, code] of wrong) {
  test(inJson, field, typed, code);
  if (!(field === 'password' && typed === '')) test(inForm, field, typed, code);
}
test(inForm, 'password', '', 'required');
test(inForm, 'terms', '', 'mustAccept');
test(inForm, 'privacy', '', 'mustAccept');

for (const typed of [undefined, null, 1, true, [], ['Acme'], {}, { $gt: '' }])
  for (const field of Object.keys(buildAnswers()))
    if (!(typed === undefined && ['companyVatNumber', 'phone'].includes(field))) test(inJson, field, typed, 'required');
test(inJson, 'companyName', '\ud800', 'invalidCharacters');
for (const typed of [undefined, null, 1, [], {}]) test(inJson, 'password', typed, 'required');

test('several wrong fields are named together', async (t) => {
  const answer = await submitJson(t.context, { answers: { companyName: 'A', phone: 'x' }, password, accepted: [] });
  t.deepEqual(Object.keys(answer.json<{ fields: object }>().fields).sort(), [
    'companyCity',
    'companyCountry',
    'companyPostalCode',
    'companyStreet',
    'familyName',
    'givenName',
    'phone',
  ]);
});

for (const [name, typed, code] of [
  ['missing', undefined, 'required'],
  ['no text', 1, 'required'],
  ['weak', 'short', 'passwordTooShort'],
] as const)
  test(`a password that is ${name} and wrong answers are named in one round, whatever is wrong with them`, async (t) => {
    const answers = { ...buildAnswers(), givenName: 'A\u0000', companyCity: '', companyCountry: 'XX', isAdmin: 'x' };
    const answer = await submitJson(t.context, { answers, password: typed });
    t.is(answer.status, 400);
    t.deepEqual(answer.json().fields, {
      givenName: 'invalidCharacters',
      companyCity: 'required',
      companyCountry: 'invalidCountry',
      isAdmin: 'invalid',
      password: code,
    });
  });

const refusedBody = test.macro({
  exec: async (t, change: Record<string, unknown>, fields: Record<string, string>) => {
    const answer = await submitJson(t.context as Fixture, change);
    t.is(answer.status, 400);
    t.deepEqual(answer.json().fields, fields);
  },
  title: (what) => `JSON: ${what} is refused by name`,
});
test('a list of versions that is none', refusedBody, { accepted: 'all' }, { accepted: 'invalid' });
test('a version that is no id', refusedBody, { accepted: ['1'] }, { accepted: 'invalid' });
test('eleven versions', refusedBody, { accepted: Array(11).fill(crypto.randomUUID()) }, { accepted: 'invalid' });
test('answers that are a list', refusedBody, { answers: [] }, { answers: 'invalid' });
test('a language nobody speaks here', refusedBody, { language: '../../x' }, { language: 'invalid' });
for (const field of [
  'role',
  'userType',
  'isAdmin',
  'orgId',
  'emailVerified',
  'status',
  'id',
  'email',
  'passwordHash',
]) {
  test(`the field ${field} beside the answers`, refusedBody, { [field]: true }, { [field]: 'invalid' });
  const answers = { ...buildAnswers(), [field]: 'admin' };
  test(`the field ${field} among the answers`, refusedBody, { answers }, { [field]: 'invalid' });
}

test('a submission without an idempotency key is told what is missing', async (t) => {
  const { stack, json, accepted } = t.context;
  const body = { answers: buildAnswers(), password, accepted };
  const answer = await new BrowserSession(stack.url).json('POST', `${json}/submission`, body);
  t.deepEqual([answer.status, answer.json().fields], [400, { 'Idempotency-Key': 'required' }]);
});

const realName = test.macro({
  exec: async (t, name: string) => {
    const { stack, json, link } = t.context as Fixture;
    const browser = new BrowserSession(stack.url);
    const put = await browser.json('PUT', `${json}/answers`, { answers: { familyName: name, companyName: name } });
    t.is(put.status, 200);
    const { answers } = (await browser.json('GET', json)).json<{ answers: Record<string, string> }>();
    t.is(answers.familyName, name.normalize('NFC'));
    const escaped = name.normalize('NFC').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    t.true((await browser.get(link)).text.includes(`value="${escaped}"`), 'escaped once');
    const tooShort = await submitJson(t.context as Fixture, {
      answers: { ...buildAnswers(), familyName: name, companyName: name },
      password: 'short',
    });
    t.deepEqual(tooShort.json().fields, { password: 'passwordTooShort' }, 'nothing is wrong with the name');
  },
  title: (_, name) => `the name ${name} is taken and shown as it is (V7, V11)`,
});
for (const name of [
  "O'Brien",
  'Nguyễn',
  'Nguye\u0302\u0303n',
  '山田',
  'د. علي',
  'X',
  'x'.repeat(80),
  'Müller & <Söhne>',
  '{{7*7}} <%= 7*7 %>',
  '=HYPERLINK("x")'.replaceAll('"', "'"),
  "Robert'); drop table users;--",
  '👩‍👩‍👧 GmbH',
])
  test.serial(realName, name);

test('what was kept is bounded and clean as well', async (t) => {
  const { stack, json, link } = t.context;
  const browser = new BrowserSession(stack.url);
  for (const [path, method] of [
    [`${json}/answers`, 'PUT'],
    [`${link}/draft`, 'POST'],
  ] as const) {
    for (const answers of [
      { companyName: 'x'.repeat(201) },
      { companyName: 'a\u0000' },
      { companyName: 1 },
      { other: 'x' },
      { password },
    ]) {
      const answer = await browser.json(method, path, { answers });
      t.deepEqual([answer.status, Object.keys(answer.json().fields as object)], [400, Object.keys(answers)]);
    }
  }
});
