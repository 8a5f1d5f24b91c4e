import { Client, Connection } from '@temporalio/client';
import anyTest, { type TestFn } from 'ava';
import { canonicalEmail } from '../../api/email-address.js';
import { Engine } from '../../api/engine.js';
import { defaultLimits, RateLimits } from '../../api/rate-limits.js';
import { reconcile } from '../../api/reconciler.js';
import type { Services } from '../../api/registrations.js';
import { createLog } from '../../db/log.js';
import { SecretKeys } from '../../db/secret-keys.js';
import { choosePort } from '../../dev/ports.js';
import { buildKnownLink } from '../builders/journeys.js';
import { buildAccount, buildEmail, linkIn, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { assertSameTime } from '../helpers/same-time.js';
import { apiIsReady, type Stack, startStack } from '../helpers/stack.js';
import { buildOperator, comparable, sendRaw } from './fixtures/requests.js';

/** The start of a registration says the same of every address, whatever is known of it (security.md §2, §7). */
const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack({}, { keepsTemporal: true });
});
test.after.always((t) => t.context.stack?.stop());

const start = (url: string, email: string, headers: Record<string, string> = {}) =>
  new BrowserSession(url).json('POST', '/api/v1/registrations', { email }, headers);
const mailsTo = ({ mail }: Stack, email: string) => mail.messages().filter(({ to }) => to.includes(email));
const mailTo = ({ mail }: Stack, email: string) => mail.waitForMail(({ to }) => to.includes(email), 60_000);

async function startLimitedApi(stack: Stack, LIMITS: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const port = await choosePort(0);
  await stack.startApi({ PORT: String(port), LIMITS, TRUSTED_PROXIES: '127.0.0.1,::1', ...more });
  return `http://localhost:${port}`;
}

/** One address of each sort there is. */
async function buildAddresses(stack: Stack): Promise<Record<string, string>> {
  const [open, cancelled, expired, disabled] = ['open', 'cancelled', 'expired', 'disabled'].map((name) =>
    buildEmail(name),
  );
  await buildKnownLink(stack, open);
  const browser = new BrowserSession(stack.url);
  const link = await buildKnownLink(stack, cancelled);
  await browser.post(`${link}/cancel`, {}, await browser.get(`${link}/cancel`));
  await buildKnownLink(stack, expired);
  await stack.db('registrations').where({ email: expired }).update({ state: 'expired', ended_at: new Date() });
  await buildAccount(stack, disabled);
  await stack.db('users').where({ email: disabled }).update({ disabled_at: new Date() });
  const { email: account } = await buildAccount(stack, buildEmail('account'));
  const { email: staff } = await buildOperator(stack);
  return { unknown: buildEmail('unknown'), open, cancelled, expired, disabled, account, staff } as Record<
    string,
    string
  >;
}

test.serial('the answer is the same, byte for byte, for every sort of address (E1)', async (t) => {
  const { stack } = t.context;
  const addresses = await buildAddresses(stack);
  const answers: Record<string, unknown> = {};
  const pages: Record<string, unknown> = {};
  for (const [sort, email] of Object.entries(addresses)) {
    const mask = (text: string) => text.replaceAll(email, 'THEM');
    const json = await start(stack.url, email);
    answers[sort] = { ...comparable(json), cookies: json.headers.getSetCookie() };
    const browser = new BrowserSession(stack.url);
    const posted = await browser.post('/register', { email }, await browser.get('/register'));
    const cookies = posted.headers
      .getSetCookie()
      .map((line) => line.replace(/=[^;]*/, '').replace(/expires=[^;]*/, ''));
    const sent = comparable(await browser.get('/register/sent'));
    pages[sort] = {
      ...comparable(posted),
      cookies,
      sent: { ...sent, text: mask(sent.text), headers: sent.headers.filter(([name]) => name !== 'content-length') },
    };
    t.is(posted.location, '/register/sent');
  }
  for (const sort of Object.keys(addresses)) {
    t.deepEqual(answers[sort], answers.unknown, sort);
    t.deepEqual(pages[sort], pages.unknown, sort);
  }
});

test.serial(
  'the answer takes the same time for an unknown address, an open registration and an account (E2)',
  async (t) => {
    const { stack } = t.context;
    const { email: account } = await buildAccount(stack);
    const open = buildEmail();
    await buildKnownLink(stack, open);
    for (const known of [open, account])
      await assertSameTime(
        t,
        process.env.LONG === '1' ? 80 : 12,
        () => start(stack.url, buildEmail()),
        () => start(stack.url, known),
      );
  },
);

test.serial('the limit of starts comes at the same count and says the same to all (E3)', async (t) => {
  const { stack } = t.context;
  const { email: account } = await buildAccount(stack);
  const url = await startLimitedApi(stack, 'startsPerSource=3,mailsOverall=100000');
  const told: unknown[] = [];
  for (const [source, email] of [
    ['203.0.113.1', buildEmail()],
    ['203.0.113.2', account],
  ] as const) {
    const statuses: number[] = [];
    for (let count = 0; count < 5; count++)
      statuses.push((await start(url, email, { 'x-forwarded-for': source })).status);
    t.deepEqual(statuses, [202, 202, 202, 429, 429]);
    const refused = await start(url, email, { 'x-forwarded-for': source });
    const wait = Number(refused.headers.get('retry-after'));
    t.true(wait > 3_500 && wait <= 3_600);
    told.push({ ...refused.json<object>(), requestId: '', title: '' });
  }
  t.deepEqual(told[0], told[1]);
});

test.serial(
  'rotating a header that nobody trusts rotates no limit (L3), a second process shares the count (L4)',
  async (t) => {
    const { stack } = t.context;
    await stack.db('rate_limits').delete();
    const LIMITS = 'startsPerSource=3,mailsOverall=100000';
    const one = await startLimitedApi(stack, LIMITS, { TRUSTED_PROXIES: '' });
    const two = await startLimitedApi(stack, LIMITS, { TRUSTED_PROXIES: '' });
    const statuses: number[] = [];
    for (const [count, url] of [one, two, one, two, one].entries())
      statuses.push((await start(url, buildEmail(), { 'x-forwarded-for': `198.51.100.${count}` })).status);
    t.deepEqual(statuses, [202, 202, 202, 429, 429]);
    await stack.db('rate_limits').delete();
  },
);

test.serial('a mailbox gets few mails, however it is spelled, and the answer does not tell (L1, L2)', async (t) => {
  const { stack } = t.context;
  await stack.db('settings').update({ resend_cooldown_seconds: 0 });
  const url = await startLimitedApi(
    stack,
    'startsPerSource=1000,mailsPerMailboxMinute=100,mailsPerMailboxHour=3,mailsOverall=100000',
  );
  const [local, domain] = buildEmail('bombed').split('@') as [string, string];
  const spelled = Array.from(
    { length: 12 },
    (_, n) => `${local.slice(0, 5)}.${local.slice(5)}+${n}@${domain.toUpperCase()}`,
  );
  for (const email of spelled) t.is((await start(url, email)).status, 202);
  const isTheirs = (to: string[]) => to[0]?.replaceAll('.', '').startsWith(local) ?? false;
  await eventually('three mails', () => stack.mail.messages().filter(({ to }) => isTheirs(to)).length === 3);
  const rows = await stack.db('registrations').whereIn(
    'email',
    spelled.map((email) => email.toLowerCase()),
  );
  t.is(rows.length, 12, 'they are identities of their own');
  const waiting = rows.filter(({ link_requested_at }) => link_requested_at !== null);
  t.is(waiting.length, 9, 'the others wait for the reconciler');
  await stack.db('settings').update({ resend_cooldown_seconds: 60 });
});

test.serial('a flood stops unsolicited mails first, and who has a link goes on (L7)', async (t) => {
  const { stack } = t.context;
  const links = await Promise.all(Array.from({ length: 3 }, () => buildKnownLink(stack, buildEmail('holder'))));
  await stack.db('rate_limits').delete();
  const url = await startLimitedApi(stack, 'startsPerSource=1000,mailsOverall=4');
  const flood = Array.from({ length: 12 }, () => buildEmail('flood'));
  for (const email of flood) t.is((await start(url, email)).status, 202);
  for (const link of links) t.is((await submitLink(new BrowserSession(url), link)).location, '/login');
  const mailed = () => flood.filter((email) => mailsTo(stack, email).length > 0).length;
  await eventually('what may go out is out', () => mailed() === 4);
  const waiting = stack.db('registrations').whereIn('email', flood).whereNotNull('link_requested_at');
  t.is((await waiting).length, 8, 'the others are kept, for the reconciler');
  const told = (await stack.logs()).match(/more mails a minute/g);
  t.is(told?.length, 1, 'and the operators are told once');
  await stack.db('rate_limits').delete();
});

test.serial('a resend within the cool-down is no second mail, but the same answer (D5)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  await buildKnownLink(stack, email);
  t.is((await start(stack.url, email)).status, 202);
  const other = buildEmail();
  await start(stack.url, other);
  await mailTo(stack, other);
  t.is(mailsTo(stack, email).length, 1);
});

test.serial('no header moves the link in the mail to another host (T9)', async (t) => {
  const { stack } = t.context;
  const host = new URL(stack.url).host;
  const evil: Record<string, string | string[]>[] = [
    { host: 'evil.test' },
    { host: `${host}:x@evil.test` },
    { host: `evil.test:80#@${host}` },
    { 'x-forwarded-host': 'evil.test' },
    { 'x-forwarded-host': ['evil.test', host] },
    { 'x-forwarded-proto': 'https', 'x-forwarded-port': '1' },
    { forwarded: 'host=evil.test;proto=https' },
    { referer: 'https://evil.test/' },
    { 'x-original-url': '/evil', 'x-rewrite-url': '/evil' },
  ];
  for (const more of evil) {
    const email = buildEmail();
    const headers = { host, 'content-type': 'application/json', 'vestibule-request': 'x', ...more };
    const body = JSON.stringify({ email });
    const answer = await sendRaw(stack.url, { method: 'POST', path: '/api/v1/registrations', headers, body });
    t.is(answer.status, 202, JSON.stringify(more));
    const mail = await mailTo(stack, email);
    t.notThrows(() => linkIn(mail.text, stack.url));
    t.false(`${mail.raw}${mail.html}`.includes('evil'), JSON.stringify(more));
  }
  const absolute = await sendRaw(stack.url, { path: 'http://evil.test/login' });
  t.false(absolute.text.includes('evil.test') && absolute.status === 200);
});

test.serial('the mail goes to the canonical address and to nobody else (V5)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  await start(stack.url, `  ${email.toUpperCase()}\t`);
  t.deepEqual((await mailTo(stack, email)).to, [email]);
  const greek = buildEmail().replace('example.com', 'бücher.example');
  t.is((await start(stack.url, greek)).status, 202);
  const canonical = greek.replace('бücher.example', new URL('http://бücher.example').hostname);
  // The catcher shows the domain in letters, whatever was sent to it.
  const mail = await stack.mail.waitForMail(
    ({ to }) => to.some((address) => canonicalEmail(address) === canonical),
    60_000,
  );
  t.is(mail.to.length, 1);
  t.is((await stack.db('registrations').where({ email: canonical })).length, 1);
  t.is(await stack.db('registrations').where({ email: greek }).first(), undefined);
});

test.serial('the person gets the mail in the language of the page, or as the application says', async (t) => {
  const { stack } = t.context;
  const [byHeader, byBody] = [buildEmail(), buildEmail()];
  await start(stack.url, byHeader, { 'accept-language': 'fr, de-AT;q=0.9, en;q=0.1' });
  await new BrowserSession(stack.url).json('POST', '/api/v1/registrations', { email: byBody, language: 'de' });
  for (const email of [byHeader, byBody]) t.is((await mailTo(stack, email)).headers['content-language'], 'de');
  const browser = new BrowserSession(stack.url);
  await browser.post('/language', { language: 'de' }, await browser.get('/register'));
  const chosen = await browser.get('/register', { 'accept-language': 'en' });
  t.true(chosen.text.includes('<html lang="de">'), 'the choice is stronger than the browser');
});

/** The reconciler's parts, as the API process has them. */
function buildServices({ db, url, env }: Stack, closeLater: (close: () => Promise<void>) => void): Services {
  const keys = SecretKeys.parse(env.SECRET_KEYS ?? '');
  const many = Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, 100_000])) as typeof defaultLimits;
  // As the server does: gRPC's own pauses between two tries would be longer than this test.
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };
  const connection = Connection.lazy({ address: env.TEMPORAL_ADDRESS, channelArgs });
  closeLater(() => connection.close());
  const engine = new Engine({ client: new Client({ connection }), taskQueue: 'registration', publicUrl: url });
  return { db, engine, keys, limits: new RateLimits(db, many, keys), log: createLog('test', 'silent') };
}

test.serial(
  'what is accepted while Temporal is away is answered soon and alike, and handed over later (X6, E4)',
  async (t) => {
    const { stack } = t.context;
    const services = buildServices(stack, t.teardown);
    const { email: account } = await buildAccount(stack);
    const unknown = buildEmail();
    await stack.stopTemporal();
    const answers: unknown[] = [];
    for (const email of [unknown, account]) {
      const started = performance.now();
      const answer = await start(stack.url, email);
      // Two seconds for Temporal, and some for a machine that runs many tests.
      t.true(performance.now() - started < 6_000, `${performance.now() - started} ms`);
      t.is(answer.status, 202);
      answers.push(comparable(answer));
    }
    t.deepEqual(answers[0], answers[1]);
    t.is((await sendRaw(stack.url, { path: '/readyz' })).status, 503);
    t.is((await sendRaw(stack.url, { path: '/healthz' })).status, 200);
    const ended = buildEmail();
    const [old] = await stack
      .db('registrations')
      .insert({
        reference: `RG-${ended}`,
        kind: 'customer',
        email: ended,
        language: 'en',
        state: 'cancelled',
        expires_at: new Date(),
        ended_at: stack.db.raw("now() - interval '1 day'"),
        draft: { givenName: 'Ann' },
      })
      .returning('id');
    // Whichever process has the round: the others leave it to that one.
    await eventually('erasure waits for nobody (R1)', async () => {
      await reconcile(services, 0).catch(() => {});
      const { email, draft } = await stack.db('registrations').where(old).first();
      return email === null && draft === null;
    });

    await stack.startTemporal();
    await apiIsReady(stack);
    const handedOver = async () => {
      await reconcile(services, 0).catch(() => {});
      return mailsTo(stack, unknown).length > 0 && mailsTo(stack, account).length > 1;
    };
    await eventually('both registrations are handed over', handedOver, 60_000);
    const mail = await mailTo(stack, unknown);
    t.is((await submitLink(new BrowserSession(stack.url), linkIn(mail.text, stack.url))).location, '/login');
  },
);

test.serial('one registration whose workflow was ended by hand does not keep the others waiting', async (t) => {
  const { stack } = t.context;
  const services = buildServices(stack, t.teardown);
  const orphan = buildEmail();
  await buildKnownLink(stack, orphan);
  const { reference } = await stack.db('registrations').where({ email: orphan }).first('reference');
  await stack.temporal.workflow.getHandle(`registration-${reference}`).terminate('by hand');
  await stack
    .db('registrations')
    .where({ reference })
    .update({ link_requested_at: new Date(0) });
  const waiting = buildEmail();
  await services.db('registrations').insert({
    reference: 'RG-TEST-WAIT',
    kind: 'customer',
    email: waiting,
    language: 'en',
    state: 'sendingActivation',
    expires_at: new Date(Date.now() + 3_600_000),
    link_requested_at: new Date(1),
  });
  await eventually('the one behind it is mailed', async () => {
    await reconcile(services, 0);
    return mailsTo(stack, waiting).length > 0;
  });
  t.like(await stack.db('registrations').where({ reference }).first(), { state: 'cancelled' });
});
