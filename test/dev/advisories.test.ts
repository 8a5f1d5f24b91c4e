/** The gates of the lock file (security.md R9). */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { runProgram } from '../helpers/run-program.js';
import { temporaryFolder } from './fixtures/folders.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const run = async (command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) => {
  const { code, stdout, stderr } = await runProgram(command, args, { cwd, env: { ...process.env, ...env } });
  return { code, output: stdout + stderr };
};

/** npm asks a registry of ours, on which these advisories are. */
async function checkWith(t: ExecutionContext, status: number, advisories: object) {
  const registry = createServer(({ method }, response) => {
    const answer = method === 'POST' ? advisories : versions;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  t.teardown(() => registry.close());
  await new Promise((resolve) => registry.once('listening', resolve));
  const { port } = registry.address() as AddressInfo;
  return run('node', ['dev/check-advisories.mjs'], root, {
    npm_config_registry: `http://127.0.0.1:${port}`,
    npm_config_cache: temporaryFolder(t),
  });
}

const { version } = JSON.parse(readFileSync(join(root, 'node_modules/qr/package.json'), 'utf8'));
/** What npm asks for as well, to tell which versions an advisory is about. */
const versions = { name: 'qr', versions: { [version]: { name: 'qr', version } } };

const advisory = (severity: string, vulnerable_versions = '*') => ({
  qr: [
    {
      id: 1,
      url: 'https://example.org/a',
      title: 'It says too much',
      severity,
      vulnerable_versions,
      cwe: [],
      cvss: {},
    },
  ],
});

test('a high advisory against a package fails the check, and is named', async (t) => {
  const { code, output } = await checkWith(t, 200, advisory('high'));
  t.is(code, 1, output);
  t.regex(output, /^qr .*: high; It says too much https:\/\/example\.org\/a$/m);
});

test('one of less weight, of other versions, or none passes', async (t) => {
  for (const advisories of [advisory('moderate'), advisory('critical', '<0.0.1'), {}]) {
    const { code, output } = await checkWith(t, 200, advisories);
    t.is(code, 0, output);
  }
});

test('where the registry has no advisories, that is said', async (t) => {
  const { code, output } = await checkWith(t, 405, {});
  t.is(code, 3, output);
  t.regex(output, /nobody has looked: .*405/);
});

test('a lock file that does not belong to package.json is not installed', async (t) => {
  const folder = temporaryFolder(t);
  for (const file of ['package-lock.json', '.npmrc']) copyFileSync(join(root, file), join(folder, file));
  const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  description.dependencies.koa = '3.0.0';
  writeFileSync(join(folder, 'package.json'), JSON.stringify(description));
  const { code, output } = await run('npm', ['ci', '--dry-run', '--prefer-offline'], folder);
  t.not(code, 0);
  t.regex(output, /lock file's koa@.* does not satisfy koa@3\.0\.0/);
});
