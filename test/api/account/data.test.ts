import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { buildAccount, buildAnswers, buildEmail, password } from '../../builders/registrations.js';
import { BrowserSession } from '../../helpers/browser-session.js';
import { eventually } from '../../helpers/eventually.js';
import { holdAt } from '../../helpers/faults.js';
import { inv } from '../../helpers/invariants.js';
import { buildApplication, signIn } from '../../helpers/relying-party.js';
import { columnsHolding } from '../../helpers/sentinels.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { formOf } from '../console/fixtures.js';
import { logIn } from '../fixtures/requests.js';
import { buildFactor } from '../fixtures/second-factors.js';

const test = anyTest as TestFn<{ stack: Stack }>;
const path = '/account/delete';

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

/** Answers that occur nowhere else. */
function buildSentinels() {
  const mark = randomBytes(4).toString('hex');
  return buildAnswers({
    companyName: `Company-${mark}`,
    companyStreet: `Street-${mark}`,
    companyCity: `City-${mark}`,
    givenName: `Given-${mark}`,
    familyName: `Family-${mark}`,
    phone: `+4915${Number.parseInt(mark, 16) % 10_000_000_000}`,
  });
}
const marksOf = ({ companyName, companyStreet, companyCity, givenName, familyName, phone }: Record<string, string>) =>
  [companyName, companyStreet, companyCity, givenName, familyName, phone] as string[];

/** Another user of the same customer, with the same password and consents. */
async function buildColleague({ db }: Stack, of: string, { isAdministrator = true } = {}): Promise<string> {
  const email = buildEmail('colleague');
  const [other] = await db('user_types')
    .insert({ kind: 'customer', name: `Reader ${email}`, permissions: '{}' })
    .returning('id');
  await db.raw(
    `with made as (
      insert into users (customer_id, user_type_id, email, given_name, family_name, language, password_hash)
      select customer_id, coalesce(:typeId, user_type_id), :email, 'Col', 'League', language, password_hash
        from users where email = :of returning id
    )
    insert into consents (user_id, agreement_version_id, language)
      select made.id, c.agreement_version_id, c.language from made, consents c join users u on u.id = c.user_id
        where u.email = :of`,
    { email, of, typeId: isAdministrator ? null : other.id },
  );
  return email;
}

const userOf = ({ db }: Stack, email: string) => db('users').where({ email }).first();
const deleteBy = (browser: BrowserSession, organisation: string, typed = password) =>
  browser.json('POST', '/api/v1/me/deletion', { organisation, password: typed });

test.serial('people take everything along that is kept about them, and no secret', async (t) => {
  const { stack } = t.context;
  const sentinels = buildSentinels();
  const { email } = await buildAccount(stack, buildEmail(), sentinels);
  const browser = await logIn(stack.url, email);
  const file = await browser.get('/account/export');
  t.regex(file.headers.get('content-disposition') ?? '', /^attachment; filename="vestibule-account-[\d-]+\.json"$/);
  t.is(file.headers.get('cache-control'), 'no-store');
  t.regex(file.headers.get('content-type') ?? '', /^application\/json/);
  for (const word of [email, ...marksOf(sentinels), 'DE123456789']) t.true(file.text.includes(word), word);
  const user = await userOf(stack, email);
  const { reference } = await stack.db('registrations').where({ id: user.registration_id }).first('reference');
  const data = file.json<{ consents: { text: string }[]; registration: { timeline: object[] }; sessions: object[] }>();
  t.like(data, {
    account: { id: user.id, userType: 'Customer administrator', permissions: ['customer_account_administrator'] },
    organisation: { kind: 'customer', country: 'DE' },
    registration: { reference },
  });
  t.is(data.consents.length, 2);
  t.true(data.consents.every(({ text }) => text.length > 100));
  t.like(data.registration.timeline.at(-1), { state: 'completed' });
  t.deepEqual(Object.keys(data.sessions[0] ?? {}), [
    'createdAt',
    'lastSeenAt',
    'browser',
    'remembered',
    'secondFactorAt',
  ]);
  // The words of the privacy policy speak of hashes.
  t.notRegex(JSON.stringify({ ...data, consents: [] }), /hash|argon2|token|secret/i);
  const api = (await browser.json('GET', '/api/v1/me/export')).json();
  t.deepEqual(Object.keys(api), Object.keys(data));
});

test.serial('people take along by what they come in, and what passed between them and others', async (t) => {
  const { stack } = t.context;
  const { db } = stack;
  const { email } = await buildAccount(stack);
  const { id, customer_id, user_type_id, registration_id } = await userOf(stack, email);
  const browser = await logIn(stack.url, email);
  const { secret } = await buildFactor(browser);
  const passkey = { credential_id: 'cred-1', public_key: Buffer.from('pk'), counter: 0, name: 'Blue key' };
  await db('passkeys').insert({ ...passkey, user_id: id, last_used_at: '2026-01-02T03:04:05Z' });
  await signIn(browser, await buildApplication(stack, { name: 'Fleet of export' }));
  const [invited, asking] = [buildEmail('invited'), buildEmail('asking')];
  await browser.json('POST', '/api/v1/organisation/invitations', { email: invited, userTypeId: user_type_id });
  const other = await buildAccount(stack, asking);
  const { registration_id: otherRegistration } = await userOf(stack, other.email);
  const over = { outcome: 'declined', expires_at: db.fn.now(), ended_at: db.fn.now() };
  await db('join_requests').insert([
    { registration_id: otherRegistration, name: 'Somebody Else', administrator_id: id, ...over },
    { registration_id, name: 'Ann Asks', ...over, outcome: 'unanswered' },
  ]);
  const newEmail = buildEmail('new');
  await browser.json('POST', '/api/v1/me/email-change', { newEmail, currentPassword: password });
  const file = await browser.get('/account/export');
  const data = file.json<Record<string, { since?: string }[]> & { secondFactor: { authenticatorAppSince: string } }>();
  t.like(data, {
    secondFactor: { recoveryCodesLeft: 10, passkeys: [{ name: 'Blue key', lastUsedAt: '2026-01-02T03:04:05.000Z' }] },
    signIns: [{ application: 'Fleet of export' }],
    emailChange: { newEmail },
    invitationsSent: [{ outcome: null }],
    requestsToJoin: { asked: [{ name: 'Ann Asks', outcome: 'unanswered' }], received: [{ outcome: 'declined' }] },
  } as never);
  for (const at of [data.secondFactor.authenticatorAppSince, data.signIns?.[0]?.since])
    t.true(Math.abs(Date.now() - Date.parse(at ?? '')) < 600_000, at);
  t.true(JSON.stringify(data.mails).includes('second-factor-on'));
  for (const word of [secret, invited, asking, 'Somebody Else', 'cred-1', customer_id && 'argon2'])
    t.false(JSON.stringify({ ...data, consents: [] }).includes(word), word);
});

test.serial(
  'a deleted account leaves nothing of the person, is told by a last mail, and may come back (R2, R4)',
  async (t) => {
    const { stack } = t.context;
    const sentinels = buildSentinels();
    const { email } = await buildAccount(stack, buildEmail(), sentinels);
    const [browser, phone] = [await logIn(stack.url, email), await logIn(stack.url, email)];
    const { id } = await userOf(stack, email);
    const page = await browser.get(path);
    t.true(page.text.includes(`You are the only user of ${sentinels.companyName}`));
    const form = formOf(page.text, path);
    const unsure = await browser.post(path, { ...form, currentPassword: password }, page);
    t.is(unsure.status, 400);
    t.true(unsure.text.includes('Please tick this box to continue.'));
    const sure = { ...form, confirmDeletion: 'yes' };
    const wrong = await browser.post(path, { ...sure, currentPassword: 'not the password' }, page);
    t.is(wrong.status, 403);
    t.regex(wrong.text, /id="currentPassword-error"[^>]*>[^<]{10,}</);
    t.is((await phone.get('/account')).status, 200, 'nothing has happened yet');

    const before = stack.mail.messages().length;
    const answer = await browser.post(path, { ...sure, currentPassword: password }, page);
    t.is(answer.location, '/login');
    t.true((await browser.get('/login')).text.includes('Your account is deleted.'));
    t.is((await phone.get('/account')).location, '/login', 'every session has ended');
    const mail = await stack.mail.waitForMail(
      (caught) => caught.to.includes(email) && stack.mail.messages().indexOf(caught) >= before,
      60_000,
    );
    t.regex(mail.subject, /deleted/);
    t.notRegex(mail.text, /Given-|Company-/);
    await eventually('the mail is forgotten', async () => !(await stack.db('notices').where({ email }).first('id')));
    t.deepEqual(await columnsHolding(stack.db, [email, ...marksOf(sentinels)]), []);
    t.is((await stack.db('erased_consents').where({ account_id: id })).length, 2);
    const login = new BrowserSession(stack.url);
    t.is((await login.post('/login', { email, password }, await login.get('/login'))).status, 401);

    await buildAccount(stack, email);
    t.not((await userOf(stack, email)).id, id);
    t.is((await (await logIn(stack.url, email)).get('/account')).status, 200);
    await inv(stack.db, stack.temporal);
  },
);

test.serial('the last administrator cannot leave others alone; with another one the company stays (A14)', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const colleague = await buildColleague(stack, email, { isAdministrator: false });
  const browser = await logIn(stack.url, email);
  const page = await browser.get(path);
  t.true(page.text.includes('You are the only administrator of Acme GmbH'));
  t.false(page.text.includes(`action="${path}"`), 'not offered');
  const fields = { organisation: 'stays', currentPassword: password, confirmDeletion: 'yes' };
  t.is((await browser.post(path, fields, page)).status, 409);
  t.like((await deleteBy(browser, 'stays')).json(), { status: 409, code: 'lastAdministrator' });
  t.deepEqual((await browser.json('GET', '/api/v1/me/deletion')).json(), { possible: false, organisation: 'stays' });
  t.truthy(await userOf(stack, email));

  const other = await buildColleague(stack, email);
  t.is((await deleteBy(browser, 'stays')).status, 204);
  const rest = await stack.db('users').whereIn('email', [email, colleague, other]).pluck('email');
  t.deepEqual(rest.sort(), [colleague, other].sort());
  t.is((await browser.json('GET', '/api/v1/me')).status, 401);
});

test.serial('of two administrators who leave at once one remains, and is told what has changed (A14)', async (t) => {
  const { stack } = t.context;
  for (let round = 0; round < 5; round++) {
    const { email } = await buildAccount(stack);
    const emails = [email, await buildColleague(stack, email)];
    const browsers = await Promise.all(emails.map((one) => logIn(stack.url, one)));
    const answers = await Promise.all(browsers.map((browser) => deleteBy(browser, 'stays')));
    const statuses = answers.map(({ status }) => status).sort();
    t.deepEqual(statuses, [204, 409]);
    t.is((await stack.db('users').whereIn('email', emails)).length, 1);
  }
  await inv(stack.db, stack.temporal);
});

test.serial('nobody deletes more than they were told: a colleague has come meanwhile', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const browser = await logIn(stack.url, email);
  const page = await browser.get(path);
  await buildColleague(stack, email);
  const form = { ...formOf(page.text, path), confirmDeletion: 'yes', currentPassword: password };
  const answer = await browser.post(path, form, page);
  t.is(answer.status, 409);
  t.is(formOf(answer.text, path).organisation, 'stays', 'what it means now is shown');
  t.truthy(await userOf(stack, email));
});

test.serial('asked twice at once, an account is deleted once', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const { id } = await userOf(stack, email);
  const browser = await logIn(stack.url, email);
  const answers = await Promise.all([1, 2, 3].map(() => deleteBy(browser, 'goes')));
  t.true(answers.some(({ status }) => status === 204));
  t.true(
    answers.every(({ status }) => [204, 401, 403].includes(status)),
    `${answers.map(({ status }) => status)}`,
  );
  t.is((await stack.db('erased_accounts').where({ id })).length, 1);
  t.is(
    stack.mail.messages().filter(({ to, subject }) => to.includes(email) && /deleted/.test(subject)).length <= 1,
    true,
  );
});

test.serial(
  'clicked twice, the page says that the account is deleted, whichever answer the browser shows',
  async (t) => {
    const { stack } = t.context;
    const { email } = await buildAccount(stack);
    const browser = await logIn(stack.url, email);
    const page = await browser.get(path);
    const form = { ...formOf(page.text, path), confirmDeletion: 'yes', currentPassword: password };
    const answers = await Promise.all([1, 2, 3].map(() => browser.post(path, form, page)));
    t.deepEqual(
      answers.map(({ location }) => location),
      ['/login', '/login', '/login'],
    );
    t.is((await browser.post(path, form, page)).location, '/login', 'and late');
    t.true((await browser.get('/login')).text.includes('Your account is deleted.'));
  },
);

test.serial('who accepts an agreement at the moment of their deletion gets no failure', async (t) => {
  const { stack } = t.context;
  for (let round = 0; round < 5; round++) {
    const { email } = await buildAccount(stack);
    const browser = await logIn(stack.url, email);
    const { id } = await userOf(stack, email);
    const versions = await stack.db('consents').where({ user_id: id }).pluck('agreement_version_id');
    await stack.db('consents').where({ user_id: id }).delete();
    const question = await browser.get('/account/agreements/accept');
    const ticked = formOf(question.text, '/account/agreements/accept');
    const boxes = Object.fromEntries(
      ['terms', 'privacy'].map((name) => [
        name,
        new RegExp(`name="${name}" value="([^"]+)"`).exec(question.text)?.[1] ?? versions[0],
      ]),
    );
    const [deleted, ...accepted] = await Promise.all([
      deleteBy(browser, 'goes'),
      browser.post('/account/agreements/accept', { ...ticked, ...boxes }, question),
      browser.json('POST', '/api/v1/me/consents', { accepted: versions }),
    ]);
    t.is(deleted.status, 204);
    for (const { status } of accepted) t.true(status < 500, `${status}`);
    t.is((await stack.db('consents').where({ user_id: id })).length, 0);
  }
});

test.serial('who does not accept a new agreement may still take their data and leave', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const browser = await logIn(stack.url, email);
  await stack
    .db('consents')
    .where({ user_id: (await userOf(stack, email)).id })
    .delete();
  const accept = await browser.get('/account/agreements/accept');
  for (const href of ['/account/export', path]) t.true(accept.text.includes(`href="${href}"`), href);
  t.is((await browser.get('/account/export')).status, 200);
  t.is((await browser.get(path)).status, 200);
  t.is((await deleteBy(browser, 'goes')).status, 204);
});

test.serial('a deletion that is killed half-way has not begun, and can be asked for again', async (t) => {
  const { stack } = t.context;
  const { email } = await buildAccount(stack);
  const browser = await logIn(stack.url, email);
  const { id, customer_id } = await userOf(stack, email);
  const hold = await holdAt(stack.db, { table: 'notices', at: 'insert', when: `new.template = 'account-deleted'` });
  const lost = deleteBy(browser, 'goes').catch(() => undefined);
  await hold.reached();
  await stack.api.kill('SIGKILL');
  await lost;
  await hold.release();
  await stack.startApi();
  await eventually('the transaction is gone', async () => {
    const { rows } = await stack.db.raw('select id from users where id = ? for update skip locked', [id]);
    return rows.length === 1;
  });
  t.is((await stack.db('erased_accounts').where({ id })).length, 0);
  t.truthy(await stack.db('customers').where({ id: customer_id }).first());
  t.is((await browser.get('/account')).status, 200);
  t.is((await deleteBy(browser, 'goes')).status, 204);
  await inv(stack.db, stack.temporal);
});
