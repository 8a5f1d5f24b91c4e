import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { choosePort } from '../../../dev/ports.js';
import { eventually } from '../../helpers/eventually.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff, sendForm } from './fixtures.js';

const test = anyTest as TestFn<{ stack: Stack; operator: BuiltStaff }>;

const path = '/console/provider';
const tests = `${path}/tests`;

test.before(async (t) => {
  const stack = await startStack({}, { keepsTemporal: true });
  Object.assign(t.context, { stack, operator: await buildStaff(stack, 'operator') });
});
test.after.always((t) => t.context.stack?.stop());

async function buildTest({ stack, operator }: { stack: Stack; operator: BuiltStaff }, row: Record<string, unknown>) {
  const [test] = await stack
    .db('provider_tests')
    .insert({ sealed_code: Buffer.from('x'), staff_id: operator.id, ...row })
    .returning('id');
  return operator.browser.get(`${tests}/${test.id}`);
}

test.serial('a sample code is tried by the worker, and makes no partner', async (t) => {
  const { stack, operator } = t.context;
  await stack.db('partner_provider').update({ plugin: 'csv-file', mapping: { name: 'name' } });
  const code = `SAMPLE-${randomUUID()}`;
  const answer = await sendForm(operator.browser, path, tests, { code });
  t.is(answer.status, 303, answer.text);
  const page = await operator.browser.get(answer.location ?? '');
  t.true(page.text.includes('The provider answers, and does not know this code.'));
  const { id } = await stack.db('provider_tests').first('id');
  t.is(answer.location, `${tests}/${id}`);
  t.like(await stack.db('audit_log').where({ subject: id }).first(), {
    action: 'provider.tested',
    staff_id: operator.id,
  });
  t.deepEqual(await stack.db('partners'), []);
  const rows = await stack.db.raw(
    'select t::text as text from provider_tests t union all select a::text from audit_log a',
  );
  for (const where of [page.text, JSON.stringify(rows.rows), await stack.logs()]) t.false(where.includes(code));
});

test.serial('what was found is shown with what is missing, as text', async (t) => {
  const partner = { name: '<b>Acme</b>', city: 'Köln', unknown: 'never shown' };
  const done = { outcome: 'found', partner, missing: ['vatNumber'], finished_at: new Date() };
  const { text } = await buildTest(t.context, done);
  t.true(text.includes('&lt;b>Acme&lt;/b>'));
  t.regex(text, /Köln.*The mapping names these fields.*VAT number/s);
  t.false(text.includes('never shown'));
  t.false(text.includes('http-equiv="refresh"'));
});

test.serial(
  'an inner port that is open and one that is not give one and the same page, and are not dialled (F6)',
  async (t) => {
    const { stack, operator } = t.context;
    let connections = 0;
    const open = createServer(() => {
      connections += 1;
    }).listen(0, '127.0.0.1');
    await once(open, 'listening');
    t.teardown(() => open.close());
    const pages: string[] = [];
    for (const port of [(open.address() as AddressInfo).port, await choosePort(0)]) {
      const url = `https://127.0.0.1:${port}/{code}`;
      await stack
        .db('partner_provider')
        .update({ plugin: 'http-json', config: { url, authentication: 'none', timeLimitSeconds: 5 } });
      const { location } = await sendForm(operator.browser, path, tests, { code: 'SAMPLE' });
      if (!location) return t.fail('no test was started');
      const { text } = await operator.browser.get(location);
      t.true(text.includes('The address leads to where we may not ask.'));
      pages.push(text.replaceAll(location, '').replace(/name="formToken" value="[^"]*"|<time.*?<\/time>/g, ''));
    }
    t.is(pages[0], pages[1]);
    t.is(connections, 0);
    await stack.db('partner_provider').update({ plugin: 'csv-file', config: {} });
  },
);

test.serial('a failure is told by its fixed reason and nothing else (F6)', async (t) => {
  for (const [outcome, reason, words] of [
    ['temporary', 'timeout', 'no complete answer within the time limit'],
    ['misconfigured', 'badCertificate', 'certificate is not valid'],
    ['misconfigured', 'connect ECONNREFUSED 10.0.0.7:22', 'The reason is in the log.'],
  ] as const) {
    const { text } = await buildTest(t.context, { outcome, reason, finished_at: new Date() });
    t.true(text.includes(words));
    t.false(text.includes('10.0.0.7'));
  }
});

test.serial(
  'while there is no answer the page asks again by itself, and after a minute says that there is none',
  async (t) => {
    const waiting = await buildTest(t.context, {});
    t.true(waiting.text.includes('http-equiv="refresh"'));
    t.true(waiting.text.includes('data-live'));
    const late = await buildTest(t.context, { created_at: new Date(Date.now() - 61_000) });
    t.false(late.text.includes('http-equiv="refresh"'));
    t.true(late.text.includes('Nobody has carried out the test within a minute.'));
    const { browser } = t.context.operator;
    for (const id of ['x', randomUUID()]) t.is((await browser.get(`${tests}/${id}`)).status, 404);
    t.is((await browser.get(tests)).location, path);
  },
);

test.serial('an empty or endless sample code is refused beside its field', async (t) => {
  for (const code of ['', '   ', 'x'.repeat(65), 'a\0b']) {
    const answer = await sendForm(t.context.operator.browser, path, tests, { code });
    t.is(answer.status, 400);
    t.regex(answer.text, /id="code-error">[^<]{10,}</);
  }
});

test.serial('somebody who waits too long is sent to the page that goes on asking', async (t) => {
  const { stack, operator } = t.context;
  await stack.worker.kill('SIGTERM');
  const started = performance.now();
  const answer = await sendForm(operator.browser, path, tests, { code: 'SLOW' });
  t.is(answer.status, 303);
  t.true(performance.now() - started < 14_000);
  t.true((await operator.browser.get(answer.location ?? '')).text.includes('The provider is being asked.'));
  await stack.startWorker();
  await eventually('the worker has caught up', async () =>
    (await operator.browser.get(answer.location ?? '')).text.includes('does not know this code'),
  );
});

test.serial('while the engine is away, the page says so', async (t) => {
  const { stack, operator } = t.context;
  await stack.stopTemporal();
  const answer = await sendForm(operator.browser, path, tests, { code: 'AWAY' });
  t.is(answer.status, 503);
  t.true(answer.text.includes('the engine is not reachable at the moment'));
  await stack.startTemporal();
});
