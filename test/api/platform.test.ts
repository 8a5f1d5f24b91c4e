/** What programs of the host platform may read, and how their keys are made and end. */
import anyTest, { type TestFn } from 'ava';
import { type AppOptions, allRoutes } from '../../api/app.js';
import { createClient } from '../../api/client/index.js';
import { apiScopes } from '../../db/api-keys.js';
import { choosePort } from '../../dev/ports.js';
import { registrationOf } from '../builders/journeys.js';
import { askAs, buildApiKey } from '../builders/machines.js';
import { buildAccount, buildEmail } from '../builders/registrations.js';
import { buildUser } from '../db/fixtures/rows.js';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { type BuiltStaff, buildStaff, sendForm } from './console/fixtures.js';
import { logIn, sendRaw } from './fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack; admin: BuiltStaff; key: string }>;
const list = '/console/api-keys';
const nobody = '00000000-0000-4000-8000-000000000000';

test.before(async (t) => {
  const stack = await startStack();
  const admin = await buildStaff(stack, 'admin');
  const { key } = await buildApiKey(stack, admin);
  Object.assign(t.context, { stack, admin, key });
});
test.after.always((t) => t.context.stack?.stop());

interface Page {
  items: { id: string; email: string; changedAt: string; userType: object; name: string }[];
  next: string | null;
}

const machineRoutes = allRoutes({ services: {}, publicUrl: 'https://example.com' } as unknown as AppOptions).filter(
  ({ audience }) => audience === 'machine',
);

test('a key opens the routes of its scope and no other; a browser’s cookies open none', async (t) => {
  const { stack, admin } = t.context;
  const { email } = await buildAccount(stack);
  const user = await logIn(stack.url, email);
  t.true(machineRoutes.length >= 7);
  t.deepEqual([...new Set(machineRoutes.map(({ scope }) => scope))].sort(), [...apiScopes].sort());
  for (const scope of apiScopes) {
    const { key } = await buildApiKey(stack, admin, [scope]);
    for (const route of machineRoutes) {
      const path = route.path.replace(':id', nobody).replace(':reference', 'RG-0000-0000');
      const { status } = await askAs(stack.url, key, path);
      if (route.scope === scope) t.true([200, 404].includes(status), `${scope} ${path}: ${status}`);
      else t.is(status, 403, `${scope} ${path}`);
      for (const browser of [new BrowserSession(stack.url), user, admin.browser])
        t.is((await browser.get(path)).status, 401, path);
    }
    // A key is no login: of users' and staff's routes it opens none.
    const bearer = { authorization: `Bearer ${key}` };
    t.is((await new BrowserSession(stack.url).get('/api/v1/me', bearer)).status, 401);
    t.is((await new BrowserSession(stack.url).get('/console', bearer)).location, '/console/login');
  }
});

test('a key that is wrong, revoked or expired is refused in one way, and told how to log in', async (t) => {
  const { stack, admin, key } = t.context;
  const [revoked, expired] = [await buildApiKey(stack, admin), await buildApiKey(stack, admin)];
  for (const { key: one } of [revoked, expired]) t.is((await askAs(stack.url, one, '/api/v1/users')).status, 200);
  await stack.db('api_keys').where({ id: expired.id }).update({ expires_at: new Date() });
  t.is((await sendForm(admin.browser, list, `${list}/${revoked.id}/revoke`)).status, 303);
  const wrong = [
    revoked.key,
    expired.key,
    `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`,
    'vst_',
    'x'.repeat(60),
  ];
  for (const one of wrong) {
    const answer = await askAs(stack.url, one, '/api/v1/users');
    t.like(answer.json(), { status: 401, code: 'apiKeyInvalid' });
    t.is(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
  }
  for (const authorization of [`Basic ${key}`, `Bearer`, `Bearer ${key} x`, `Bearer ${'x'.repeat(5_000)}`])
    t.is((await new BrowserSession(stack.url).get('/api/v1/users', { authorization })).status, 401, authorization);
  t.is((await askAs(stack.url, undefined, `/api/v1/users?key=${key}`)).headers.get('www-authenticate'), 'Bearer');
});

test('the Console makes a key that is shown to its maker twice by a double click, to nobody else, and kept as a hash', async (t) => {
  const { stack, admin } = t.context;
  const page = await admin.browser.get(list);
  const fields = { keyId: hiddenField(page.text, 'keyId'), name: 'Billing', scope0: 'on', expiresOn: '' };
  const answers = await Promise.all([1, 2].map(() => admin.browser.post(`${list}/new`, fields, page)));
  const keys = answers.map(({ text }) => /vst_[\w-]{43}/.exec(text)?.[0]);
  t.truthy(keys[0]);
  t.is(keys[0], keys[1]);
  t.is((await askAs(stack.url, keys[0], '/api/v1/users')).status, 200);
  t.is((await askAs(stack.url, keys[0], '/api/v1/partners')).status, 403);
  const other = await buildStaff(stack, 'admin');
  const stranger = await other.browser.post(`${list}/new`, fields, await other.browser.get(list));
  t.is(stranger.status, 409);
  t.false(stranger.text.includes(keys[0]!));
  const rows = await stack.db('api_keys').where({ name: 'Billing' });
  t.is(rows.length, 1);
  t.truthy(rows[0].last_used_at);
  t.false(JSON.stringify(rows).includes(keys[0]!.slice(4, 30)));
  await stack
    .db('api_keys')
    .where({ name: 'Billing' })
    .update({ created_at: stack.db.raw("now() - interval '11 minutes'") });
  t.is((await admin.browser.post(`${list}/new`, fields, await admin.browser.get(list))).status, 409);
  const audit = await stack.db('audit_log').where({ subject: fields.keyId });
  t.deepEqual(
    audit.map(({ action, after }) => [action, after.name, after.scopes]),
    [['apiKey.created', 'Billing', ['users:read']]],
  );
  t.false((await stack.logs()).includes(keys[0]!));

  const refused = await sendForm(admin.browser, list, `${list}/new`, { name: ' ', expiresOn: '2020-01-01' });
  t.is(refused.status, 400);
  for (const words of ['Name: Please fill this in.', 'This day is over.', 'Please tick at least one.'])
    t.true(refused.text.includes(words), words);
  const { browser: viewer } = await buildStaff(stack, 'viewer');
  const looked = await viewer.get(list);
  t.true(looked.text.includes('Billing') && !looked.text.includes('<form method="post" action="/console/api-keys'));
});

test('paging meets every user once, also while they change, and tells where to go on', async (t) => {
  const { stack, key } = t.context;
  const { db, url } = stack;
  const [customer] = await db('customers').insert({ name: 'Paged', country: 'DE' }).returning('id');
  const made: string[] = [];
  for (let number = 0; number < 5; number++) made.push((await buildUser(db, { customer_id: customer.id })).id);
  const path = `/api/v1/users?customerId=${customer.id}&limit=2`;
  const first = await askAs(url, key, path);
  const { items, next } = first.json<Page>();
  t.is(items.length, 2);
  t.true(first.headers.get('link')?.includes(`after=${next}`) && first.headers.get('link')?.includes('limit=2'));
  await db('users').where({ id: made[0] }).update({ given_name: 'Changed' });
  const met = items.map(({ id }) => id);
  for (let after = next; after; ) {
    const page = (await askAs(url, key, `${path}&after=${after}`)).json<Page>();
    met.push(...page.items.map(({ id }) => id));
    after = page.next;
  }
  t.deepEqual(met, [...made, made[0]], 'what has changed comes once more, at the end');
  const { items: all } = (await askAs(url, key, `/api/v1/users?customerId=${customer.id}`)).json<Page>();
  const since = all.at(-1)!.changedAt;
  const changed = (await askAs(url, key, `/api/v1/users?changedSince=${since}`)).json<Page>();
  t.is(changed.items[0]?.id, made[0]);
  const byMail = (await askAs(url, key, `/api/v1/users?email=${all[0]!.email.toUpperCase()}`)).json<Page>();
  t.deepEqual(
    byMail.items.map(({ id }) => id),
    [all[0]!.id],
  );
  t.deepEqual(Object.keys(byMail.items[0] ?? {}).sort(), [
    'changedAt',
    'createdAt',
    'customerId',
    'disabledAt',
    'email',
    'familyName',
    'givenName',
    'id',
    'language',
    'partnerId',
    'phone',
    'timeZone',
    'userType',
  ]);
  const wrong = [
    'limit=0',
    'limit=501',
    'limit=x',
    'after=x',
    'changedSince=yesterday',
    'customerId=x',
    'email=x',
    'nothing=1',
  ];
  for (const query of wrong) t.like((await askAs(url, key, `/api/v1/users?${query}`)).json(), { status: 400 }, query);
});

test('whoever has an answer already is told so; a change changes its tag, a new password does not', async (t) => {
  const { stack, key } = t.context;
  const { id } = await buildUser(stack.db);
  const { customer_id: customerId } = await stack.db('users').where({ id }).first();
  const one = `/api/v1/users/${id}`;
  const ask = (path: string, tag = '') =>
    sendRaw(stack.url, { path, headers: { authorization: `Bearer ${key}`, ...(tag ? { 'if-none-match': tag } : {}) } });
  for (const path of [one, `/api/v1/users?customerId=${customerId}`, `/api/v1/customers/${customerId}`]) {
    const { headers } = await ask(path);
    t.regex(String(headers.etag), /^"[\w-]{43}"$/);
    t.is(headers['cache-control'], 'private, no-cache');
    const again = await ask(path, String(headers.etag));
    t.deepEqual([again.status, again.text], [304, ''], path);
  }
  const { headers, text } = await ask(one);
  await stack.db('users').where({ id }).update({ password_hash: '$argon2id$other' });
  t.is((await ask(one, String(headers.etag))).status, 304);
  await stack.db('users').where({ id }).update({ disabled_at: new Date() });
  const changed = await ask(one, String(headers.etag));
  t.is(changed.status, 200);
  t.true(JSON.parse(changed.text).changedAt > JSON.parse(text).changedAt);
  t.truthy(JSON.parse(changed.text).disabledAt);
});

test('customers, partners and registrations are read by what webhooks and users name', async (t) => {
  const { stack, key } = t.context;
  const { email } = await buildAccount(stack, buildEmail());
  const { reference } = await registrationOf(stack, email);
  const registration = (await askAs(stack.url, key, `/api/v1/registrations/${reference}`)).json();
  t.like(registration, { reference, email, state: 'completed', kind: 'customer' });
  const user = (await askAs(stack.url, key, `/api/v1/users/${registration.userId}`)).json();
  t.like(user, { email, partnerId: null, language: 'en' });
  t.like((await askAs(stack.url, key, `/api/v1/customers/${user.customerId}`)).json(), {
    name: 'Acme GmbH',
    country: 'DE',
  });
  const [partner] = await stack.db('partners').insert({ name: 'North', origin: 'console' }).returning('id');
  const partners = (await askAs(stack.url, key, '/api/v1/partners?limit=500')).json<Page>();
  t.true(partners.items.some(({ id }) => id === partner.id));
  for (const path of ['users/x', `users/${nobody}`, 'registrations/RG-0000-0000', `customers/${partner.id}`])
    t.is((await askAs(stack.url, key, `/api/v1/${path}`)).status, 404, path);
});

test('the typed client reads a list to its end, and gets a refusal as its code', async (t) => {
  const { stack, admin, key } = t.context;
  const [customer] = await stack.db('customers').insert({ name: 'Typed', country: 'DE' }).returning('id');
  const made = [
    await buildUser(stack.db, { customer_id: customer.id }),
    await buildUser(stack.db, { customer_id: customer.id }),
  ];
  const client = createClient({ url: stack.url, apiKey: key });
  const met: string[] = [];
  let after: string | undefined;
  do {
    const query = { customerId: customer.id, limit: '1', after };
    const { data } = await client.GET('/api/v1/users', { params: { query } });
    for (const { id, userType } of data?.items ?? []) if (userType.permissions.length > 0) met.push(id);
    after = data?.next ?? undefined;
  } while (after);
  t.deepEqual(
    met,
    made.map(({ id }) => id),
  );
  const narrow = createClient({ url: stack.url, apiKey: (await buildApiKey(stack, admin, ['partners:read'])).key });
  const { error } = await narrow.GET('/api/v1/users/{id}', { params: { path: { id: met[0]! } } });
  t.is(error?.code, 'scopeMissing');
  // @ts-expect-error What the API does not have, the client does not know.
  t.is((await client.GET('/api/v1/nothing')).response.status, 404);
});

test('what a user still has to accept is told, and is nothing once they have accepted it', async (t) => {
  const { stack, key } = t.context;
  const { email } = await buildAccount(stack);
  const { id } = await stack.db('users').where({ email }).first('id');
  const ask = async () =>
    (await askAs(stack.url, key, `/api/v1/users/${id}/pending-agreements`)).json<{ items: object[] }>();
  t.deepEqual(await ask(), { items: [] });
  await stack.db('consents').where({ user_id: id }).delete();
  const { items } = await ask();
  t.is(items.length, 2);
  t.like(items[0], { document: 'terms', version: 1, language: 'en' });
  t.is((await askAs(stack.url, key, `/api/v1/users/${nobody}/pending-agreements`)).status, 404);
});

test('who guesses keys is slowed down, and a key has its share; another key from there goes on', async (t) => {
  const { stack, admin } = t.context;
  const port = await choosePort(0);
  await stack.startApi({ PORT: String(port), LIMITS: 'wrongApiKeysPerSource=3,requestsPerApiKey=5' });
  const url = `http://localhost:${port}`;
  const [busy, other] = [await buildApiKey(stack, admin), await buildApiKey(stack, admin)];
  const statuses: number[] = [];
  for (let number = 0; number < 6; number++) statuses.push((await askAs(url, busy.key, '/api/v1/users')).status);
  t.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
  const guesses: number[] = [];
  for (let number = 0; number < 5; number++) guesses.push((await askAs(url, `vst_${number}`, '/api/v1/users')).status);
  t.is(guesses.at(-1), 429);
  const answer = await askAs(url, other.key, '/api/v1/users');
  t.is(answer.status, 200);
  t.true(Number((await askAs(url, 'vst_x', '/api/v1/users')).headers.get('retry-after')) > 0);
});
