/**
 * Builds everything that runs into `build/`, mirroring the source folders: TypeScript to ES modules (esbuild, no type
 * check: that is `npm run check`), the browser's scripts, static files, and the workflow bundle. The bundle takes
 * seconds, so it is made anew only when something that goes into it has changed.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['machines', 'workflows', 'activities', 'api', 'db', 'dev', 'bench', 'test'];
const browserScripts = 'api/pages/scripts';
const out = join(root, 'build');

const files = folders.flatMap((folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    : [],
);
const isScript = (file) => ['.ts', '.tsx'].includes(extname(file)) && !file.endsWith('.d.ts');
const inBrowser = (file) => file.startsWith(browserScripts);

// A deleted or renamed source must not live on as a test or a migration.
for (const folder of folders) {
  const built = existsSync(join(out, folder))
    ? readdirSync(join(out, folder), { recursive: true, withFileTypes: true })
    : [];
  const expected = new Set(
    files.flatMap((file) => [file, file.replace(/\.tsx?$/, '.js'), file.replace(/\.tsx?$/, '.js.map')]),
  );
  for (const entry of built) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !expected.has(file.slice(out.length + 1)) && !file.includes('/assets/')) rmSync(file);
  }
}

await build({
  absWorkingDir: root,
  entryPoints: files.filter((file) => isScript(file) && !inBrowser(file)),
  outdir: out,
  outbase: '.',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  sourcemap: true,
});
const scripts = files.filter((file) => isScript(file) && inBrowser(file));
if (scripts.length > 0) {
  await build({
    absWorkingDir: root,
    entryPoints: scripts,
    outdir: join(out, 'api/assets'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
  });
}
for (const file of files) if (!isScript(file) && !file.endsWith('.mjs')) cpSync(join(root, file), join(out, file));
mkdirSync(join(out, 'api/assets'), { recursive: true });
// Pico's icons are data: addresses, which our pages may not load; tokens.css names files instead.
const pico = readFileSync(join(root, 'node_modules/@picocss/pico/css/pico.min.css'), 'utf8');
writeFileSync(join(out, 'api/assets/pico.css'), pico.replaceAll(/url\("data:[^"]*"\)/g, 'none'));

await bundleWorkflows();

async function bundleWorkflows() {
  const hash = createHash('sha256');
  for (const file of [...files.filter((f) => /^(machines|workflows)\//.test(f)), 'package-lock.json'])
    hash.update(file).update(readFileSync(join(root, file)));
  const digest = hash.digest('hex');
  const target = join(out, 'workflow-bundle.js');
  const stamp = join(out, 'workflow-bundle.sha256');
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(out, 'workflows/index.js'),
    logger: new DefaultLogger('WARN'),
    // Production mode takes XState's production build; readable names stay, so that a stack trace in the Temporal UI says something.
    webpackConfigHook: (config) => ({ ...config, mode: 'production', optimization: { minimize: false } }),
  });
  writeFileSync(target, code);
  writeFileSync(stamp, digest);
}
