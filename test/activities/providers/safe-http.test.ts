import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { publicLookup, type ResolvedAddress } from '../../../activities/providers/pinned-lookup.js';
import { isPublicAddress } from '../../../activities/providers/public-address.js';
import { type SafeRequest, safeRequest } from '../../../activities/providers/safe-http.js';
import { startProvider } from './fixtures.js';
import { certificate, privateKey } from './self-signed.js';

const buildRequest = (url: string, changes: Partial<SafeRequest> = {}): SafeRequest => ({
  url: new URL(url),
  method: 'GET',
  headers: {},
  endsAt: performance.now() + 10_000,
  anyAddress: false,
  ...changes,
});

const forbidden = { failure: { outcome: 'misconfigured', reason: 'addressForbidden' } } as const;
const resolveTo = (...addresses: string[]) => {
  let calls = 0;
  const resolve = async (): Promise<ResolvedAddress[]> => {
    calls += 1;
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolve, calls: () => calls };
};

const innerAddresses = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::808:808',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:2::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '',
  'nonsense',
];

for (const address of innerAddresses)
  test(`A name that resolves to "${address}" is never dialled, alone or beside a public address.`, async (t) => {
    t.false(isPublicAddress(address));
    for (const addresses of [[address], ['8.8.8.8', address], [address, '2606:4700::1111']])
      t.deepEqual(
        await safeRequest(buildRequest('https://rebind.example/'), resolveTo(...addresses).resolve),
        forbidden,
      );
  });

for (const address of [
  '8.8.8.8',
  '1.1.1.1',
  '172.32.0.1',
  '192.167.255.255',
  '2606:4700::1111',
  '2a00:1450:4001::200e',
])
  test(`${address} is a public address.`, (t) => {
    t.true(isPublicAddress(address));
  });

/** What `net.connect` would dial. */
const dialled = (lookup: LookupFunction, all: boolean) =>
  new Promise((resolve, reject) => {
    lookup('name.example', { all }, (error, address, family) => (error ? reject(error) : resolve([address, family])));
  });

test('What was checked is what is dialled: a name is resolved once for each connection.', async (t) => {
  const { resolve, calls } = resolveTo('8.8.8.8', '2606:4700::1111');
  t.deepEqual(await dialled(publicLookup(resolve), false), ['8.8.8.8', 4]);
  t.is(calls(), 1);
  const all = [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ];
  t.deepEqual(await dialled(publicLookup(resolve), true), [all, undefined]);
  t.is(calls(), 2);
});

test('A name without addresses is not dialled, and one that cannot be resolved is unreachable.', async (t) => {
  const request = buildRequest('https://nowhere.example/');
  t.deepEqual(await safeRequest(request, resolveTo().resolve), forbidden);
  const unknown = () => Promise.reject(Object.assign(new Error('SENT'), { code: 'ENOTFOUND' }));
  t.deepEqual(await safeRequest(request, unknown), { failure: { outcome: 'temporary', reason: 'unreachable' } });
});

test('A name server that never answers is given up when the call is.', async (t) => {
  const request = buildRequest('https://slow.example/', { endsAt: performance.now() + 200 });
  t.deepEqual(await safeRequest(request, () => new Promise(() => {})), {
    failure: { outcome: 'temporary', reason: 'timeout' },
  });
});

for (const host of [
  '127.0.0.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '127.1',
  '127.0.0.1.',
  '①②⑦.0.0.1',
  '0',
  'localhost',
])
  test(`An address written as ${host} is not dialled, though something listens there; listed, it is.`, async (t) => {
    const { url, asked } = await startProvider(t, (response) => response.end('{}'));
    const address = url.replace('127.0.0.1', host);
    t.deepEqual(await safeRequest(buildRequest(address)), forbidden);
    t.deepEqual(asked, []);
    if (!host.includes(':'))
      t.like(await safeRequest(buildRequest(address, { anyAddress: true })), { answer: { status: 200 } });
  });

async function startHttps(t: ExecutionContext): Promise<{ server: HttpsServer; port: number; requests: () => number }> {
  let requests = 0;
  const server = createServer({ cert: certificate, key: privateKey }, (_request, response) => {
    requests += 1;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { server, port: (server.address() as AddressInfo).port, requests: () => requests };
}

test('A certificate that nobody vouches for is refused before anything is sent, also of a listed origin.', async (t) => {
  const { port, requests } = await startHttps(t);
  const request = buildRequest(`https://localhost:${port}/`, { anyAddress: true });
  t.deepEqual(await safeRequest(request), { failure: { outcome: 'misconfigured', reason: 'badCertificate' } });
  t.is(requests(), 0);
});

/** What an HTTPS request ends with in a process whose environment says something about certificates. */
async function reasonUnder(env: NodeJS.ProcessEnv, port: number): Promise<string> {
  const program = fileURLToPath(new URL('safe-request.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, `https://localhost:${port}/`], {
    env: { ...process.env, ...env },
  });
  return stdout;
}

test('No environment variable turns the check of certificates off; one can add a private authority.', async (t) => {
  const { port, requests } = await startHttps(t);
  t.is(await reasonUnder({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, port), 'badCertificate');
  t.is(requests(), 0);
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-ca-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ca.pem'), certificate);
  t.is(await reasonUnder({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') }, port), 'answered 200');
});

test('A request that cannot be sent is a fault of ours, not of the network.', async (t) => {
  const request = buildRequest('https://partners.example/', { headers: { 'idempotency-key': 'a\nb' } });
  await t.throwsAsync(safeRequest(request, resolveTo('8.8.8.8').resolve), { code: 'UND_ERR_INVALID_ARG' });
});

test('Something that does not speak TLS, or not HTTP, is unreachable.', async (t) => {
  const server = createTcpServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.6\r\n'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const unreachable = { failure: { outcome: 'temporary', reason: 'unreachable' } } as const;
  for (const scheme of ['https', 'http'])
    t.deepEqual(await safeRequest(buildRequest(`${scheme}://127.0.0.1:${port}/`, { anyAddress: true })), unreachable);
});

const limit = 64 * 1024;
const exact = JSON.stringify('x'.repeat(limit - 2));
const bodies: [name: string, encoding: string | undefined, body: string | Buffer, ending: string][] = [
  ['64 KiB', undefined, exact, 'taken'],
  ['a byte more', undefined, `${exact} `, 'tooLarge'],
  ['64 KiB in gzip', 'gzip', gzipSync(exact), 'taken'],
  ['64 KiB in gzip, said in capitals', 'GZIP', gzipSync(exact), 'taken'],
  ['64 KiB in deflate', 'deflate', deflateSync(exact), 'taken'],
  ['64 KiB in Brotli', 'br', brotliCompressSync(exact), 'taken'],
  ['a byte more in gzip', 'gzip', gzipSync(`${exact} `), 'tooLarge'],
  ['a byte more in deflate', 'deflate', deflateSync(`${exact} `), 'tooLarge'],
  ['16 MiB in Brotli', 'br', brotliCompressSync(Buffer.alloc(2 ** 24)), 'tooLarge'],
  ['gzip twice', 'gzip, gzip', gzipSync(gzipSync('{}')), 'notJson'],
  ['an unknown compression', 'zstd', '{}', 'notJson'],
  ['text that should be gzip', 'gzip', '{}', 'notJson'],
  ['text that should be Brotli', 'br', 'hello, this is no Brotli', 'notJson'],
  ['half of a gzip file', 'gzip', gzipSync(exact).subarray(0, 40), 'notJson'],
  ['bytes that are not UTF-8', undefined, Buffer.from([0x22, 0xff, 0x22]), 'notJson'],
];

for (const [name, encoding, body, ending] of bodies)
  test(`A body of ${name} is ${ending}.`, async (t) => {
    const { url } = await startProvider(t, (response) => {
      response.writeHead(200, encoding ? { 'content-encoding': encoding } : {}).end(body);
    });
    const result = await safeRequest(buildRequest(url, { anyAddress: true }));
    t.is('answer' in result ? 'taken' : (result.failure as { reason: string }).reason, ending);
    if ('answer' in result) t.is(result.answer.text, exact);
  });

test('Too many headers are too much.', async (t) => {
  const { url } = await startProvider(t, (response) => response.setHeader('x-big', 'x'.repeat(100_000)).end('{}'));
  t.deepEqual(await safeRequest(buildRequest(url, { anyAddress: true })), {
    failure: { outcome: 'temporary', reason: 'tooLarge' },
  });
});

test('A body that trickles in for ever ends with the call.', async (t) => {
  const { url } = await startProvider(t, (response) => {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  });
  const endsAt = performance.now() + 500;
  t.deepEqual(await safeRequest(buildRequest(url, { anyAddress: true, endsAt })), {
    failure: { outcome: 'temporary', reason: 'timeout' },
  });
});

test('A body that breaks off is a failure of the network.', async (t) => {
  const { url } = await startProvider(t, (response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"name":', () => response.destroy());
  });
  t.deepEqual(await safeRequest(buildRequest(url, { anyAddress: true })), {
    failure: { outcome: 'temporary', reason: 'unreachable' },
  });
});

test('A redirect is told, not followed.', async (t) => {
  const { url, asked } = await startProvider(t, (response) => response.writeHead(302, { location: '/next' }).end());
  t.deepEqual(await safeRequest(buildRequest(url, { anyAddress: true })), { answer: { status: 302, text: '' } });
  t.is(asked.length, 1);
});
