import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import proto from '@temporalio/proto';
import anyTest, { type TestFn } from 'ava';
import { SecretKeys } from '../../db/secret-keys.js';
import { demoPartners, type StubProvider, startStubProvider } from '../../dev/stub-provider.js';
import { registrationEventSignal, registrationWorkflowId } from '../../workflows/messages.js';
import { buildLink, linkIn, submitCode, submitLink } from '../builders/registrations.js';
import { buildPartnerCode } from '../db/fixtures/rows.js';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { buildOperator } from './fixtures/requests.js';

/**
 * The sentinel scan (security.md §10): journeys that succeed and that fail, with words in every field that occur nowhere
 * else; then these words are looked for where they must not be.
 */
const test = anyTest as TestFn<{ stack: Stack; secrets: Record<string, string>; personal: Record<string, string> }>;

const mark = randomBytes(6).toString('hex');
const sentinel = (name: string) => `SENT-${name}-${mark}`;
const email = `sent-email-${mark}@example.com`;
const refusedEmail = `sent-refused-${mark}@example.com`;
const password = `${sentinel('PW')} gravel muffin topiary`;
const providerToken = sentinel('PROVIDERTOKEN');
const partner = { ...demoPartners[0]!, code: `SENTCODE${mark.toUpperCase()}` };
const fields = {
  companyName: sentinel('CO'),
  companyStreet: sentinel('STREET'),
  companyCity: sentinel('CITY'),
  givenName: sentinel('GIVEN'),
  familyName: sentinel('FAMILY'),
  phone: '+491555123987',
  companyVatNumber: `SENTVAT${mark.toUpperCase()}`.slice(0, 20),
};

test.before(async (t) => {
  const stub = await startStubProvider({ port: 0, mode: '500', partners: [partner] });
  const env = { LOG_LEVEL: 'debug', PROVIDER_ALLOWED_ORIGINS: new URL(stub.url).origin };
  const stack = await startStack(env, { keepsTemporal: true });
  t.context.stack = stack;
  const browser = new BrowserSession(stack.url);
  const tokens = { ...(await walk(stack, browser)), ...(await walkAsPartner(stack, stub)) };
  await stub.stop();
  t.context.secrets = { password, ...tokens, key: (stack.env.SECRET_KEYS ?? '').split(':')[1] ?? '' };
  t.context.personal = { email, refusedEmail, ...fields };
});
test.after.always((t) => t.context.stack?.stop());

/** Success and every failure that carries data with it; resolves with the secrets that came up on the way. */
async function walk(stack: Stack, browser: BrowserSession): Promise<Record<string, string>> {
  const link = await buildLink(stack, email);
  await browser.json('POST', `${link}/draft`, { answers: fields });
  await submitLink(browser, link, { ...fields, password, phone: 'SENT' });
  await submitLink(browser, link, { ...fields, password: `${password}\u0000`.slice(0, 5) });
  await browser.json('POST', `${link}/draft`, { answers: { [sentinel('KEY')]: 'x' } });
  await browser.send('POST', link, { 'content-type': 'application/x-www-form-urlencoded' }, `password=${password}`);
  await browser.json('POST', '/api/v1/sessions', { email, password });
  await browser.send('GET', `${link}/nothing?password=${encodeURIComponent(password)}`);

  // PostgreSQL's own words on this failure repeat the whole row.
  await stack.db.raw("alter table customers add constraint fault check (name not like 'SENT-%')");
  await submitLink(browser, link, { ...fields, password });
  await eventually('the failure is in the log', async () => (await stack.logs()).includes('"constraint":"fault"'));
  await stack.db.raw('alter table customers drop constraint fault');
  await eventually('the account', () => stack.db('users').where({ email }).first());

  stack.mail.setMode('5xx-rcpt');
  await browser.json('POST', '/api/v1/registrations', { email: refusedEmail });
  await eventually('the refusal', () =>
    stack.db('registrations').where({ email: refusedEmail, problem: 'mailRefused' }).first(),
  );
  stack.mail.setMode('ok');
  const login = await browser.post('/login', { email, password }, await browser.get('/login'));
  const session = browser.cookies.get('vestibule_session') ?? '';
  if (login.location !== '/account') throw new Error('not logged in');
  const { browser: console } = await buildOperator(stack);
  const mail = stack.mail.messages().find(({ to }) => to.includes(email));
  const token =
    linkIn(mail?.text ?? '', stack.url)
      .split('/')
      .at(-1) ?? '';
  return { token, session, staffSession: console.cookies.get('vestibule_staff') ?? '' };
}

/** A partner's user by the provider's code, through an outage; the secrets of it, and a code made in the Console. */
async function walkAsPartner(stack: Stack, stub: StubProvider): Promise<Record<string, string>> {
  await stack.db('settings').update({ partner_onboarding: 'with_code' });
  const { browser } = await buildOperator(stack);
  const provider = await browser.get('/console/provider');
  const settings = { enabled: 'on', plugin: 'http-json', url: `${stub.url}/partners`, authentication: 'bearer' };
  const saved = await browser.post(
    '/console/provider',
    {
      ...settings,
      token: providerToken,
      mappingName: 'company.name',
      version: hiddenField(provider.text, 'version'),
      action: 'save',
    },
    provider,
  );
  if (saved.status !== 303) throw new Error(`the provider is not set: ${saved.status} ${saved.text}`);
  const partnerEmail = `sent-partner-${mark}@example.com`;
  await submitCode(new BrowserSession(stack.url), await buildLink(stack, partnerEmail), partner.code);
  const parked = await eventually(
    'the parked lookup',
    () => stack.db('registrations').where({ email: partnerEmail, state: 'lookupParked' }).first(),
    60_000,
  );
  stub.setMode('ok');
  const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(parked.reference));
  await handle.signal(registrationEventSignal, { type: 'RETRY', actor: 'operator' });
  await eventually('its account', () => stack.db('users').where({ email: partnerEmail }).first());
  const keys = SecretKeys.parse(stack.env.SECRET_KEYS ?? '');
  const { code } = await buildPartnerCode(stack.db, keys);
  return { partnerCode: partner.code, providerToken, ownCode: code, ownCanonicalCode: code.replaceAll('-', '') };
}

const hashes = (value: string) =>
  ['md5', 'sha1', 'sha256'].flatMap((name) =>
    (['hex', 'base64'] as const).map((form) => createHash(name).update(value).digest(form)),
  );

/** Every form in which a value could have got somewhere. */
const forms = (value: string) => [
  value,
  encodeURIComponent(value),
  JSON.stringify(value).slice(1, -1),
  Buffer.from(value).toString('base64'),
  Buffer.from(value).toString('hex'),
];

function found(text: string, values: Record<string, string>): string[] {
  const lower = text.toLowerCase();
  return Object.entries(values)
    .filter(([, value]) => value !== '' && forms(value).some((form) => lower.includes(form.toLowerCase())))
    .map(([name]) => name);
}

test('the logs of API and worker hold no secret and nothing personal, a JSON object a line (D1, V16)', async (t) => {
  const { stack, secrets, personal } = t.context;
  const logs = await stack.logs();
  t.true(logs.includes('"request"') && logs.includes('activity failed'), 'they are the logs, of failures too');
  t.deepEqual(found(logs, { ...secrets, ...personal }), []);
  for (const line of logs.split('\n').filter((text) => text.startsWith('{'))) t.notThrows(() => JSON.parse(line));
});

test('what Temporal keeps holds references, states and codes only (D3 to D5, P7)', async (t) => {
  const { stack, secrets, personal } = t.context;
  const texts: string[] = [];
  for await (const workflow of stack.temporal.workflow.list()) {
    texts.push(JSON.stringify(workflow.raw), workflow.workflowId);
    const history = await stack.temporal.workflow.getHandle(workflow.workflowId, workflow.runId).fetchHistory();
    const bytes = proto.temporal.api.history.v1.History.encode(history).finish();
    texts.push(Buffer.from(bytes).toString('latin1'), JSON.stringify(history));
  }
  t.true(texts.join().includes('registration-RG-'));
  t.true(texts.length >= 6);
  t.deepEqual(found(texts.join('\n'), { ...secrets, ...personal }), []);
  for (const hash of [email, refusedEmail].flatMap(hashes)) t.false(texts.join('\n').includes(hash));
});

test("Temporal's own file holds nothing of it either", (t) => {
  const { stack, secrets, personal } = t.context;
  const file = stack.temporalFile ?? '';
  const files = [file, `${file}-wal`].filter((name) => existsSync(name));
  t.true(files.length > 0);
  for (const name of files) t.deepEqual(found(readFileSync(name).toString('latin1'), { ...secrets, ...personal }), []);
});

test('the database keeps no password, no token, no session and no key in clear (T2, P7)', async (t) => {
  const { stack, secrets } = t.context;
  const tables = await stack.db('information_schema.tables').where({ table_schema: 'public' }).pluck('table_name');
  const dump: string[] = [];
  for (const table of tables) {
    const { rows } = await stack.db.raw('select t::text as line from ?? t', [table]);
    dump.push(...rows.map(({ line }: { line: string }) => line));
  }
  t.true(dump.join().includes(fields.companyName));
  t.deepEqual(found(dump.join('\n'), secrets), []);
  const rawToken = { token: Buffer.from(secrets.token ?? '', 'base64url').toString('hex') };
  t.deepEqual(found(dump.join('\n'), rawToken), []);
});

test('nothing of one person is in the mail to another, and the password is in none', (t) => {
  const { stack, personal, secrets } = t.context;
  for (const { raw, to } of stack.mail.messages()) {
    const { email: own, refusedEmail: other, ...details } = personal;
    t.deepEqual(found(raw, to.includes(email) ? { other: other ?? '' } : { own: own ?? '', ...details }), []);
    t.deepEqual(found(raw, { password: secrets.password ?? '', session: secrets.session ?? '' }), []);
  }
});

test('an erased registration is erased everywhere but in the account it made (R1)', async (t) => {
  const { stack } = t.context;
  const { id } = await stack.db('registrations').where({ email }).first('id');
  const events = JSON.stringify(await stack.db('registration_events').where({ registration_id: id }));
  t.deepEqual(found(events, { email, ...fields }), []);
  t.like(await stack.db('registrations').where({ id }).first(), { draft: null, state: 'completed' });
  t.is((await stack.db('registration_submissions').where({ registration_id: id })).length, 0);
});
