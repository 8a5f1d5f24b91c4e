import anyTest, { type TestFn } from 'ava';
import { buildAccount, buildEmail, buildLink, password, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

test('a person registers a customer, becomes its first user and administrator, and logs in', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildAccount(stack);

  const user = await stack.db('users').where({ email }).first();
  const customer = await stack.db('customers').where({ id: user.customer_id }).first();
  const userType = await stack.db('user_types').where({ id: user.user_type_id }).first();
  t.is(customer.name, 'Acme GmbH');
  t.deepEqual(userType.permissions, ['customer_account_administrator']);
  const consents = await stack.db('consents').where({ user_id: user.id });
  t.is(consents.length, 2);
  t.true(consents.every(({ language, accepted_at }) => language === 'en' && accepted_at instanceof Date));

  const login = await browser.get('/login');
  t.true(login.text.includes(email), 'the login page has the e-mail filled in');
  const loggedIn = await browser.post('/login', { email, password }, login);
  t.is(loggedIn.location, '/account');
  const account = await browser.get('/account');
  t.true(account.text.includes('Acme GmbH') && account.text.includes('Customer account administrator'));

  await browser.post('/logout', {}, account);
  t.is((await browser.get('/account')).location, '/login');
});

test('someone comes back on a second device and finds the typed answers, but not the password', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const first = new BrowserSession(stack.url);
  const link = await buildLink(stack, email);
  const kept = { companyName: 'Half-way Ltd', givenName: 'Ina' };
  const saved = await first.json('POST', `${link}/draft`, { answers: kept });
  t.is(saved.status, 200);

  await stack.db('settings').update({ resend_cooldown_seconds: 0 });
  const second = new BrowserSession(stack.url);
  const page = await second.get(link);
  t.true(page.text.includes('Half-way Ltd') && page.text.includes('Ina'));
  t.false(page.text.includes(password));
  const done = await submitLink(second, link, { companyName: 'Half-way Ltd' });
  t.is(done.location, '/login');
});
