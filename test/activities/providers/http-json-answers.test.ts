import { createHmac } from 'node:crypto';
import test from 'ava';
import { classifyAnswer } from '../../../activities/providers/http-json/classify.js';
import { parseRetryAfter } from '../../../activities/providers/http-json/retry-after.js';
import { signatureHeaders } from '../../../activities/providers/http-json/signature.js';
import { lookUpAt, sendJson, startProvider } from './fixtures.js';

const answers: [status: number, text: string, ending: string][] = [
  [200, '{"name":"N"}', 'found'],
  [201, '{}', 'found'],
  [200, 'null', 'notFound'],
  [200, '[]', 'notFound'],
  [200, '[{"name":"N"}]', 'temporary notJson'],
  [200, '"N"', 'temporary notJson'],
  [200, '0', 'temporary notJson'],
  [200, 'false', 'temporary notJson'],
  [200, '', 'temporary notJson'],
  [200, '{"name":', 'temporary notJson'],
  [202, '{"name":"N"}', 'temporary notJson'],
  [204, '', 'temporary notJson'],
  [206, '{"name":"N"}', 'temporary notJson'],
  [300, '', 'misconfigured redirect'],
  [302, '', 'misconfigured redirect'],
  [304, '', 'misconfigured redirect'],
  [400, '', 'misconfigured refused'],
  [401, '', 'misconfigured notAuthorised'],
  [403, '', 'misconfigured notAuthorised'],
  [404, '', 'notFound'],
  [405, '', 'misconfigured refused'],
  [408, '', 'temporary timeout'],
  [410, '', 'notFound'],
  [418, '', 'misconfigured refused'],
  [422, '', 'misconfigured refused'],
  [425, '', 'temporary tooBusy'],
  [429, '', 'temporary tooBusy'],
  [500, '', 'temporary serverError'],
  [502, '', 'temporary serverError'],
  [504, '', 'temporary serverError'],
  [599, '', 'temporary serverError'],
];

for (const [status, text, ending] of answers)
  test(`An answer ${status} ${text} means: ${ending}.`, (t) => {
    const { outcome, ...rest } = classifyAnswer({ status, text });
    t.is('reason' in rest ? `${outcome} ${rest.reason}` : outcome, ending);
  });

const now = Date.parse('2026-11-24T10:00:00Z');
const waits: [header: string | undefined, seconds: number | undefined][] = [
  ['0', 0],
  ['120', 120],
  [' 5 ', 5],
  ['86401', 86_400],
  ['9'.repeat(400), 86_400],
  ['Tue, 24 Nov 2026 10:02:00 GMT', 120],
  ['Tuesday, 24-Nov-26 10:02:00 GMT', 120],
  ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
  ['Thu, 24 Nov 2033 10:00:00 GMT', 86_400],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['2026-11-24T10:02:00', undefined],
  ['', undefined],
  [undefined, undefined],
];

for (const [header, seconds] of waits)
  test(`Retry-After "${header?.slice(0, 40)}" asks for a pause of ${seconds} seconds.`, (t) => {
    t.is(parseRetryAfter(header, now), seconds);
  });

for (const status of [408, 425, 429, 500, 503])
  test(`A pause that an answer ${status} asks for is passed on.`, async (t) => {
    const { url } = await startProvider(t, (response) => response.writeHead(status, { 'retry-after': '17' }).end());
    t.like(await lookUpAt(url), { outcome: 'temporary', retryAfterSeconds: 17 });
  });

test('The signature covers idempotency key, time and content, and names the key without giving it away.', (t) => {
  const signed = { lookupId: 'k', timestamp: 1_790_000_000, content: '/partners/A' };
  const expected = createHmac('sha256', 'secret').update('k.1790000000./partners/A').digest('base64');
  const headers = signatureHeaders('secret', signed);
  t.is(headers['vestibule-signature'], `v1,${expected}`);
  t.is(headers['vestibule-timestamp'], '1790000000');
  t.regex(headers['vestibule-key-id'] ?? '', /^[0-9a-f]{16}$/);
  t.deepEqual(signatureHeaders('secret', signed), headers);
  for (const change of [{ lookupId: 'l' }, { timestamp: 1_790_000_001 }, { content: '/partners/B' }])
    t.not(signatureHeaders('secret', { ...signed, ...change })['vestibule-signature'], headers['vestibule-signature']);
  t.not(signatureHeaders('other', signed)['vestibule-key-id'], headers['vestibule-key-id']);
});

test('A provider can verify the signature from what it received, by GET and by POST.', async (t) => {
  const { url, asked } = await startProvider(t, (response) => sendJson(response, {}));
  const tools = { lookupId: 'lookup-7', secrets: { signingSecret: 's3cret' } };
  await lookUpAt(url, { tools, config: { url: `${url}/partners/{code}?of=ä` }, code: 'A B' });
  await lookUpAt(url, { tools, config: { url: `${url}/partners` }, code: 'A "B"' });
  t.deepEqual(
    asked.map(({ method, path, body }) => [method, path, body]),
    [
      ['GET', '/partners/A%20B?of=%C3%A4', ''],
      ['POST', '/partners', '{"code":"A \\"B\\""}'],
    ],
  );
  for (const { headers, path, body } of asked) {
    const signed = `${headers['idempotency-key']}.${headers['vestibule-timestamp']}.${body || path}`;
    const expected = createHmac('sha256', 's3cret').update(signed).digest('base64');
    t.is(headers['vestibule-signature'], `v1,${expected}`);
    t.is(headers['idempotency-key'], 'lookup-7');
  }
});

test('A lookup sends nothing but the code, and no signature without a secret.', async (t) => {
  const { url, asked } = await startProvider(t, (response) => sendJson(response, {}));
  await lookUpAt(url);
  t.deepEqual(Object.keys(asked[0]?.headers ?? {}).sort(), [
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'idempotency-key',
    'user-agent',
  ]);
});

const authentications: [config: object, secrets: Record<string, string>, header: [string, string]][] = [
  [{ authentication: 'bearer' }, { token: 't-1' }, ['authorization', 'Bearer t-1']],
  [{ authentication: 'basic', userName: 'u' }, { password: 'p:ä' }, ['authorization', 'Basic dTpwOsOk']],
  [{ authentication: 'apiKey', headerName: 'X-Api-Key' }, { apiKey: 'k 1' }, ['x-api-key', 'k 1']],
];

for (const [config, secrets, [name, value]] of authentications)
  test(`By ${JSON.stringify(config)} the provider gets ${name}: ${value}.`, async (t) => {
    const { url, asked } = await startProvider(t, (response) => sendJson(response, {}));
    await lookUpAt(url, { config, tools: { secrets } });
    t.is(asked[0]?.headers[name], value);
  });

for (const secret of ['a\r\nX-Evil: 1', 'a\nb', 'a\0', 'ключ', ' a', 'a '])
  test(`The secret ${JSON.stringify(secret)} goes into no header.`, async (t) => {
    const { url, asked } = await startProvider(t, (response) => sendJson(response, {}));
    const invalid = { outcome: 'misconfigured', reason: 'secretInvalid' } as const;
    const secrets = { token: secret, apiKey: secret };
    t.deepEqual(await lookUpAt(url, { config: { authentication: 'bearer' }, tools: { secrets } }), invalid);
    const config = { authentication: 'apiKey', headerName: 'x-key' };
    t.deepEqual(await lookUpAt(url, { config, tools: { secrets } }), invalid);
    t.deepEqual(asked, []);
  });

test('What a failing provider says appears nowhere in the result.', async (t) => {
  for (const status of [200, 302, 401, 404, 418, 500]) {
    const { url } = await startProvider(t, (response) =>
      response.writeHead(status, { location: 'http://SENT-BODY.example/', 'x-detail': 'SENT-BODY' }).end('SENT-BODY'),
    );
    t.notRegex(JSON.stringify(await lookUpAt(url)), /SENT-BODY|127\.0\.0\.1/);
  }
});
