import anyTest, { type TestFn } from 'ava';
import { BrowserSession } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { sendRaw } from './fixtures/requests.js';

/** What lies between the routes: paths and methods that nobody serves, and what every route shares. */
const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

test('an unknown path is not found, for people and for programs, with the number of the request', async (t) => {
  const browser = new BrowserSession(t.context.stack.url);
  for (const path of [
    '/nothing',
    '/.git/config',
    '/assets/',
    '/assets/../server.js',
    '/assets/%2e%2e/app.js',
    '/api/app.js',
    '/console/nothing',
    '/register/x/y/z',
    '/%',
    '/%00',
    '/agreements/recipe',
    '/agreements/terms?version=1',
    '/agreements/privacy/../terms/x',
  ]) {
    const answer = await browser.get(path);
    t.is(answer.status, 404, path);
    t.true(answer.text.includes(answer.headers.get('x-request-id') ?? '-'), path);
  }
  const answer = await browser.get('/api/v1/nothing');
  t.like(answer.json(), { status: 404, code: 'notFound', type: 'about:blank' });
  t.is(answer.headers.get('content-type'), 'application/problem+json');
});

test('a wrong method is told with the right ones', async (t) => {
  const { url } = t.context.stack;
  const wrong = [
    ['DELETE', '/login', 'HEAD, GET, POST'],
    ['PUT', '/register', 'HEAD, GET, POST'],
    ['POST', '/account', 'HEAD, GET'],
    ['PATCH', '/api/v1/me', 'HEAD, GET, PUT'],
    ['GET', '/api/v1/registrations', 'POST'],
    ['POST', '/healthz', 'HEAD, GET'],
  ] as const;
  for (const [method, path, allowed] of wrong) {
    const answer = await sendRaw(url, { method, path });
    t.deepEqual([answer.status, answer.headers.allow], [405, allowed], `${method} ${path}`);
  }
});

test('methods that nobody needs are refused and are no fault of ours', async (t) => {
  for (const method of ['TRACE', 'PROPFIND', 'SEARCH', 'LOCK'])
    t.is((await sendRaw(t.context.stack.url, { method, path: '/login' })).status, 405, method);
  t.deepEqual(
    (await t.context.stack.logs()).split('\n').filter((line) => line.includes('unexpected error')),
    [],
  );
});

test('HEAD answers as GET does, without the body; OPTIONS tells what is possible', async (t) => {
  const { url } = t.context.stack;
  const [head, get] = await Promise.all(['HEAD', 'GET'].map((method) => sendRaw(url, { method, path: '/login' })));
  t.deepEqual([head?.status, head?.text, head?.headers['content-type']], [200, '', get?.headers['content-type']]);
  const options = await sendRaw(url, { method: 'OPTIONS', path: '/api/v1/registrations' });
  t.deepEqual([options.status, options.headers.allow], [200, 'POST']);
  t.is(options.headers['access-control-allow-origin'], undefined);
});

test('assets are served with their type, an etag and no detour over the disk', async (t) => {
  const browser = new BrowserSession(t.context.stack.url);
  const css = await browser.get('/assets/app.css');
  t.like(css, { status: 200 });
  t.regex(css.headers.get('content-type') ?? '', /^text\/css/);
  // Not by fetch, which asks for a fresh copy by itself.
  const headers = { 'if-none-match': css.headers.get('etag') ?? '' };
  const again = await sendRaw(t.context.stack.url, { path: '/assets/app.css', headers });
  t.deepEqual([again.status, again.text], [304, '']);
});

test('the process says that it lives, and that it is ready', async (t) => {
  const { url } = t.context.stack;
  t.deepEqual(JSON.parse((await sendRaw(url, { path: '/healthz' })).text), { alive: true });
  t.deepEqual(JSON.parse((await sendRaw(url, { path: '/readyz' })).text), {
    ready: true,
    database: true,
    engine: true,
  });
});
