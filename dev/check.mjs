/** `npm run check`: format, lint and arrows, types, unused code, sizes, generated files, the container set-up, known advisories. */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Lines (shared/style-guide.md §3). */
const longestSource = 300;
const longestTest = 400;
/** Bytes; of a check that finds a lot. */
const longestOutput = 64 * 1024 * 1024;
/** By `npm run client`. */
const generated = 'api/client/schema.d.ts';

const checks = {
  'format, lint, arrows (cure: npm run format)': () => run('npx', 'biome', 'ci', '--colors=off', '.'),
  types: () => run('npx', 'tsc', '-p', '.'),
  'types of browser scripts': () => run('npx', 'tsc', '-p', 'api/pages/scripts'),
  'unused code and dependencies': () => run('npx', 'knip'),
  'the diagram is current (cure: npm run diagram)': () => run('node', 'build/dev/diagram.js', '--check'),
  'the typed client is current (cure: npm run client)': () => run('node', 'build/dev/api-client.js', '--check'),
  'the container set-up': () => run('node', 'dev/check-compose.mjs'),
  'file sizes': fileSizes,
  'the lock file names no registry': lockFile,
};

let failed = 0;
// Begun at once, as most keep to one processor; told in order.
const complaints = Object.entries(checks).map(([name, check]) => [name, check()]);
for (const [name, told] of complaints) {
  const complaint = await told;
  process.stdout.write(complaint ? `✘ ${name}\n${complaint}\n` : `✔ ${name}\n`);
  if (complaint) failed++;
}
advisories();
process.stdout.write(failed ? `${failed} checks failed\n` : 'All checks passed.\n');
process.exitCode = failed ? 1 : 0;

/** Neither passed nor failed where the registry cannot be asked: whoever releases asks again where it can. */
function advisories() {
  const { status, stdout, stderr } = spawnSync('node', ['dev/check-advisories.mjs'], { cwd: root, encoding: 'utf8' });
  const sign = { 0: '✔', 3: '?' }[status] ?? '✘';
  process.stdout.write(`${sign} no known advisory against a package\n${stdout}${stderr}`);
  if (sign === '✘') failed++;
}

/** What the command said if it failed; nothing if it did not. */
function run(command, ...args) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, maxBuffer: longestOutput }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` || `${command}: ${error.message}` : ''),
    );
  });
}

function fileSizes() {
  const files = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx', '*.mjs', '*.css'], {
    cwd: root,
    encoding: 'utf8',
  });
  return files.stdout
    .split('\n')
    .filter((file) => file && file !== generated)
    .map((file) => [file, readFileSync(root + file, 'utf8').split('\n').length - 1])
    .filter(([file, lines]) => lines > (file.startsWith('test/') ? longestTest : longestSource))
    .map(([file, lines]) => `${file} has ${lines} lines: split it by meaning`)
    .join('\n');
}

function lockFile() {
  return /"resolved": "https?:/.test(readFileSync(`${root}package-lock.json`, 'utf8'))
    ? 'cure: npm install, with the .npmrc of this folder'
    : '';
}
