import type { IncomingMessage } from 'node:http';
import test from 'ava';
import type { Middleware } from 'koa';
import { koaSource } from '../../api/middleware/source.js';

async function sourceOf(remoteAddress: string, forwarded: string, proxies: string[]): Promise<string> {
  const ctx = {
    req: { socket: { remoteAddress } } as IncomingMessage,
    get: (name: string) => (name.toLowerCase() === 'x-forwarded-for' ? forwarded : ''),
    state: {} as { source: string },
  };
  await koaSource(proxies)(ctx as unknown as Parameters<Middleware>[0], async () => {});
  return ctx.state.source;
}

const source = test.macro({
  exec: async (t, remote: string, forwarded: string, proxies: string[], expected: string) =>
    t.is(await sourceOf(remote, forwarded, proxies), expected),
  title: (what) => `the source of a request ${what}`,
});
const proxy = ['10.0.0.1'];
test('without proxies is the socket', source, '203.0.113.9', '', [], '203.0.113.9');
test('ignores a header nobody was trusted to write', source, '203.0.113.9', '198.51.100.1', [], '203.0.113.9');
test('that came past the proxy is the socket', source, '203.0.113.9', '198.51.100.1', proxy, '203.0.113.9');
test('behind the proxy is its last hop', source, '10.0.0.1', '198.51.100.1', proxy, '198.51.100.1');
test(
  'is the right-most hop, for the client wrote the rest',
  source,
  '10.0.0.1',
  '1.1.1.1, 2.2.2.2, 198.51.100.1',
  proxy,
  '198.51.100.1',
);
test(
  'skips a row of trusted proxies',
  source,
  '10.0.0.1',
  '9.9.9.9, 198.51.100.1, 10.0.0.2',
  ['10.0.0.0/24'],
  '198.51.100.1',
);
test(
  'stops at the first hop that is none of them',
  source,
  '10.0.0.1',
  '10.0.0.3, 198.51.100.1, 10.0.0.2',
  ['10.0.0.0/24'],
  '198.51.100.1',
);
test('is the left-most hop when all are trusted', source, '10.0.0.1', '10.0.0.7, 10.0.0.8', ['10.0.0.0/8'], '10.0.0.7');
test('is the proxy when it says nothing', source, '10.0.0.1', '', proxy, '10.0.0.1');
test('is the proxy when it says nonsense', source, '10.0.0.1', 'unknown', proxy, '10.0.0.1');
test('is the proxy when the hop carries a port', source, '10.0.0.1', '198.51.100.1:4711', proxy, '10.0.0.1');
test('in IPv6 clothing is IPv4', source, '::ffff:203.0.113.9', '', [], '203.0.113.9');
test('knows a proxy in IPv6 clothing', source, '::ffff:10.0.0.1', '::ffff:198.51.100.1', proxy, '198.51.100.1');
test('in IPv6 is the network of one line', source, '2001:db8:1:2:3:4:5:6', '', [], '2001:db8:1:2');
test('in short IPv6 is the same network', source, '2001:db8:1:2::9', '', [], '2001:db8:1:2');
test('in IPv6 with zeros is the same network', source, '2001:0DB8:0001:0002:0:0:0:1', '', [], '2001:db8:1:2');
test('on IPv6 loopback', source, '::1', '', [], '0:0:0:0');
test('behind an IPv6 proxy', source, 'fd00::1', '2001:db8::1', ['fd00::/8'], '2001:db8:0:0');
test('without an address at all', source, '', '', [], '');
