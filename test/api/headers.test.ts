import { connect } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { buildAccount, buildEmail, buildLink } from '../builders/registrations.js';
import { eventually } from '../helpers/eventually.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { buildOperator, logIn, type RawAnswer, sendRaw } from './fixtures/requests.js';

/** security.md H1 to H7: what every answer carries, refusals and failures not excepted. */
const test = anyTest as TestFn<{ stack: Stack; link: string; user: string; staff: string }>;

test.before(async (t) => {
  const stack = await startStack();
  t.context.stack = stack;
  const { email } = await buildAccount(stack);
  const cookie = (cookies: Map<string, string>) => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  t.context.user = cookie((await logIn(stack.url, email)).cookies);
  t.context.staff = cookie((await buildOperator(stack)).browser.cookies);
  t.context.link = await buildLink(stack, buildEmail());
});
test.after.always((t) => t.context.stack?.stop());

const policy = {
  'content-security-policy':
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self';base-uri 'none';object-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
};
const html = 'text/html; charset=utf-8';
const json = 'application/json; charset=utf-8';
const problem = 'application/problem+json';
const asJson = { 'content-type': 'application/json', 'vestibule-request': 'x' };

interface Row {
  path: string | ((context: { link: string }) => string);
  method?: string;
  headers?: Record<string, string>;
  as?: 'user' | 'staff';
  body?: string;
  status: number;
  type: string;
}
const rows: Record<string, Row> = {
  'the login page': { path: '/login', status: 200, type: html },
  'the start page': { path: '/register', status: 200, type: html },
  'the registration page': { path: ({ link }) => link, status: 200, type: html },
  'the cancel page': { path: ({ link }) => `${link}/cancel`, status: 200, type: html },
  'a link that is none': { path: '/register/nothing', status: 404, type: html },
  'the account page': { path: '/account', as: 'user', status: 200, type: html },
  'an agreement': { path: '/agreements/terms', status: 200, type: html },
  'the Console login': { path: '/console/login', status: 200, type: html },
  'the Console': { path: '/console', as: 'staff', status: 200, type: html },
  'a setup link that is none': { path: '/console/setup/x', status: 404, type: html },
  'a redirect': { path: '/account', status: 302, type: html },
  'JSON of the API': { path: '/api/v1/agreements', status: 200, type: json },
  'JSON of a person': { path: '/api/v1/me', as: 'user', status: 200, type: json },
  'JSON behind a link': {
    path: ({ link }) => link.replace('/register/', '/api/v1/registration-links/'),
    status: 200,
    type: json,
  },
  'a refused program': { path: '/api/v1/me', status: 401, type: problem },
  'a link of the API that is none': { path: '/api/v1/registration-links/x', status: 404, type: problem },
  'an unknown path': { path: '/nothing', status: 404, type: html },
  'an unknown path of the API': { path: '/api/v1/nothing', status: 404, type: problem },
  'a wrong method': { path: '/account', method: 'DELETE', status: 405, type: html },
  'a wrong method of the API': { path: '/api/v1/me', method: 'DELETE', status: 405, type: problem },
  'a forged form': {
    path: '/login',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.test' },
    body: 'a=b',
    status: 403,
    type: html,
  },
  'bad fields': {
    path: '/api/v1/registrations',
    method: 'POST',
    headers: asJson,
    body: '{}',
    status: 400,
    type: problem,
  },
  'a body that is too large': {
    path: '/api/v1/registrations',
    method: 'POST',
    headers: asJson,
    body: 'x'.repeat(70_000),
    status: 413,
    type: problem,
  },
  'a body of another type': {
    path: '/api/v1/registrations',
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body: '<a/>',
    status: 415,
    type: problem,
  },
};

function assertSafe(
  t: {
    like(value: object, expected: object, message?: string): void;
    is(value: unknown, expected: unknown, message?: string): void;
    false(value: boolean, message?: string): void;
  },
  answer: RawAnswer,
) {
  t.like(answer.headers, policy);
  t.is(answer.headers['cache-control'], 'no-store');
  for (const absent of ['x-powered-by', 'server', 'access-control-allow-origin', 'etag', 'last-modified'])
    t.is(answer.headers[absent], undefined, absent);
  t.false(/unsafe-|\/work\/|node_modules|\.js:\d+|\n\s+at /.test(answer.text), 'nothing from inside');
  t.is(typeof answer.headers['x-request-id'], 'string');
}

for (const [what, row] of Object.entries(rows))
  test(`the headers of ${what} are the safe ones`, async (t) => {
    const { stack } = t.context;
    const path = typeof row.path === 'string' ? row.path : row.path(t.context);
    const headers = { ...(row.as ? { cookie: t.context[row.as] } : {}), origin: stack.url, ...row.headers };
    const answer = await sendRaw(stack.url, { method: row.method, path, headers, body: row.body });
    t.is(answer.status, row.status, answer.text);
    t.is(answer.headers['content-type'], row.type);
    assertSafe(t, answer);
    t.is(answer.headers['strict-transport-security'], undefined, 'no promise of TLS where there is none');
  });

test('a page loads nothing from elsewhere, and runs nothing that stands in it', async (t) => {
  const { stack, link, user, staff } = t.context;
  const paths = { '/login': '', '/register': '', [link]: '', '/account': user, '/console': staff };
  for (const [path, cookie] of Object.entries(paths)) {
    const { text } = await sendRaw(stack.url, { path, headers: cookie ? { cookie } : {} });
    for (const [, address = ''] of text.matchAll(/\s(?:src|href|action)="([^"]*)"/g))
      t.true(/^(\/(?!\/)|#)/.test(address) || address.startsWith('http://localhost'), `${path}: ${address}`);
    t.false(/<script(?![^>]*\ssrc=)|\son\w+="|style="|javascript:/.test(text), path);
  }
});

test('assets may be kept, and carry the same protection', async (t) => {
  const answer = await sendRaw(t.context.stack.url, { path: '/assets/app.css' });
  t.is(answer.headers['cache-control'], 'public, max-age=300');
  t.like(answer.headers, policy);
});

test.serial('a failure of ours shows its number and nothing else, for people and for programs (H5, E4)', async (t) => {
  const { stack } = t.context;
  await stack.db.raw('alter table settings rename to settings_away');
  await stack.db.raw('alter table agreement_texts rename to agreement_texts_away');
  const body = JSON.stringify({ email: buildEmail() });
  const [page, program, start] = await Promise.all([
    sendRaw(stack.url, { path: '/login' }),
    sendRaw(stack.url, { path: '/api/v1/agreements' }),
    sendRaw(stack.url, { method: 'POST', path: '/api/v1/registrations', headers: asJson, body }),
  ]);
  await stack.db.raw('alter table settings_away rename to settings');
  await stack.db.raw('alter table agreement_texts_away rename to agreement_texts');
  for (const answer of [page, program, start]) {
    t.is(answer.status, 500);
    assertSafe(t, answer);
    t.false(/settings|agreement_texts|relation|42P01|select/.test(answer.text.replace(/\/agreements?/g, '')));
  }
  t.like(JSON.parse(program.text), { status: 500, code: 'internal', requestId: program.headers['x-request-id'] });
  t.true(page.text.includes(String(page.headers['x-request-id'])));
  const logged = (await stack.logs()).split('\n').find((line) => line.includes(String(page.headers['x-request-id'])));
  t.truthy(logged, 'the log has the rest under the same number');
  t.is((await sendRaw(stack.url, { path: '/login' })).status, 200);
});

test.serial('a database whose connections were cut is reached again by the next request (X8)', async (t) => {
  const { stack } = t.context;
  await stack.db.raw(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'vestibule-%' and pid <> pg_backend_pid()",
  );
  const statuses: number[] = [];
  while (statuses.at(-1) !== 200 && statuses.length < 20)
    statuses.push((await sendRaw(stack.url, { path: '/login' })).status);
  t.is(statuses.at(-1), 200, statuses.join());
  t.true(statuses.slice(0, -1).every((status) => status === 500 || status === 503));
});

test('who sends headers slowly keeps nobody waiting, and is cut off (H6)', async (t) => {
  const { stack } = t.context;
  const { hostname, port } = new URL(stack.url);
  let open = 0;
  const slow = Array.from({ length: 200 }, () => {
    const socket = connect(Number(port), hostname, () => socket.write('GET /login HTTP/1.1\r\nHost: slow\r\nX-A: '));
    socket.on('connect', () => open++).on('close', () => open--);
    return socket.on('error', () => {}).resume();
  });
  t.teardown(() => {
    for (const socket of slow) socket.destroy();
  });
  await eventually('all are connected', () => open === slow.length);
  t.is((await sendRaw(stack.url, { path: '/login' })).status, 200);
  await eventually('all are cut off', () => open === 0, 30_000);
  t.is((await sendRaw(stack.url, { path: '/login' })).status, 200);
});
