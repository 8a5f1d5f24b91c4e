import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { demoPartners } from '../../../dev/stub-provider.js';
import { type Asked, lookUpAt, sendJson, startProvider, startStub } from './fixtures.js';

const oauth = (url: string, changes: object = {}) => ({
  authentication: 'oauth2',
  tokenUrl: `${url}/token`,
  clientId: 'vestibule',
  ...changes,
});
const secrets = { clientSecret: 'stub-secret' };

/** Gives numbered tokens, of which `isGood` says whether a lookup may use them. */
async function startOauthProvider(
  t: ExecutionContext,
  { token = {}, isGood = () => true }: { token?: object; isGood?: (token: string) => boolean } = {},
) {
  let tokens = 0;
  const provider = await startProvider(t, (response, { path, headers }) => {
    if (path !== '/token')
      return sendJson(response, {}, isGood(headers.authorization?.replace('Bearer ', '') ?? '') ? 200 : 401);
    tokens += 1;
    sendJson(response, { access_token: `t-${tokens}`, token_type: 'Bearer', expires_in: 3600, ...token });
  });
  return {
    ...provider,
    lookUp: (config: object = {}, given = secrets) =>
      lookUpAt(provider.url, { config: oauth(provider.url, config), tools: { secrets: given } }),
    trail: () => provider.asked.map(({ path, headers }) => (path === '/token' ? 'token' : headers.authorization)),
  };
}

test('With the stub provider, a lookup gets itself a token first.', async (t) => {
  const stub = await startStub(t);
  const { code: _, ...record } = demoPartners[0]!;
  const result = await lookUpAt(stub.url, { config: oauth(stub.url), tools: { secrets } });
  t.deepEqual(result, { outcome: 'found', record });
  t.is(stub.requests()[0]?.authentication, 'Bearer');
});

test('A wrong client secret is a matter of our settings, and no lookup is made.', async (t) => {
  const stub = await startStub(t);
  const tools = { secrets: { clientSecret: 'wrong' } };
  t.deepEqual(await lookUpAt(stub.url, { config: oauth(stub.url), tools }), {
    outcome: 'misconfigured',
    reason: 'notAuthorised',
  });
  t.deepEqual(stub.requests(), []);
});

test('The client shows itself by basic credentials, form-encoded, and names the scope.', async (t) => {
  const provider = await startOauthProvider(t);
  await provider.lookUp({ clientId: 'a:b', scope: 'partners.read more' }, { clientSecret: 'c&d' });
  const { method, headers, body } = provider.asked[0] as Asked;
  t.is(method, 'POST');
  t.is(headers['content-type'], 'application/x-www-form-urlencoded');
  t.is(Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString(), 'a%3Ab:c%26d');
  t.is(body, 'grant_type=client_credentials&scope=partners.read+more');
});

test('A token is used again until it expires.', async (t) => {
  const provider = await startOauthProvider(t);
  await provider.lookUp();
  await provider.lookUp();
  t.deepEqual(provider.trail(), ['token', 'Bearer t-1', 'Bearer t-1']);
});

for (const expires_in of [30, undefined, 'soon', -1])
  test(`A token that expires in ${expires_in} seconds is used once.`, async (t) => {
    const provider = await startOauthProvider(t, { token: { expires_in } });
    await provider.lookUp();
    await provider.lookUp();
    t.deepEqual(provider.trail(), ['token', 'Bearer t-1', 'token', 'Bearer t-2']);
  });

test('Another secret, client or scope asks for another token.', async (t) => {
  const provider = await startOauthProvider(t);
  await provider.lookUp();
  await provider.lookUp({}, { clientSecret: 'rotated' });
  await provider.lookUp({ clientId: 'other' });
  await provider.lookUp({ scope: 'other' });
  t.is(provider.trail().filter((step) => step === 'token').length, 4);
});

test('A kept token that was revoked is replaced by a fresh one within the lookup.', async (t) => {
  let revoked = '';
  const provider = await startOauthProvider(t, { isGood: (token) => token !== revoked });
  await provider.lookUp();
  revoked = 't-1';
  t.deepEqual(await provider.lookUp(), { outcome: 'found', record: {} });
  t.deepEqual(provider.trail(), ['token', 'Bearer t-1', 'Bearer t-1', 'token', 'Bearer t-2']);
});

test('A fresh token that is refused ends the lookup as not authorised, after one try, and is not tried again for ever.', async (t) => {
  const provider = await startOauthProvider(t, { isGood: () => false });
  t.deepEqual(await provider.lookUp(), { outcome: 'misconfigured', reason: 'notAuthorised' });
  t.deepEqual(provider.trail(), ['token', 'Bearer t-1']);
  t.deepEqual(await provider.lookUp(), { outcome: 'misconfigured', reason: 'notAuthorised' });
  t.deepEqual(provider.trail().slice(2), ['Bearer t-1', 'token', 'Bearer t-2']);
});

const json = (value: unknown, status?: number) => (response: ServerResponse) => sendJson(response, value, status);
const tokenAnswers: [name: string, answer: (response: ServerResponse) => void, ending: string][] = [
  ['400', json({ error: 'invalid_client' }, 400), 'misconfigured notAuthorised'],
  ['401', json({}, 401), 'misconfigured notAuthorised'],
  ['403', json({}, 403), 'misconfigured notAuthorised'],
  ['404', json({}, 404), 'misconfigured refused'],
  ['410', json({}, 410), 'misconfigured refused'],
  ['302', (response) => response.writeHead(302, { location: '/elsewhere' }).end(), 'misconfigured redirect'],
  ['429', json({}, 429), 'temporary tooBusy'],
  ['500', json({}, 500), 'temporary serverError'],
  ['null', json(null), 'temporary notJson'],
  ['no token', json({ token_type: 'bearer' }), 'temporary notJson'],
  ['another kind of token', json({ access_token: 'a', token_type: 'mac' }), 'temporary notJson'],
  ['a token with a line break', json({ access_token: 'a\r\nX: 1', token_type: 'bearer' }), 'temporary notJson'],
  ['HTML', (response) => response.end('<h1>Hello</h1>'), 'temporary notJson'],
  ['too much', (response) => response.end('x'.repeat(70_000)), 'temporary tooLarge'],
  ['nothing', () => {}, 'temporary timeout'],
];

for (const [name, answer, ending] of tokenAnswers)
  test(`A token endpoint that answers ${name} ends the lookup: ${ending}.`, async (t) => {
    const { url, asked } = await startProvider(t, answer);
    const timeLimitSeconds = ending.endsWith('timeout') ? 1 : 10;
    const result = await lookUpAt(url, { config: oauth(url, { timeLimitSeconds }), tools: { secrets } });
    t.is('reason' in result ? `${result.outcome} ${result.reason}` : result.outcome, ending);
    t.deepEqual(
      asked.map(({ path }) => path),
      ['/token'],
    );
  });

test('A token endpoint that the deployment does not list is not asked.', async (t) => {
  const [listed, other] = [await startStub(t), await startProvider(t, json({}))];
  const result = await lookUpAt(listed.url, { config: oauth(other.url), tools: { secrets } });
  t.deepEqual(result, { outcome: 'misconfigured', reason: 'addressForbidden' });
  t.deepEqual(other.asked, []);
});

test('Token and lookup share one time limit.', async (t) => {
  const { url, asked } = await startProvider(t, (response, { path }) => {
    // The lookup hangs: had it a limit of its own, the whole would still end, so the token's part is what is seen.
    if (path === '/token') sendJson(response, { access_token: 'a', token_type: 'bearer', expires_in: 60 });
  });
  const result = await lookUpAt(url, { config: oauth(url, { timeLimitSeconds: 1 }), tools: { secrets } });
  t.deepEqual(result, { outcome: 'temporary', reason: 'timeout' });
  t.is(asked.length, 2);
});
