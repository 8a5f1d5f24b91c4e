import anyTest, { type TestFn } from 'ava';
import { z } from 'zod';
import { buildKnownLink } from '../builders/journeys.js';
import { buildAnswers, buildEmail, buildLink, password } from '../builders/registrations.js';
import { type Answer, BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { type Stack, startStack } from '../helpers/stack.js';

/** What OpenAPI 3.1 asks of a document, as far as this one goes. */
const schemaObject = z.record(z.string(), z.unknown());
const content = z.record(z.string().regex(/^\w+\/[\w+]+$/), z.strictObject({ schema: schemaObject }));
const operation = z.strictObject({
  summary: z.string().min(5),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z
    .array(
      z.strictObject({
        name: z.string(),
        in: z.enum(['path', 'header', 'query']),
        required: z.boolean(),
        schema: schemaObject,
        description: z.string().optional(),
      }),
    )
    .optional(),
  requestBody: z.strictObject({ required: z.literal(true), content }).optional(),
  responses: z.record(
    z.string().regex(/^([2-5]\d\d|default)$/),
    z.strictObject({ description: z.string().min(3), content: content.optional() }),
  ),
});
const document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.strictObject({ url: z.url() })),
  paths: z.record(
    z.string().startsWith('/'),
    z.strictObject({ get: operation, post: operation, put: operation, delete: operation }).partial(),
  ),
  components: z.strictObject({
    schemas: z.record(z.string(), schemaObject),
    securitySchemes: z.record(
      z.string(),
      z.union([
        z.strictObject({ type: z.literal('apiKey'), in: z.literal('cookie'), name: z.string() }),
        z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer'), description: z.string() }),
      ]),
    ),
  }),
});
type Document = z.infer<typeof document>;

const test = anyTest as TestFn<{ stack: Stack; description: Document }>;

test.before(async (t) => {
  t.context.stack = await startStack();
  const answer = await new BrowserSession(t.context.stack.url).get('/api/v1/openapi.json');
  t.context.description = document.parse(answer.json());
});
test.after.always((t) => t.context.stack?.stop());

test('the description is an OpenAPI 3.1 document of exactly the routes there are', (t) => {
  const described = Object.entries(t.context.description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  t.deepEqual(described.sort(), [
    'delete /api/v1/me/email-change',
    'delete /api/v1/me/sessions/{id}',
    'delete /api/v1/organisation/invitations/{id}',
    'delete /api/v1/organisation/users/{id}',
    'delete /api/v1/organisation/users/{id}/sessions',
    'delete /api/v1/sessions/current',
    'get /api/v1/agreements',
    'get /api/v1/customers',
    'get /api/v1/customers/{id}',
    'get /api/v1/me',
    'get /api/v1/me/deletion',
    'get /api/v1/me/export',
    'get /api/v1/me/pending-agreements',
    'get /api/v1/me/sessions',
    'get /api/v1/openapi.json',
    'get /api/v1/organisation',
    'get /api/v1/organisation/invitations',
    'get /api/v1/organisation/user-types',
    'get /api/v1/organisation/users',
    'get /api/v1/organisation/users/{id}',
    'get /api/v1/partners',
    'get /api/v1/partners/{id}',
    'get /api/v1/registration-links/{token}',
    'get /api/v1/registrations/{reference}',
    'get /api/v1/users',
    'get /api/v1/users/{id}',
    'get /api/v1/users/{id}/pending-agreements',
    'post /api/v1/email-changes/{token}',
    'post /api/v1/me/consents',
    'post /api/v1/me/deletion',
    'post /api/v1/me/email-change',
    'post /api/v1/organisation/invitations',
    'post /api/v1/organisation/invitations/{id}/resend',
    'post /api/v1/organisation/users/{id}/password-reset',
    'post /api/v1/password-resets',
    'post /api/v1/password-resets/{token}',
    'post /api/v1/registration-links/{token}/cancellation',
    'post /api/v1/registration-links/{token}/submission',
    'post /api/v1/registrations',
    'post /api/v1/sessions',
    'post /api/v1/sessions/current/second-factor',
    'put /api/v1/me',
    'put /api/v1/me/password',
    'put /api/v1/organisation',
    'put /api/v1/organisation/users/{id}',
    'put /api/v1/registration-links/{token}/answers',
  ]);
});

test('every described path is served, its parameters are described, and every change wants its proof', async (t) => {
  const { stack, description } = t.context;
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, { parameters = [], security, requestBody }] of Object.entries(methods)) {
      const names = parameters.map(({ name }) => name);
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) t.true(names.includes(name ?? ''), path);
      t.is(names.includes('vestibule-request'), method !== 'get', path);
      if (method === 'post' || method === 'put')
        t.is(requestBody?.content['application/json']?.schema.additionalProperties, false, path);
      const answer = await new BrowserSession(stack.url).json(
        method.toUpperCase(),
        path.replace(/\{\w+\}/, 'x'),
        method === 'get' ? undefined : {},
      );
      t.is(answer.status === 401, security !== undefined, path);
      t.true([200, 400, 401, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
});

test('every reference in the description leads somewhere', (t) => {
  const { description } = t.context;
  for (const [, name] of JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
    t.truthy(description.components.schemas[name ?? '']);
});

/** Checks an answer against what the description says of it. */
function assertDescribed(
  t: { true(value: boolean, message?: string): void; truthy(value: unknown, message?: string): void },
  { paths, components }: Document,
  operationId: string,
  answer: Answer,
) {
  const [method = '', path = ''] = operationId.split(' ');
  const methods = paths[path] as Record<string, z.infer<typeof operation>>;
  const responses = methods[method]?.responses ?? {};
  const described = responses[String(answer.status)] ?? responses.default;
  const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
  if (!described?.content) return t.true(answer.text === '', operationId);
  const schema = described.content[type]?.schema;
  t.truthy(schema, `${operationId} ${answer.status}: ${type}`);
  const isProblem = schema?.$ref === '#/components/schemas/Problem';
  const parsed = z.fromJSONSchema((isProblem ? components.schemas.Problem : schema) as never).safeParse(answer.json());
  t.true(parsed.success, `${operationId} ${answer.status}: ${parsed.error?.message} ${answer.text}`);
}

test('a whole journey in JSON is answered as described, step by step', async (t) => {
  const { stack, description } = t.context;
  const browser = new BrowserSession(stack.url);
  const email = buildEmail();
  const call = async (operationId: string, status: number, body?: unknown, link = '', headers = {}) => {
    const [method = '', path = ''] = operationId.split(' ');
    const answer = await browser.json(method.toUpperCase(), path.replace(/\{(token|id)\}/, link), body, headers);
    t.is(answer.status, status, `${operationId}: ${answer.text}`);
    assertDescribed(t, description, operationId, answer);
    return answer;
  };
  const links = '/api/v1/registration-links/{token}';
  const key = { 'idempotency-key': crypto.randomUUID() };

  await call('post /api/v1/registrations', 400, { email: 'x' });
  await call('post /api/v1/registrations', 202, { email });
  const token = await tokenOf(stack, email);
  await call(`get ${links}`, 404, undefined, 'x');
  const opened = (await call(`get ${links}`, 200, undefined, token)).json<{
    agreements: { versionId: string }[];
    standing: string;
  }>();
  t.is(opened.standing, 'open');
  await call(`put ${links}/answers`, 400, { answers: { companyName: 1 } }, token);
  await call(`put ${links}/answers`, 200, { answers: { companyName: 'Kept Ltd' } }, token);
  t.like((await call(`get ${links}`, 200, undefined, token)).json(), { answers: { companyName: 'Kept Ltd' }, email });
  const accepted = opened.agreements.map(({ versionId }) => versionId);
  const submission = { answers: buildAnswers(), password, accepted, language: 'de' };
  await call(`post ${links}/submission`, 400, { ...submission, password: 'short' }, token, key);
  await call(`post ${links}/submission`, 409, { ...submission, accepted: [] }, token, key);
  const created = await call(`post ${links}/submission`, 201, submission, token, key);
  t.deepEqual(created.json(), { standing: 'completed' });
  await call(`post ${links}/submission`, 201, submission, token, key);
  t.like((await call(`get ${links}`, 200, undefined, token)).json(), {
    standing: 'completed',
    answers: {},
    allowed: [],
  });
  await call(`put ${links}/answers`, 409, { answers: {} }, token);

  await call('get /api/v1/me', 401);
  await call('post /api/v1/sessions/current/second-factor', 401, { code: '1' });
  await call('post /api/v1/sessions', 401, { email, password: 'wrong' });
  await call('post /api/v1/sessions', 201, { email, password });
  await call('post /api/v1/sessions/current/second-factor', 200, { code: 'none is asked for' });
  const me = (await call('get /api/v1/me', 200)).json();
  t.like(me, { email, familyName: "O'Brien", company: { name: 'Acme GmbH', country: 'DE' } });
  const profile = { givenName: 'Anna', familyName: 'Lee', language: 'de', timeZone: 'Europe/Berlin' };
  await call('put /api/v1/me', 200, { ...profile, version: me.version });
  await call('put /api/v1/me', 409, { ...profile, givenName: 'Bea', version: me.version });
  const own = '/api/v1/organisation/invitations';
  const { userTypes } = (await call(`get ${own}`, 200)).json<{ userTypes: { id: string }[] }>();
  await call(`post ${own}`, 400, { email: 'x', userTypeId: userTypes[0]?.id });
  const invited = await call(`post ${own}`, 202, { email: buildEmail(), userTypeId: userTypes[0]?.id });
  const { id } = invited.json<{ id: string }>();
  await call(`get ${own}`, 200);
  await call(`post ${own}/{id}/resend`, 202, {}, id);
  await call(`delete ${own}/{id}`, 204, undefined, id);
  await call(`delete ${own}/{id}`, 404, undefined, id);
  await call('delete /api/v1/sessions/current', 204);
  await call('get /api/v1/agreements', 200);
  await call('get /api/v1/openapi.json', 200);
  const other = (await buildKnownLink(stack)).split('/').at(-1) ?? '';
  await call(`post ${links}/cancellation`, 200, {}, other);
  await call(`get ${links}`, 200, undefined, other);
});

async function tokenOf(stack: Stack, email: string): Promise<string> {
  const mail = await eventually('the mail', () => stack.mail.messages().find(({ to }) => to.includes(email)));
  return /\/register\/([\w-]{43})/.exec(mail.text)?.[1] ?? '';
}

test.serial('two hundred submissions at once leave the rest of the service quick (P10)', async (t) => {
  const { stack } = t.context;
  const token = (await buildLink(stack, buildEmail())).split('/').at(-1);
  const browser = new BrowserSession(stack.url);
  const agreements = (await browser.json('GET', '/api/v1/agreements')).json<{ versionId: string }[]>();
  const body = { answers: buildAnswers(), password, accepted: agreements.map(({ versionId }) => versionId) };
  const submissions = Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      browser.json('POST', `/api/v1/registration-links/${token}/submission`, body, {
        'idempotency-key': `parallel-${n}`,
      }),
    ),
  );
  let isDone = false;
  void submissions.then(() => {
    isDone = true;
  });
  const waits: number[] = [];
  while (!isDone) {
    const started = performance.now();
    await browser.get('/healthz');
    waits.push(performance.now() - started);
  }
  const statuses = (await submissions).map(({ status }) => status);
  t.true(
    statuses.every((status) => [200, 201, 202, 503].includes(status)),
    [...new Set(statuses)].join(),
  );
  const median = waits.sort((one, other) => one - other)[Math.floor(waits.length / 2)] ?? 0;
  t.true(median < 250, `${median} ms, at worst ${waits.at(-1)} ms`);
  t.is((await browser.get('/healthz')).status, 200);
});
