import anyTest, { type TestFn } from 'ava';
import { buildAccount, password } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { buildStaff, sendForm } from './console/fixtures.js';
import { Authenticator } from './fixtures/authenticator.js';
import { logIn } from './fixtures/requests.js';
import { codesOn, logInHalf, sendCode } from './fixtures/second-factors.js';

const test = anyTest as TestFn<{ stack: Stack }>;
const settings = '/account/second-factor';
const asking = '/login/second-factor';

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

interface Options {
  challenge: string;
  rp: { id: string };
  rpId: string;
  excludeCredentials: { id: string }[];
  allowCredentials: { id: string }[];
}

const optionsOf = async (browser: BrowserSession, path: string, headers: Record<string, string> = {}) =>
  (await browser.json('POST', path, {}, headers)).json<Options>();

async function addPasskey(browser: BrowserSession, device: Authenticator, passkeyName = 'My key', base = settings) {
  const page = await browser.get(base);
  const passkey = device.register(await optionsOf(browser, `${base}/passkeys/options`));
  return browser.post(`${base}/passkeys`, { passkey, passkeyName }, page);
}

async function usePasskey(browser: BrowserSession, sign: (options: Options) => string, path = asking) {
  const page = await browser.get(path);
  const options = await optionsOf(browser, `${path}/passkey-options`);
  return browser.post(`${path}/passkey`, { passkey: sign(options) }, page);
}

async function buildPerson(stack: Stack) {
  const { email } = await buildAccount(stack);
  const browser = await logIn(stack.url, email);
  const device = new Authenticator(stack.url);
  const added = await addPasskey(browser, device);
  if (added.location !== `${settings}/recovery-codes`) throw new Error(`no passkey: ${added.status} ${added.text}`);
  const codes = codesOn((await browser.get(`${settings}/recovery-codes`)).text);
  const half = () => logInHalf(stack, email, password);
  return { email, browser, device, codes, half };
}

const isIn = async (browser: BrowserSession) => (await browser.json('GET', '/api/v1/me')).status === 200;

test('a passkey is made, told by mail, asked for at the next login and opens it under a new token', async (t) => {
  const { stack } = t.context;
  const { email, browser, device, codes, half } = await buildPerson(stack);
  t.is(codes.length, 10);
  t.true(await isIn(browser));
  const mail = await stack.mail.waitForMail(({ to, subject }) => to.includes(email) && /passkey/.test(subject), 60_000);
  t.true(mail.text.includes('My key'));
  const later = await half();
  t.is((await later.get('/account')).location, asking);
  const token = later.cookies.get('vestibule_session');
  t.is((await usePasskey(later, (options) => device.authenticate(options))).location, '/account');
  t.not(later.cookies.get('vestibule_session'), token);
  t.true(await isIn(later));
  const again = await half();
  t.is((await sendCode(again, codes[0] ?? '')).location, '/account', 'a recovery code does as well');
  const row = await stack
    .db('passkeys')
    .where({ credential_id: device.id.toString('base64url') })
    .first();
  t.is(row.counter, '1');
  t.truthy(row.last_used_at);
});

test('host and origin are the configured ones, whatever the request says (T9)', async (t) => {
  const { stack } = t.context;
  const { browser, half } = await buildPerson(stack);
  const headers = { host: 'evil.test', 'x-forwarded-host': 'evil.test' };
  t.is((await optionsOf(browser, `${settings}/passkeys/options`, headers)).rp.id, 'localhost');
  t.is((await optionsOf(await half(), `${asking}/passkey-options`, headers)).rpId, 'localhost');
});

test('another origin, host, challenge, key or person, an answer sent twice, and nonsense open nothing', async (t) => {
  const { stack } = t.context;
  const [person, other] = [await buildPerson(stack), await buildPerson(stack)];
  const { device } = person;
  const copyOf = (origin: string, host?: string) => {
    const copy = new Authenticator(origin, host);
    return Object.assign(copy, { id: device.id, key: device.key, counter: 40 });
  };
  const wrong: Record<string, (options: Options) => string> = {
    origin: (options) => copyOf('http://localhost:1').authenticate(options),
    'origin of another host': (options) => copyOf('https://evil.test', 'localhost').authenticate(options),
    host: (options) => copyOf(stack.url, 'evil.test').authenticate(options),
    challenge: () => device.authenticate({ challenge: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    key: (options) => Object.assign(new Authenticator(stack.url), { id: device.id, counter: 40 }).authenticate(options),
    person: (options) => other.device.authenticate(options),
    registration: (options) => device.register(options),
    nonsense: () => '{"id":1}',
    nothing: () => '',
  };
  const browser = await person.half();
  for (const [name, sign] of Object.entries(wrong)) {
    const answer = await usePasskey(browser, sign);
    t.is(answer.status, 401, name);
    t.true(answer.text.includes('passkey did not work'), name);
  }
  t.false(await isIn(browser));
  t.is((await usePasskey(browser, (options) => device.authenticate(options))).status, 303, 'the right one still does');

  const [one, two] = [await person.half(), await person.half()];
  const page = await one.get(asking);
  const passkey = device.authenticate(await optionsOf(one, `${asking}/passkey-options`));
  t.is((await two.post(`${asking}/passkey`, { passkey }, await two.get(asking))).status, 401, 'in another browser');
  const answers = await Promise.all([1, 2, 3, 4].map(() => one.post(`${asking}/passkey`, { passkey }, page)));
  t.is(answers.filter(({ location }) => location === '/account').length, 1, 'four times at once');
});

test('a counter that goes back is a copy, and is refused; a challenge is old after five minutes', async (t) => {
  const { stack } = t.context;
  const { device, half } = await buildPerson(stack);
  for (let n = 0; n < 3; n++) t.is((await usePasskey(await half(), (o) => device.authenticate(o))).status, 303);
  device.counter = 2;
  t.is((await usePasskey(await half(), (o) => device.authenticate(o, { counts: false }))).status, 401);
  t.is((await usePasskey(await half(), (o) => device.authenticate(o))).status, 401, 'equal');
  t.is((await usePasskey(await half(), (o) => device.authenticate(o))).status, 303);
  const browser = await half();
  const page = await browser.get(asking);
  const options = await optionsOf(browser, `${asking}/passkey-options`);
  const passkey = device.authenticate(options);
  const aged = await stack
    .db('webauthn_challenges')
    .where({ challenge: options.challenge })
    .update({ created_at: stack.db.raw("now() - interval '5 minutes'") });
  t.is(aged, 1);
  t.is((await browser.post(`${asking}/passkey`, { passkey }, page)).status, 401);
});

test('a key of our own that says 0 for ever is no copy', async (t) => {
  const { device, half } = await buildPerson(t.context.stack);
  for (let n = 0; n < 2; n++)
    t.is((await usePasskey(await half(), (o) => device.authenticate(o, { counts: false }))).status, 303);
});

test('passkeys are renamed and removed by their owner only; with the last one the codes go', async (t) => {
  const { stack } = t.context;
  const [person, other] = [await buildPerson(stack), await buildPerson(stack)];
  const { browser, device } = person;
  const options = await optionsOf(browser, `${settings}/passkeys/options`);
  t.deepEqual(
    options.excludeCredentials.map(({ id }) => id),
    [device.id.toString('base64url')],
  );
  const taken = await addPasskey(other.browser, device);
  t.is(taken.status, 400, "known as somebody else's");
  const second = new Authenticator(stack.url);
  t.is((await addPasskey(browser, second, '')).location, settings);
  const rows = await stack.db('passkeys').whereIn(
    'credential_id',
    [device, second].map(({ id }) => id.toString('base64url')),
  );
  const [first, unnamed] = [rows.find(({ name }) => name === 'My key'), rows.find(({ name }) => name === 'Passkey')];
  const page = await other.browser.get(settings);
  for (const [action, fields] of [
    ['rename', { passkeyName: 'Mine now' }],
    ['remove', {}],
  ] as const) {
    const answer = await other.browser.post(`${settings}/passkeys/${first.id}/${action}`, fields, page);
    t.is(answer.status, action === 'rename' ? 404 : 303, action);
  }
  t.is((await stack.db('passkeys').where({ id: first.id }).first('name'))?.name, 'My key');
  const rename = `${settings}/passkeys/${first.id}/rename`;
  t.is((await sendForm(browser, settings, rename, { passkeyName: ' <b>Blue</b> key ' })).location, settings);
  t.true((await browser.get(settings)).text.includes('&lt;b>Blue&lt;/b> key'));
  t.is((await sendForm(browser, settings, rename, { passkeyName: ' ' })).status, 400);

  const waiting = await person.half();
  t.is((await sendForm(browser, settings, `${settings}/passkeys/${first.id}/remove`)).location, settings);
  t.is((await usePasskey(await person.half(), (o) => device.authenticate(o))).status, 401, 'removed');
  t.is((await waiting.get(asking)).status, 200, 'one is left');
  t.is((await sendForm(browser, settings, `${settings}/passkeys/${unnamed.id}/remove`)).location, settings);
  t.is((await waiting.get(asking)).location, '/login');
  t.true(await isIn(await person.half()));
  const user = await stack.db('users').where({ email: person.email }).first('id');
  t.is((await stack.db('recovery_codes').where({ user_id: user.id })).length, 0);
  await stack.mail.waitForMail(
    ({ to, subject, text }) => to.includes(person.email) && /removed/.test(subject) && text.includes('Passkey'),
    60_000,
  );
});

test('without a fresh proof no passkey is made or taken away', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildPerson(stack);
  const { id } = await stack.db('users').where({ email }).first('id');
  const page = await browser.get(settings);
  const past = stack.db.raw("now() - interval '11 minutes'");
  await stack.db('sessions').where({ user_id: id }).update({ created_at: past, confirmed_at: past });
  t.is((await browser.json('POST', `${settings}/passkeys/options`, {})).status, 403);
  const row = await stack.db('passkeys').where({ user_id: id }).first();
  t.is((await browser.post(`${settings}/passkeys/${row.id}/remove`, {}, page)).status, 403);
  t.is((await browser.post(`${settings}/passkeys`, { passkey: '{}' }, page)).status, 403);
});

test('staff use passkeys in the Console, and half-way in nobody makes one', async (t) => {
  const { stack } = t.context;
  const { email, browser } = await buildStaff(stack, 'operator');
  const base = '/console/second-factor';
  const device = new Authenticator(stack.url);
  t.is((await addPasskey(browser, device, 'Desk', base)).location, `${base}/recovery-codes`);
  const half = new BrowserSession(stack.url);
  await half.post('/console/login', { email, password }, await half.get('/console/login'));
  const path = '/console/login/second-factor';
  t.is((await half.json('POST', `${base}/passkeys/options`, {})).status, 403);
  t.is((await half.get('/console')).location, path);
  t.is((await usePasskey(half, (options) => device.authenticate(options), path)).location, '/console');
  t.is((await half.get('/console')).status, 200);
});
