import anyTest, { type TestFn } from 'ava';
import * as oidc from 'openid-client';
import { eraseUser } from '../../db/erase-user.js';
import { disablePartner } from '../../db/partners.js';
import { endSignIns } from '../../db/sign-in-records.js';
import { buildAccount, password } from '../builders/registrations.js';
import { buildLoginUser, mailedPaths } from '../builders/users.js';
import { BrowserSession } from '../helpers/browser-session.js';
import {
  authorize,
  buildApplication,
  exchange,
  follow,
  type RelyingParty,
  redirectUri,
  refusal,
  signIn,
} from '../helpers/relying-party.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { sendForm } from './console/fixtures.js';
import { logIn } from './fixtures/requests.js';
import { buildFactor, codeOf } from './fixtures/second-factors.js';

const test = anyTest as TestFn<{ stack: Stack; party: RelyingParty; email: string; userId: string }>;

test.before(async (t) => {
  const stack = await startStack();
  const { email } = await buildAccount(stack);
  const { id } = await stack.db('users').where({ email }).first('id');
  Object.assign(t.context, { stack, email, userId: id, party: await buildApplication(stack) });
});
test.after.always((t) => t.context.stack?.stop());

/** Somebody of their own for what changes an account. */
async function buildPerson(stack: Stack) {
  const { email, id: userId } = await buildLoginUser(stack);
  return { email, userId, browser: await logIn(stack.url, email) };
}

test('the provider describes itself under its issuer, and offers nothing that is not meant', async (t) => {
  const { stack, party } = t.context;
  const metadata = party.config.serverMetadata();
  t.like(metadata, {
    issuer: `${stack.url}/oidc`,
    authorization_endpoint: `${stack.url}/oidc/auth`,
    token_endpoint: `${stack.url}/oidc/token`,
    end_session_endpoint: `${stack.url}/oidc/session/end`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: ['RS256'],
    registration_endpoint: undefined,
    introspection_endpoint: undefined,
    device_authorization_endpoint: undefined,
    pushed_authorization_request_endpoint: undefined,
  });
  t.true((metadata.prompt_values_supported as string[]).includes('create'));
  t.true(metadata.scopes_supported?.includes('organisation'));
});

test('a person logs in for an application, which then knows who they are, and what they may', async (t) => {
  const { stack, party, email, userId } = t.context;
  const browser = new BrowserSession(stack.url);
  const authorization = await authorize(party, { scope: 'openid profile email phone organisation', login_hint: email });
  const login = await follow(browser, authorization.url);
  t.is(login.path, '/login');
  t.true(login.text.includes('then continue to Fleet') && login.text.includes(`value="${email}"`));
  const answer = await browser.post('/login', { email, password }, login);
  t.is(answer.location, '/sign-in/return');
  const { location } = await follow(browser, '/sign-in/return');
  t.true(location?.startsWith(`${redirectUri}?code=`));
  const tokens = await exchange(party, location, authorization);
  t.like(tokens.claims(), { sub: userId, iss: `${stack.url}/oidc`, aud: party.id });
  const claims = await oidc.fetchUserInfo(party.config, tokens.access_token, userId);
  const organisation = await stack.db('customers').join('users', 'customers.id', 'customer_id').where({ email });
  t.deepEqual(claims, {
    sub: userId,
    name: "Ann O'Brien",
    given_name: 'Ann',
    family_name: "O'Brien",
    locale: 'en',
    zoneinfo: 'UTC',
    email,
    email_verified: true,
    phone_number: '+4989123456',
    organisation: { id: organisation[0]?.customer_id, name: 'Acme GmbH', kind: 'customer' },
    user_type: 'Customer administrator',
    permissions: ['customer_account_administrator'],
  } as never);
});

test('an application is told no more than it asked for', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const tokens = await signIn(browser, party, { scope: 'openid email' });
  const claims = await oidc.fetchUserInfo(party.config, tokens.access_token, oidc.skipSubjectCheck);
  t.deepEqual(Object.keys(claims).sort(), ['email', 'email_verified', 'sub']);
});

test('who is logged in goes straight through; with prompt=none nobody is asked, and who is not logged in is refused', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  t.truthy((await signIn(browser, party, { prompt: 'none' })).access_token, 'no application has been here before');
  t.truthy((await signIn(browser, party)).access_token);
  t.is(await refusal(signIn(new BrowserSession(stack.url), party, { prompt: 'none' })), 'login_required');
  const tooOld = signIn(browser, party, { prompt: 'none', max_age: '0' });
  t.is(await refusal(tooOld), 'login_required');
});

test('prompt=login and max_age ask anew who is logged in, once, and the application is told when that was', async (t) => {
  const { stack, party } = t.context;
  const { email, userId, browser } = await buildPerson(stack);
  for (const asked of [{ prompt: 'login' }, { max_age: '60' }] as Record<string, string>[]) {
    await stack
      .db('sessions')
      .where({ user_id: userId })
      .update({ created_at: stack.db.raw("created_at - interval '1 hour'") });
    await signIn(browser, party);
    const authorization = await authorize(party, asked);
    const login = await follow(browser, authorization.url);
    t.is(login.path, '/login', 'although somebody is logged in');
    await browser.post('/login', { email, password }, login);
    const { location } = await follow(browser, '/sign-in/return');
    const { auth_time = 0 } = (await exchange(party, location, authorization)).claims() ?? {};
    t.true(Date.now() / 1_000 - auth_time < 60, JSON.stringify(asked));
    await browser.post('/logout', {}, await browser.get('/account'));
    await logIn(stack.url, email, browser);
  }
});

test('a person who logs in over another one gets tokens of their own', async (t) => {
  const { stack, party, email, userId } = t.context;
  const browser = await logIn(stack.url, email);
  await stack
    .db('sessions')
    .where({ user_id: userId })
    .update({ created_at: stack.db.raw("created_at - interval '2 seconds'") });
  t.is((await signIn(browser, party)).claims()?.sub, userId);
  const other = await buildPerson(stack);
  const authorization = await authorize(party, { prompt: 'login' });
  const login = await follow(browser, authorization.url);
  t.is(login.path, '/login');
  await browser.post('/login', { email: other.email, password }, login);
  const { location } = await follow(browser, '/sign-in/return');
  t.is((await exchange(party, location, authorization)).claims()?.sub, other.userId);
  // Without a request of its own the provider's session follows the one here.
  await browser.post('/logout', {}, await browser.get('/account'));
  await logIn(stack.url, email, browser);
  t.is((await signIn(browser, party)).claims()?.sub, userId);
});

test('a code is good for one exchange, also of two at once; one used again takes its tokens with it', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const authorization = await authorize(party);
  const { location } = await follow(browser, authorization.url);
  const attempts = await Promise.allSettled([1, 2, 3].map(() => exchange(party, location, authorization)));
  t.deepEqual(attempts.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
  t.is(await refusal(exchange(party, location, authorization)), 'invalid_grant');
  const tokens = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))[0];
  t.is(
    await refusal(oidc.fetchUserInfo(party.config, tokens?.access_token ?? '', oidc.skipSubjectCheck)),
    'invalid_token',
  );
});

test('an address that is not the application’s own is never redirected to, and PKCE cannot be left out', async (t) => {
  const { stack, party } = t.context;
  const browser = new BrowserSession(stack.url);
  for (const redirect_uri of [
    'http://localhost:9/callback/',
    'https://evil.test/',
    '//evil.test',
    `${redirectUri}?x=1`,
  ]) {
    const answer = await follow(browser, (await authorize(party, { redirect_uri })).url);
    t.deepEqual([answer.status, answer.location], [400, null], redirect_uri);
    t.true(answer.text.includes('redirect_uri') && !answer.text.includes('href="https://evil'));
  }
  const { url } = await authorize(party);
  const plain = new URL(url);
  plain.searchParams.delete('code_challenge');
  plain.searchParams.delete('code_challenge_method');
  const { location } = await follow(browser, plain.href);
  t.is(new URL(location ?? '').searchParams.get('error'), 'invalid_request');
  const unknown = new URL(url);
  unknown.searchParams.set('client_id', '00000000-0000-4000-8000-000000000000');
  t.is((await follow(browser, unknown.href)).status, 400);
});

test('a refresh token is good for once; one used again ends all of the sign-in', async (t) => {
  const { stack, party, email } = t.context;
  const tokens = await signIn(await logIn(stack.url, email), party);
  const first = tokens.refresh_token ?? '';
  const second = await oidc.refreshTokenGrant(party.config, first);
  t.not(second.refresh_token, first);
  t.is(await refusal(oidc.refreshTokenGrant(party.config, first)), 'invalid_grant');
  t.is(await refusal(oidc.refreshTokenGrant(party.config, second.refresh_token ?? '')), 'invalid_grant');
});

test('an application gives back its tokens, and a wrong secret or a public one gets none', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const tokens = await signIn(browser, party);
  await oidc.tokenRevocation(party.config, tokens.refresh_token ?? '');
  t.is(await refusal(oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '')), 'invalid_grant');
  for (const secret of ['x'.repeat(43), undefined]) {
    const config = new oidc.Configuration(
      party.config.serverMetadata(),
      party.id,
      secret,
      secret ? undefined : oidc.None(),
    );
    oidc.allowInsecureRequests(config);
    t.is(await refusal(signIn(browser, { ...party, config })), 'invalid_client');
  }
});

test('an application without a secret signs people in, and its pages may ask from their own origin only', async (t) => {
  const { stack, email } = t.context;
  const party = await buildApplication(stack, { isPublic: true });
  const tokens = await signIn(await logIn(stack.url, email), party);
  const ask = (origin: string) =>
    fetch(`${stack.url}/oidc/me`, { headers: { authorization: `Bearer ${tokens.access_token}`, origin } });
  const own = await ask('http://localhost:9');
  t.deepEqual([own.status, own.headers.get('access-control-allow-origin')], [200, 'http://localhost:9']);
  const other = await ask('https://evil.test');
  t.deepEqual([other.status, other.headers.get('access-control-allow-origin')], [400, null]);
});

test('logging out here ends what an application holds, except what it may have while nobody is there', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const offline = await signIn(browser, party, { scope: 'openid offline_access', prompt: 'consent' });
  const online = await signIn(browser, party);
  await browser.post('/logout', {}, await browser.get('/account'));
  t.is(await refusal(oidc.refreshTokenGrant(party.config, online.refresh_token ?? '')), 'invalid_grant');
  t.is(await refusal(oidc.fetchUserInfo(party.config, online.access_token, oidc.skipSubjectCheck)), 'invalid_token');
  t.truthy((await oidc.refreshTokenGrant(party.config, offline.refresh_token ?? '')).access_token);
  t.is((await follow(browser, (await authorize(party)).url)).path, '/login');
});

test('who is disabled, or whose sign-ins are ended, has no tokens any more, offline ones included', async (t) => {
  const { stack, party } = t.context;
  const { browser, userId } = await buildPerson(stack);
  const offline = { scope: 'openid offline_access', prompt: 'consent' };
  const tokens = await signIn(browser, party, offline);
  await stack.db('users').where({ id: userId }).update({ disabled_at: stack.db.fn.now() });
  t.is(await refusal(oidc.fetchUserInfo(party.config, tokens.access_token, oidc.skipSubjectCheck)), 'invalid_token');
  t.is(await refusal(oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '')), 'invalid_grant');
  t.is(await refusal(signIn(browser, party, { prompt: 'none' })), 'login_required');
  await stack.db('users').where({ id: userId }).update({ disabled_at: null });
  const again = await signIn(browser, party, offline);
  await endSignIns(stack.db, userId);
  t.is(await refusal(oidc.refreshTokenGrant(party.config, again.refresh_token ?? '')), 'invalid_grant');
  t.deepEqual(await stack.db('sign_in_records').where({ user_id: userId }), []);
});

test('a new password ends every sign-in, and leaves the browser logged in that asked for it', async (t) => {
  const { stack, party } = t.context;
  const { browser } = await buildPerson(stack);
  const tokens = await signIn(browser, party, { scope: 'openid offline_access', prompt: 'consent' });
  const change = { currentPassword: password, newPassword: 'seven purple walruses juggle' };
  t.is((await browser.json('PUT', '/api/v1/me/password', change)).status, 204);
  t.is(await refusal(oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '')), 'invalid_grant');
  t.truthy((await signIn(browser, party, { prompt: 'none' })).access_token);
});

test('a changed second factor, and a password that was forgotten, end what applications hold', async (t) => {
  const { stack, party } = t.context;
  const { browser, email } = await buildPerson(stack);
  const held = async () => {
    const { refresh_token = '' } = await signIn(browser, party, { scope: 'openid offline_access', prompt: 'consent' });
    return () => refusal(oidc.refreshTokenGrant(party.config, refresh_token));
  };
  const settings = '/account/second-factor';
  const before = await held();
  await buildFactor(browser);
  t.is(await before(), 'invalid_grant', 'set up');
  const codes = await held();
  await sendForm(browser, settings, `${settings}/recovery-codes`);
  t.is(await codes(), 'invalid_grant', 'new recovery codes');
  const removed = await held();
  await sendForm(browser, settings, `${settings}/totp/remove`);
  t.is(await removed(), 'invalid_grant', 'taken off');
  t.truthy((await signIn(browser, party, { prompt: 'none' })).access_token, 'this browser goes on');

  const forgotten = await held();
  const elsewhere = new BrowserSession(stack.url);
  await elsewhere.json('POST', '/api/v1/password-resets', { email });
  const [path = ''] = await mailedPaths(stack, email, '/password-reset');
  const reset = { newPassword: 'seven purple walruses juggle' };
  t.is((await elsewhere.post(path, reset, await elsewhere.get(path))).location, '/login');
  t.is(await forgotten(), 'invalid_grant');
});

// Serial, for the settings are everybody's.
test.serial(
  'on the way to an application the second factor is asked, and its set-up does not lose the way',
  async (t) => {
    const { stack, party } = t.context;
    const { browser: setUp, email, userId } = await buildPerson(stack);
    const { secret } = await buildFactor(setUp);
    const browser = new BrowserSession(stack.url);
    const authorization = await authorize(party);
    const login = await follow(browser, authorization.url);
    const answer = await browser.post('/login', { email, password }, login);
    const question = await follow(browser, answer.location ?? '');
    t.is(question.path, '/login/second-factor');
    t.is(
      await refusal(signIn(browser, party, { prompt: 'none' })),
      'login_required',
      'the password alone opens nothing',
    );
    t.is((await browser.post(question.path, { code: '000000' }, question)).status, 401);
    const proven = await browser.post(question.path, { code: codeOf(secret) }, question);
    t.is(proven.location, '/sign-in/return');
    const { location } = await follow(browser, '/sign-in/return');
    t.is((await exchange(party, location, authorization)).claims()?.sub, userId);

    const { email: other, userId: otherId, browser: otherBrowser } = await buildPerson(stack);
    await otherBrowser.post('/logout', {}, await otherBrowser.get('/account'));
    await stack.db('settings').update({ administrators_second_factor: true });
    t.teardown(() => stack.db('settings').update({ administrators_second_factor: false }));
    const wish = await authorize(party);
    const asked = await follow(otherBrowser, wish.url);
    const demanded = await follow(
      otherBrowser,
      (await otherBrowser.post('/login', { email: other, password }, asked)).location ?? '',
    );
    t.is(demanded.path, '/account/second-factor');
    await buildFactor(otherBrowser);
    const codes = await otherBrowser.get('/account/second-factor/recovery-codes');
    const stored = await otherBrowser.post('/account/second-factor/recovery-codes/stored', {}, codes);
    t.is(stored.location, '/sign-in/return', 'on to the application, without being told how');
    const reloaded = await otherBrowser.get('/account/second-factor/recovery-codes');
    t.is(reloaded.location, '/sign-in/return', 'also when the page has had its time');
    const back = await follow(otherBrowser, stored.location ?? '');
    t.is((await exchange(party, back.location, wish)).claims()?.sub, otherId);
  },
);

test('a partner that is shut out takes its users’ sign-ins with it, and an erased person leaves none', async (t) => {
  const { stack, party } = t.context;
  const { db } = stack;
  const [partner] = await db('partners').insert({ name: 'Partner', origin: 'console' }).returning('id');
  const userType = await db('user_types').where({ kind: 'partner' }).first('id');
  const of = { customer_id: null, partner_id: partner.id, user_type_id: userType.id };
  const colleagues = await Promise.all([1, 2].map(() => buildLoginUser(stack, of)));
  const offline = { scope: 'openid organisation offline_access', prompt: 'consent' };
  const [one, two] = await Promise.all(
    colleagues.map(async ({ email }) => signIn(await logIn(stack.url, email), party, offline)),
  );
  const claims = await oidc.fetchUserInfo(party.config, one!.access_token, oidc.skipSubjectCheck);
  t.deepEqual(claims.organisation as unknown, { id: partner.id, name: 'Partner', kind: 'partner' });
  await db.transaction((trx) => eraseUser(trx, colleagues[0]!.id));
  t.is(await refusal(oidc.refreshTokenGrant(party.config, one?.refresh_token ?? '')), 'invalid_grant');
  await db.transaction((trx) => disablePartner(trx, partner.id));
  t.is(await refusal(oidc.refreshTokenGrant(party.config, two?.refresh_token ?? '')), 'invalid_grant');
  t.deepEqual(await db('sign_in_records').whereIn('user_id', [colleagues[0]!.id, colleagues[1]!.id]), []);
});

test('nothing that could be presented stands in the database', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const tokens = await signIn(browser, party);
  const rows = await stack.db('sign_in_records').select('*');
  const applications = await stack.db('applications').select('*');
  const stored = Buffer.concat([
    Buffer.from(JSON.stringify([rows, applications])),
    ...rows.map(({ sealed_payload }) => sealed_payload),
  ]).toString('latin1');
  const secrets = [tokens.access_token, tokens.refresh_token, party.secret, browser.cookies.get('vestibule_sign-in')];
  for (const secret of secrets) t.false(stored.includes(secret ?? '-'));
  t.true(rows.length > 0 && secrets.every(Boolean));
});
