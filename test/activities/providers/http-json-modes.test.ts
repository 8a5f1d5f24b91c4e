import test from 'ava';
import type { LookupResult } from '../../../activities/providers/plugin.js';
import { demoPartners, type StubMode } from '../../../dev/stub-provider.js';
import { lookUpAt, someCode, startStub } from './fixtures.js';

const { code: _, ...demoAnswer } = demoPartners[0]!;

const isText = (value: unknown) => typeof value === 'string';

/** How a lookup ends that may wait for a second, while the provider behaves so. */
const endings: Record<Exclude<StubMode, 'wrong-types'>, LookupResult> = {
  ok: { outcome: 'found', record: demoAnswer },
  'not-found': { outcome: 'notFound' },
  slow: { outcome: 'temporary', reason: 'timeout' },
  hang: { outcome: 'temporary', reason: 'timeout' },
  '500': { outcome: 'temporary', reason: 'serverError' },
  '503': { outcome: 'temporary', reason: 'serverError', retryAfterSeconds: 5 },
  garbage: { outcome: 'temporary', reason: 'notJson' },
  html: { outcome: 'temporary', reason: 'notJson' },
  huge: { outcome: 'temporary', reason: 'tooLarge' },
  'gzip-bomb': { outcome: 'temporary', reason: 'tooLarge' },
  redirect: { outcome: 'misconfigured', reason: 'redirect' },
  reset: { outcome: 'temporary', reason: 'unreachable' },
};

for (const [mode, ending] of Object.entries(endings))
  test(`With a provider in mode ${mode} a lookup ends ${Object.values(ending).filter(isText).join(', ')}.`, async (t) => {
    const stub = await startStub(t, mode as StubMode);
    // Only where it is meant to run out: a busy machine may need longer for the others.
    const timeLimitSeconds = ['slow', 'hang'].includes(mode) ? 1 : 10;
    t.deepEqual(await lookUpAt(stub.url, { config: { timeLimitSeconds } }), ending);
    t.is(stub.requests().length, 1);
  });

test('A slow provider is waited for within the time limit.', async (t) => {
  const stub = await startStub(t, 'slow');
  t.like(await lookUpAt(stub.url, { config: { timeLimitSeconds: 10 } }), { outcome: 'found' });
});

test('What a provider sends in the wrong types is a record all the same: the mapping judges it.', async (t) => {
  const stub = await startStub(t, 'wrong-types');
  t.like(await lookUpAt(stub.url), { outcome: 'found', record: { address: 'Hamburg' } });
});

test('A partner is found by POST too, where the address has no place for the code.', async (t) => {
  const stub = await startStub(t);
  const config = { url: `${stub.url}/partners` };
  t.deepEqual(await lookUpAt(stub.url, { config, code: 'north 7k3f2m9t' }), endings.ok);
  t.like(stub.requests(), [{ method: 'POST', path: '/partners', code: 'north 7k3f2m9t' }]);
  t.deepEqual(await lookUpAt(stub.url, { config, code: 'NORTH-0000-0000' }), { outcome: 'notFound' });
});

test('A provider that is not there is unreachable.', async (t) => {
  const stub = await startStub(t);
  await stub.stop();
  t.deepEqual(await lookUpAt(stub.url), { outcome: 'temporary', reason: 'unreachable' });
});

test('A retry is asked for under the same idempotency key, and with a rotated secret at once.', async (t) => {
  const stub = await startStub(t, '500');
  const ask = (signingSecret: string) =>
    lookUpAt(stub.url, { tools: { lookupId: 'same', secrets: { signingSecret } } });
  await ask('old');
  stub.setMode('ok');
  await ask('new');
  const [first, second] = stub.requests();
  t.deepEqual([first?.idempotencyKey, second?.idempotencyKey], ['same', 'same']);
  t.not(first?.keyId, second?.keyId);
  t.not(first?.signature, second?.signature);
});

test('Many huge answers and many that unfold to huge ones take no memory to speak of.', async (t) => {
  const stub = await startStub(t);
  const askAll = async (times: number) => {
    for (const mode of ['huge', 'gzip-bomb'] as const) {
      stub.setMode(mode);
      for (let time = 0; time < times; time++) t.like(await lookUpAt(stub.url), { reason: 'tooLarge' });
    }
  };
  // The stub makes its bodies, and the process its pools.
  await askAll(5);
  const before = process.memoryUsage().rss;
  await askAll(10);
  t.true(process.memoryUsage().rss - before < 20 * 1024 * 1024);
});

test('A code is looked up as it is, whatever would mean something in an address.', async (t) => {
  const stub = await startStub(t);
  for (const code of ['A/../../admin', 'A?x=1#y', 'A%2e%2e', "A$&$'", 'A{code}', 'Ä B+C']) {
    t.deepEqual(await lookUpAt(stub.url, { code }), { outcome: 'notFound' });
    const seen = stub.requests().at(-1);
    t.is(seen?.code, code);
    t.is(seen?.path.split('/').length, 3);
  }
});

for (const code of ['', '.', '..', '-', '\r\n', 'A\r\nX-Evil: 1', 'A\0', '\ud800A', 'A'.repeat(101)])
  test(`The code ${JSON.stringify(code).slice(0, 20)} belongs to nobody, and no provider is asked.`, async (t) => {
    const stub = await startStub(t);
    t.deepEqual(await lookUpAt(stub.url, { code }), { outcome: 'notFound' });
    t.deepEqual(stub.requests(), []);
  });

test('An origin that the deployment does not list any more is not asked.', async (t) => {
  const stub = await startStub(t);
  for (const allowedOrigins of [[], ['https://other.example'], [stub.url.replace('127.0.0.1', 'localhost')]])
    t.deepEqual(await lookUpAt(stub.url, { tools: { allowedOrigins }, code: someCode }), {
      outcome: 'misconfigured',
      reason: 'addressForbidden',
    });
  t.deepEqual(stub.requests(), []);
});
