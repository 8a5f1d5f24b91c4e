import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import anyTest, { type TestFn } from 'ava';

const test = anyTest as TestFn<{ folder: string; said: string }>;

const refusedImports: [folder: string, specifier: string][] = [
  ['machines', 'node:crypto'],
  ['machines', '../db/connection.js'],
  ['workflows', 'node:fs'],
  ['workflows', '../db/connection.js'],
  ['activities', '../workflows/messages.js'],
  ['activities/emails', '../../machines/registration.js'],
  ['activities', '../api/app.js'],
  ['db', '../api/app.js'],
  ['db/seeds', '../../machines/registration.js'],
  ['api', '../activities/activities.js'],
  ['api/routes/console', '../../../activities/providers/index.js'],
  ['api/routes', '../../workflows/registration.js'],
];
const takenImports: [folder: string, specifier: string][] = [
  ['machines', 'xstate'],
  ['workflows', '../machines/registration.js'],
  ['api', '../workflows/messages.js'],
  ['api/routes/console', '../../../activities/providers/settings.js'],
  ['api/routes', '../../machines/registration.js'],
  ['activities', '../db/connection.js'],
];
const fileOf = (folder: string, specifier: string) => join(folder, `imports-${specifier.replace(/\W+/g, '-')}.ts`);

test.before((t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-arrows-'));
  t.context.folder = folder;
  cpSync('biome.json', join(folder, 'biome.json'));
  for (const [place, specifier] of [...refusedImports, ...takenImports]) {
    const file = join(folder, fileOf(place, specifier));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `import { thing } from '${specifier}';\n\nexport const used = thing;\n`);
  }
  const args = ['lint', '--colors=off', '--max-diagnostics=none', '--vcs-enabled=false'];
  const { stdout, stderr } = spawnSync(resolve('node_modules/.bin/biome'), args, { cwd: folder, encoding: 'utf8' });
  t.context.said = stdout + stderr;
});
test.after.always((t) => rmSync(t.context.folder, { recursive: true, force: true }));

for (const [folder, specifier] of refusedImports)
  test(`the linter refuses ${specifier} in ${folder}`, (t) => {
    t.regex(t.context.said, new RegExp(`${fileOf(folder, specifier)}:.*(noRestrictedImports|noNodejsModules)`));
  });

for (const [folder, specifier] of takenImports)
  test(`the linter takes ${specifier} in ${folder}`, (t) => {
    t.false(t.context.said.includes(fileOf(folder, specifier)));
  });
