/**
 * Builds everything that runs into `build/`, mirroring the source folders: TypeScript to ES modules (esbuild, no type
 * check: that is `npm run check`), the two processes as one file each, which load in half the time and memory, the
 * browser's scripts, static files, and the workflow bundle. That one takes seconds, so it is made anew only when something
 * that goes into it has changed.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['machines', 'workflows', 'activities', 'api', 'db', 'dev', 'bench', 'test'];
/** Drivers that knex asks for by name, and nobody here has. */
const otherDatabases = [
  'better-sqlite3',
  'mariadb',
  'mariadb/callback',
  'mysql',
  'mysql2',
  'oracledb',
  'sqlite3',
  'tedious',
  'pg-query-stream',
];
const emptyMap = `data:application/json;base64,${btoa('{"version":3,"sources":[""],"mappings":"AAAA"}')}`;
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

const forNode = {
  absWorkingDir: root,
  outdir: out,
  outbase: '.',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  sourcemap: true,
};
// The worker's own package loads a binary and starts threads from its files; what it shares with activities comes along.
const processes = { 'api/server.ts': ['@viz-js/viz'], 'activities/worker.ts': ['@temporalio/*'] };
const isModule = (file) => isScript(file) && !inBrowser(file) && !(file in processes);
await build({ ...forNode, entryPoints: files.filter(isModule) });
for (const [file, external] of Object.entries(processes)) await bundleProcess(file, external);
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

/** One file instead of some two thousand, in the place of the one that would import them all. */
async function bundleProcess(entryPoint, external) {
  await build({
    ...forNode,
    entryPoints: [entryPoint],
    bundle: true,
    minifySyntax: true,
    // oidc-provider stores its records under the names of their classes.
    keepNames: true,
    minifyWhitespace: true,
    lineLimit: 200,
    legalComments: 'none',
    sourcesContent: false,
    external: ['@node-rs/argon2', 'pg-native', ...otherDatabases, ...external],
    // What is CommonJS asks for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [{ name: 'places', setup: (bundle) => bundle.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, keepPlace) }],
  });

  /** Own modules find their files from where they would stand; Node need not read a map of what is not ours. */
  function keepPlace({ path }) {
    const loader = path.endsWith('x') ? 'tsx' : path.endsWith('ts') ? 'ts' : 'js';
    const code = readFileSync(path, 'utf8');
    if (path.includes('/node_modules/'))
      return {
        loader,
        contents: `${code.replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '')}\n//# sourceMappingURL=${emptyMap}`,
      };
    const place = relative(join(root, dirname(entryPoint)), path).replace(/\.tsx?$/, '.js');
    return { loader, contents: code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`) };
  }
}

async function bundleWorkflows() {
  const hash = createHash('sha256');
  for (const file of [...files.filter((f) => /^(machines|workflows)\//.test(f)), 'package-lock.json', 'dev/build.mjs'])
    hash.update(file).update(readFileSync(join(root, file)));
  const digest = hash.digest('hex');
  const target = join(out, 'workflow-bundle.js');
  const stamp = join(out, 'workflow-bundle.sha256');
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(out, 'workflows/index.js'),
    logger: new DefaultLogger('WARN'),
    // Loaded once a worker, frozen, instead of once a workflow: they keep nothing that belongs to one.
    preloadModules: ['xstate', join(out, 'machines/registration.js')],
    // Production mode takes XState's production build; readable names stay, so that a stack trace in the Temporal UI says something.
    webpackConfigHook: (config) => ({ ...config, mode: 'production', optimization: { minimize: false } }),
  });
  writeFileSync(target, code);
  writeFileSync(stamp, digest);
}
