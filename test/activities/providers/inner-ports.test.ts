/** Whoever may set the provider's URL must not learn by it what listens inside (security.md F2, F6). */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { httpJson } from '../../../activities/providers/http-json/index.js';
import { safeRequest } from '../../../activities/providers/safe-http.js';
import { assertSameTime } from '../../helpers/same-time.js';
import { buildConfig, buildTools, someCode } from './fixtures.js';

const forbidden = { outcome: 'misconfigured', reason: 'addressForbidden' } as const;

/** A port that takes connections, and counts them, and one that refuses them. */
async function openAndClosedPort(t: ExecutionContext) {
  let connections = 0;
  const open = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  const closed = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(open, 'listening'), once(closed, 'listening')]);
  const [openPort, closedPort] = [open, closed].map((server) => (server.address() as AddressInfo).port);
  closed.close();
  t.teardown(() => open.close());
  return { openPort, closedPort, connections: () => connections };
}

const token = { authentication: 'oauth2', clientId: 'me', url: 'https://partners.example/{code}' };
const inner = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);

/** What is asked when the URL names this port. */
const asked: Record<string, (port?: number) => Promise<unknown>> = {
  'an address in the URL': (port) =>
    httpJson.lookup(someCode, buildConfig({ url: `https://127.0.0.1:${port}/{code}` }), buildTools()),
  'an address in the URL of the token': (port) =>
    httpJson.lookup(
      someCode,
      buildConfig({ ...token, tokenUrl: `https://127.0.0.1:${port}/token` }),
      buildTools({ secrets: { clientSecret: 'secret' } }),
    ),
  'a name that leads there': async (port) => {
    const request = { method: 'GET', headers: {}, endsAt: performance.now() + 10_000, anyAddress: false } as const;
    const result = await safeRequest({ ...request, url: new URL(`https://rebind.example:${port}/`) }, inner);
    return 'failure' in result && result.failure;
  },
};

for (const [how, ask] of Object.entries(asked))
  test(`by ${how}, an open port and a closed one are told alike, after the same time, and neither is dialled (F6)`, async (t) => {
    const { openPort, closedPort, connections } = await openAndClosedPort(t);
    t.deepEqual(await ask(openPort), forbidden);
    t.deepEqual(await ask(closedPort), forbidden);
    await assertSameTime(
      t,
      50,
      () => ask(openPort),
      () => ask(closedPort),
    );
    t.is(connections(), 0);
  });
