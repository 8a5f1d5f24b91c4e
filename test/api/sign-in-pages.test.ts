import anyTest, { type TestFn } from 'ava';
import * as oidc from 'openid-client';
import { setApplicationDisabled } from '../../db/applications.js';
import { SecretKeys } from '../../db/secret-keys.js';
import { rotateSigningKeys } from '../../db/signing-keys.js';
import { choosePort } from '../../dev/ports.js';
import { buildAccount, buildEmail, buildLink, password, submitLink } from '../builders/registrations.js';
import { buildLoginUser } from '../builders/users.js';
import { BrowserSession, hiddenField } from '../helpers/browser-session.js';
import {
  authorize,
  buildApplication,
  discover,
  exchange,
  follow,
  type RelyingParty,
  redirectUri,
  refusal,
  signIn,
} from '../helpers/relying-party.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { logIn } from './fixtures/requests.js';

const test = anyTest as TestFn<{ stack: Stack; party: RelyingParty; email: string }>;
const goodbye = 'http://localhost:9/goodbye';

test.before(async (t) => {
  const stack = await startStack();
  const { email } = await buildAccount(stack);
  const party = await buildApplication(stack, { post_logout_redirect_uris: [goodbye] });
  Object.assign(t.context, { stack, email, party });
});
test.after.always((t) => t.context.stack?.stop());

const codeIn = (location: string | null) => new URL(location ?? 'about:blank').searchParams.get('code');

test.serial(
  'a new key signs after a rotation; what the old one signed is still good, tokens and logout included',
  async (t) => {
    const { stack, party, email } = t.context;
    const browser = await logIn(stack.url, email);
    const before = await signIn(browser, party);
    const kidOf = ({ id_token = '' }) =>
      JSON.parse(Buffer.from(id_token.split('.')[0] ?? '', 'base64url').toString()).kid;
    await stack.db('signing_keys').update({ signs_from: stack.db.raw("now() - interval '90 days'") });
    await rotateSigningKeys(stack.db, SecretKeys.parse(stack.env.SECRET_KEYS ?? ''));
    await stack.db('signing_keys').update({ signs_from: stack.db.raw("signs_from - interval '2 days'") });
    await stack.api.kill('SIGTERM');
    await stack.startApi();

    const { keys } = await (await fetch(`${stack.url}/oidc/jwks`)).json();
    t.is(keys.length, 2);
    t.true(
      keys.every((key: object) => !('d' in key)),
      'the private half stays here',
    );
    const after = await signIn(browser, { ...party, config: await discover(stack.url, party.id, party.secret) });
    t.not(kidOf(after), kidOf(before));
    t.deepEqual(
      keys.map(({ kid }: { kid: string }) => kid),
      [kidOf(after), kidOf(before)],
    );
    t.truthy((await oidc.refreshTokenGrant(party.config, before.refresh_token ?? '')).access_token);
    const parameters = { client_id: party.id, id_token_hint: before.id_token ?? '' };
    t.true(
      (await follow(browser, oidc.buildEndSessionUrl(party.config, parameters).href)).text.includes('data-submit'),
    );
  },
);

test('prompt=create leads to the registration, and the first login back to the application', async (t) => {
  const { stack, party } = t.context;
  const email = buildEmail();
  const browser = new BrowserSession(stack.url);
  const authorization = await authorize(party, { prompt: 'create' });
  t.is((await follow(browser, authorization.url)).path, '/register');
  await submitLink(browser, await buildLink(stack, email));
  const login = await browser.get('/login');
  t.true(login.text.includes('then continue to Fleet'));
  t.is((await browser.post('/login', { email, password }, login)).location, '/sign-in/return');
  const { location } = await follow(browser, '/sign-in/return');
  const tokens = await exchange(party, location, authorization);
  t.is((await oidc.fetchUserInfo(party.config, tokens.access_token, oidc.skipSubjectCheck)).email, email);
  // The request is answered: the next login is one like any other.
  t.is((await browser.get('/sign-in')).location, '/login');
  t.is((await browser.get('/sign-in/return')).location, '/account');
});

test('"Create new account" on the login page goes on with the same request', async (t) => {
  const { stack, party } = t.context;
  const browser = new BrowserSession(stack.url);
  const authorization = await authorize(party);
  t.true((await follow(browser, authorization.url)).text.includes('href="/sign-in/create"'));
  t.is((await follow(browser, '/sign-in/create')).path, '/register');
  const email = buildEmail();
  await submitLink(browser, await buildLink(stack, email));
  await browser.post('/login', { email, password }, await browser.get('/login'));
  const { location } = await follow(browser, '/sign-in/return');
  t.truthy((await exchange(party, location, authorization)).access_token);
});

test('without a request everything leads to where it always did', async (t) => {
  const { stack, email } = t.context;
  const browser = new BrowserSession(stack.url);
  t.is((await browser.get('/sign-in')).location, '/login');
  t.is((await browser.get('/sign-in/create')).location, '/register');
  t.true((await browser.get('/login')).text.includes('href="/register"'));
  await logIn(stack.url, email, browser);
  browser.cookies.set('vestibule_request', 'x'.repeat(43));
  t.is((await follow(browser, '/sign-in/return')).path, '/account');
});

test('a request that has expired, or whose application was shut out, lets the login end at the account', async (t) => {
  const { stack, email } = t.context;
  const party = await buildApplication(stack);
  const [late, refused] = [new BrowserSession(stack.url), new BrowserSession(stack.url)];
  await follow(late, (await authorize(party)).url);
  await stack.db('sign_in_records').where({ application_id: party.id }).update({ expires_at: stack.db.fn.now() });
  await follow(refused, (await authorize(party)).url);
  await setApplicationDisabled(stack.db, party.id, true);
  for (const browser of [late, refused]) {
    await browser.post('/login', { email, password }, await browser.get('/login'));
    t.is((await follow(browser, '/sign-in/return')).path, '/account');
  }
  t.is((await follow(late, (await authorize(party)).url)).status, 400);
});

test('who is logged in already chooses whose account it is that the application gets', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const { id } = await stack.db('users').where({ email }).first('id');
  await stack
    .db('sessions')
    .where({ user_id: id })
    .update({ created_at: stack.db.raw("created_at - interval '1 minute'") });
  const authorization = await authorize(party, { prompt: 'create' });
  const choice = await follow(browser, authorization.url);
  t.is(choice.path, '/sign-in');
  t.true(choice.text.includes(email));
  const answer = await browser.post('/sign-in', { decision: 'continue' }, choice);
  const back = /content="0;url=([^"]+)"/.exec(answer.text)?.[1] ?? '';
  const { location } = await follow(browser, back);
  t.truthy((await exchange(party, location, authorization)).access_token);

  const again = await follow(browser, (await authorize(party, { prompt: 'create' })).url);
  t.is((await browser.post('/sign-in', { decision: 'newAccount' }, again)).location, '/register');
  t.is((await browser.get('/account')).location, '/login');
});

test('an application that is not the platform’s own is allowed what it asks for, or not', async (t) => {
  const { stack, email } = t.context;
  const party = await buildApplication(stack, { name: 'Weather <b>', first_party: false });
  const browser = await logIn(stack.url, email);
  const asked = await follow(browser, (await authorize(party, { scope: 'openid email' })).url);
  t.is(asked.path, '/sign-in');
  t.true(asked.text.includes('Weather &lt;b>') && asked.text.includes('your e-mail address'));
  t.false(asked.text.includes('your phone number'));
  const denied = await browser.post('/sign-in', { decision: 'deny' }, asked);
  const { location } = await follow(browser, /content="0;url=([^"]+)"/.exec(denied.text)?.[1] ?? '');
  t.is(new URL(location ?? '').searchParams.get('error'), 'access_denied');

  const authorization = await authorize(party, { scope: 'openid email' });
  const consent = await follow(browser, authorization.url);
  // What a form of another page would decide is not decided.
  t.is((await browser.post('/sign-in', { decision: 'continue' }, consent)).location, '/sign-in');
  t.is((await browser.post('/sign-in', { decision: 'allow', formToken: 'x' }, consent)).status, 403);
  const allowed = await browser.post('/sign-in', { decision: 'allow' }, consent);
  const end = await follow(browser, /content="0;url=([^"]+)"/.exec(allowed.text)?.[1] ?? '');
  t.truthy((await exchange(party, end.location, authorization)).access_token);
  t.truthy((await signIn(browser, party, { scope: 'openid email' })).access_token, 'it is asked once');
  t.is((await follow(browser, (await authorize(party, { scope: 'openid phone' })).url)).path, '/sign-in');
});

test('an application logs its person out: at once with an ID token of theirs, else after a question', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const tokens = await signIn(browser, party);
  const parameters = { post_logout_redirect_uri: goodbye, state: 'x', client_id: party.id };
  const question = await follow(browser, oidc.buildEndSessionUrl(party.config, parameters).href);
  t.true(question.text.includes('Stay logged in') && !question.text.includes('data-submit'));
  t.regex(question.headers.get('content-security-policy') ?? '', /form-action 'self' http:\/\/localhost:9(;|$)/);
  const certain = oidc.buildEndSessionUrl(party.config, { ...parameters, id_token_hint: tokens.id_token ?? '' });
  const page = await follow(browser, certain.href);
  t.true(page.text.includes('data-submit'));
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const send = (body: string) => browser.send('POST', '/oidc/session/end/confirm', headers, body);
  t.is((await send('xsrf=wrong&logout=yes')).status, 400);
  t.is((await browser.get('/account')).status, 200, 'another site’s form logs nobody out');
  const answer = await send(`xsrf=${xsrf}&logout=yes`);
  t.is(answer.location, `${goodbye}?state=x`);
  t.is((await browser.get('/account')).location, '/login');
  t.is(await refusal(oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '')), 'invalid_grant');
});

test('a logout that names an address of somebody else is refused', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const elsewhere = { post_logout_redirect_uri: 'https://evil.test/', client_id: party.id };
  const answer = await follow(browser, oidc.buildEndSessionUrl(party.config, elsewhere).href);
  t.deepEqual([answer.status, answer.location], [400, null]);
  t.is((await browser.get('/account')).status, 200);
});

test('the answer comes as a form where the application wants one, which may lead there and nowhere else', async (t) => {
  const { stack, party, email } = t.context;
  const browser = await logIn(stack.url, email);
  const page = await follow(browser, (await authorize(party, { response_mode: 'form_post' })).url);
  t.true(page.text.includes(`action="${redirectUri}"`));
  const policy = page.headers.get('content-security-policy') ?? '';
  t.regex(policy, /form-action 'self' http:\/\/localhost:9(;|$)/);
  t.regex(policy, /script-src 'self' 'sha256-/);
});

test('what has to be accepted before all else comes before the application, too, and then leads there', async (t) => {
  const { stack, party } = t.context;
  const { id, email } = await buildLoginUser(stack);
  const browser = await logIn(stack.url, email);
  await signIn(browser, party);
  await stack.db('consents').where({ user_id: id }).delete();
  t.is(await refusal(signIn(browser, party, { prompt: 'none' })), 'login_required');
  const authorization = await authorize(party);
  const question = await follow(browser, authorization.url);
  t.is(question.path, '/account/agreements/accept');
  const boxes = { terms: hiddenField(question.text, 'terms'), privacy: hiddenField(question.text, 'privacy') };
  const accepted = await browser.post(question.path, { language: 'en', ...boxes }, question);
  t.is(accepted.location, '/sign-in/return');
  const { location } = await follow(browser, '/sign-in/return');
  t.is((await exchange(party, location, authorization)).claims()?.sub, id);
});

test('behind a proxy with TLS the whole way works under the public address, with cookies that are Secure and nobody else can plant', async (t) => {
  const { stack, party, email } = t.context;
  const port = await choosePort(0);
  await stack.startApi({ PORT: String(port), PUBLIC_URL: 'https://sign-in.example.com' });
  const browser = new BrowserSession(`http://localhost:${port}`);
  const begun = await browser.get((await authorize(party)).url.replace(stack.url, ''));
  const cookies = begun.headers.getSetCookie();
  t.regex(
    cookies.find((cookie) => cookie.startsWith('__Host-request=')) ?? '',
    /path=\/;.*samesite=lax; secure; httponly/i,
  );
  t.regex(
    cookies.find((cookie) => cookie.startsWith('__Secure-resume=')) ?? '',
    /path=\/oidc\/auth\/.*secure; httponly/i,
  );
  await browser.post('/login', { email, password }, await browser.get('/login'));
  const back = (await browser.get('/sign-in')).location ?? '';
  const end = await browser.get(back);
  t.truthy(codeIn(end.location));
  t.is(new URL(end.location ?? '').searchParams.get('iss'), 'https://sign-in.example.com/oidc');
  const session = end.headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-sign-in='));
  t.regex(session ?? '', /path=\/; samesite=lax; secure; httponly$/i, 'of the browser: gone when it is closed');
  const metadata = (await browser.get('/oidc/.well-known/openid-configuration')).json();
  t.is(metadata.token_endpoint, 'https://sign-in.example.com/oidc/token');
});
