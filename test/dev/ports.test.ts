import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { choosePort, isFree } from '../../dev/ports.js';

for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
  test(`a port on which somebody listens on ${host} is taken`, async (t) => {
    const server = createServer().listen(0, host);
    try {
      await once(server, 'listening');
    } catch {
      return t.pass('this machine has no such address');
    }
    t.teardown(() => server.close());
    const { port } = server.address() as { port: number };
    t.false(await isFree(port));
    t.true((await choosePort(port)) > port);
  });
}

test('a free port is taken as wanted, and 0 means any', async (t) => {
  const port = await choosePort(0);
  t.true(port > 1024);
  t.is(await choosePort(port), port);
});
