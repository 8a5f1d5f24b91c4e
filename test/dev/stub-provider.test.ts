import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { choosePort } from '../../dev/ports.js';
import { demoPartners, type StubProviderOptions, startStubProvider, stubModes } from '../../dev/stub-provider.js';

async function start(t: ExecutionContext, options: Partial<StubProviderOptions> = {}) {
  const stub = await startStubProvider({ port: 0, ...options });
  t.teardown(stub.stop);
  return { ...stub, page: async () => (await fetch(stub.url)).text() };
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers, redirect: 'manual' });
const asForm = { 'content-type': 'application/x-www-form-urlencoded' };
const asJson = { 'content-type': 'application/json' };

test('The demo partners are found by GET and POST, however their codes are typed.', async (t) => {
  const { url } = await start(t);
  for (const { code, ...partner } of demoPartners) {
    t.deepEqual(await (await fetch(`${url}/partners/${code}`)).json(), partner);
    const typed = code.toLowerCase().replaceAll('-', ' ');
    t.deepEqual(await (await post(`${url}/partners`, JSON.stringify({ code: typed }))).json(), partner);
  }
  t.is((await fetch(`${url}/partners/NOBODY`)).status, 404);
  for (const body of ['{}', 'no json', 'null']) t.is((await post(`${url}/partners`, body)).status, 404);
});

test('Other partners can be given.', async (t) => {
  const partner = { ...demoPartners[0]!, code: 'OTHER-1' };
  const { url } = await start(t, { partners: [partner] });
  t.is((await fetch(`${url}/partners/other1`)).status, 200);
  t.is((await fetch(`${url}/partners/${demoPartners[0]?.code}`)).status, 404);
});

test('The page shows mode, partners and lookups, and never a credential.', async (t) => {
  const { url, page } = await start(t);
  t.true((await page()).includes('No lookups yet.'));
  const headers = { authorization: 'Bearer SENT-TOKEN', 'idempotency-key': 'lookup-7', 'x-api-key': 'SENT-KEY' };
  await fetch(`${url}/partners/<b>`, { headers });
  const html = await page();
  for (const { code, company } of demoPartners)
    t.true(html.includes(code) && html.includes(company.name.replace('&', '&amp;')));
  for (const mode of stubModes) t.true(html.includes(`value="${mode}"`));
  t.true(html.includes(`${url}/partners/{code}`) && html.includes(`${url}/token`));
  t.true(html.includes('lookup-7') && html.includes('&lt;b>'));
  t.notRegex(html, /SENT-|<b>/);
  for (const style of ['/pico.css', '/stub-provider.css'])
    t.is((await fetch(url + style)).headers.get('content-type'), 'text/css; charset=utf-8');
});

test('A button of the page changes the mode and leads back to it.', async (t) => {
  const { url, mode, page } = await start(t);
  const answer = await post(`${url}/mode`, 'mode=500', asForm);
  t.is(answer.status, 303);
  t.is(answer.headers.get('location'), '/');
  t.is(mode(), '500');
  t.regex(await page(), /<mark class="broken">500<\/mark>/);
  t.is((await fetch(`${url}/partners/x`)).status, 500);
});

test('Tests change the mode by JSON and read the lookups.', async (t) => {
  const { url, mode, requests } = await start(t);
  t.deepEqual(await (await post(`${url}/mode`, '{"mode":"503"}', asJson)).json(), { mode: '503' });
  for (const bad of ['{"mode":"nonsense"}', 'no json', '{}'])
    t.is((await post(`${url}/mode`, bad, asJson)).status, 400);
  t.is((await post(`${url}/mode`, 'mode=nonsense', asForm)).status, 400);
  t.is((await post(`${url}/mode`, `mode=${'x'.repeat(20_000)}`, asForm)).status, 413);
  t.is(mode(), '503');
  t.is((await fetch(`${url}/partners/x`)).headers.get('retry-after'), '5');
  t.deepEqual(await (await fetch(`${url}/requests`)).json(), requests());
  t.like(requests(), [{ method: 'GET', path: '/partners/x', code: 'x', mode: '503', authentication: '' }]);
});

test('A redirect leads to the right answer, for whoever follows.', async (t) => {
  const { url } = await start(t, { mode: 'redirect' });
  const answer = await fetch(`${url}/partners/${demoPartners[0]?.code}`);
  t.true(answer.redirected);
  t.like(await answer.json(), { id: demoPartners[0]?.id });
});

test('The token endpoint knows one client, by its header and by its form.', async (t) => {
  const { url } = await start(t);
  const grant = 'grant_type=client_credentials';
  const authorization = `Basic ${Buffer.from('vestibule:stub-secret').toString('base64')}`;
  const token = (body: string, headers = {}) => post(`${url}/token`, body, { ...asForm, ...headers });
  t.like(await (await token(grant, { authorization })).json(), { token_type: 'Bearer', expires_in: 3600 });
  t.is((await token(`${grant}&client_id=vestibule&client_secret=stub-secret`)).status, 200);
  t.is((await token(`${grant}&client_id=vestibule&client_secret=wrong`)).status, 401);
  t.is((await token(grant)).status, 401);
  t.is((await token('grant_type=password', { authorization })).status, 400);
});

test('Foreign pages and foreign names get nothing.', async (t) => {
  const { url, mode } = await start(t);
  const foreign = { ...asForm, 'sec-fetch-site': 'cross-site' };
  t.is((await post(`${url}/mode`, 'mode=500', foreign)).status, 403);
  t.is(mode(), 'ok');
  const asked = request(`${url}/requests`, { headers: { host: 'evil.example' } }).end();
  const [answer] = await once(asked, 'response');
  t.is(answer.statusCode, 403);
  answer.resume();
});

test('A stub that keeps callers waiting can be stopped.', async (t) => {
  const stub = await startStubProvider({ port: 0, mode: 'hang' });
  const asked = request(`${stub.url}/partners/x`).end();
  const broken = once(asked, 'error');
  await once(asked, 'finish');
  await stub.stop();
  t.truthy(await broken);
});

test('As a process of its own it says when it is ready, and ends when told.', async (t) => {
  const port = await choosePort(0);
  const program = fileURLToPath(new URL('../../dev/stub-provider-main.js', import.meta.url));
  const child: ChildProcess = fork(program, [String(port)], { execArgv: [] });
  t.teardown(() => child.kill('SIGKILL'));
  t.deepEqual((await once(child, 'message'))[0], { ready: true });
  t.is((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'exit'), [0, null]);
});
