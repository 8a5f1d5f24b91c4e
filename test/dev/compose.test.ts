import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { readEnvironment as readWorkerEnvironment } from '../../activities/environment.js';
import { readEnvironment as readApiEnvironment } from '../../api/environment.js';
import { startTemporal } from '../../dev/temporal.js';
import { findTemporalCli } from '../../dev/temporal-cli.js';
import { temporaryFolder } from './fixtures/folders.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const execute = promisify(execFile);
const composeFile = 'docker-compose.yml';
const example = 'dev/compose.env.example';
const schemaScript = 'dev/compose/temporal/setup-schema.sh';
/** What the check looks at. */
const checkedFiles = [
  composeFile,
  'Dockerfile',
  '.dockerignore',
  'dev/compose',
  example,
  'dev/start.ts',
  'docs/operating.md',
  'api/server.ts',
  'activities/worker.ts',
  'db/migrate.ts',
];
const completed = 'service_completed_successfully';
const closedImage = 'image: temporalio/server';
const retentionSeconds = 720 * 3600;

interface Compose {
  services: Record<string, { command?: string[]; environment?: Record<string, string> }>;
}
const services = (parse(readFileSync(join(root, composeFile), 'utf8'), { merge: true }) as Compose).services;

const checkScript = join(root, 'dev/check-compose.mjs');
// Not part of the build, like all that `npm run check` runs.
const { checkCompose } = (await import(pathToFileURL(checkScript).href)) as { checkCompose(root: string): string[] };

function copyOfCheckedFiles(t: ExecutionContext): string {
  const folder = temporaryFolder(t);
  for (const file of checkedFiles) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  return folder;
}

/** A copy with one change must be refused with one sentence that names the fault. */
function refuses(t: ExecutionContext, file: string, from: string | RegExp, to: string, sentence: RegExp) {
  const folder = copyOfCheckedFiles(t);
  const text = readFileSync(join(folder, file), 'utf8');
  const changed = text.replace(from, to);
  t.not(changed, text, 'the change changes nothing');
  writeFileSync(join(folder, file), changed);
  t.regex(checkCompose(folder).join('\n'), sentence);
}

const title = (_: string | undefined, fault: string) => `the check refuses ${fault}`;
/** A fault in the compose file. */
const compose = test.macro<[fault: string, from: string | RegExp, to: string, sentence: RegExp]>({
  title,
  exec: (t, _, from, to, sentence) => refuses(t, composeFile, from, to, sentence),
});
/** A fault in a file that belongs to it. */
const beside = test.macro<[fault: string, file: string, from: string | RegExp, to: string, sentence: RegExp]>({
  title,
  exec: (t, _, file, from, to, sentence) => refuses(t, file, from, to, sentence),
});

test('the compose file and what belongs to it pass the check', (t) => {
  t.deepEqual(checkCompose(root), []);
});

test('the check looks at nothing but the files that are copied, so that each fault below is the only one', (t) => {
  t.deepEqual(checkCompose(copyOfCheckedFiles(t)), []);
});

test('as a command the check prints a sentence and fails', async (t) => {
  const folder = temporaryFolder(t);
  const error = await t.throwsAsync<Error & { code: number; stderr: string }>(
    execute(process.execPath, [checkScript, folder]),
  );
  t.is(error?.code, 1);
  t.is(error?.stderr, `${join(folder, composeFile)} is missing.\n`);
  t.regex((await execute(process.execPath, [checkScript])).stdout, /fits the Compose Specification/);
});

test(compose, 'a file that is no YAML', 'services:', 'services: [', /Invalid YAML/);
test(compose, 'what the schema does not know', 'shm_size:', 'shm_sise:', /invalid-schema/);
test(compose, 'a value of the wrong kind', 'internal: true', 'internal: 7', /invalid-schema/);
test(compose, 'a dependency on no service', ' temporal-schema: {', ' schema: {', /temporal depends on schema/);
test(compose, 'a dependency on an optional service', ' temporal-schema: {', ' mail: {', /which a profile leaves out/);
test(compose, 'waiting for health unchecked', / temporal: \{/, ' temporal-ui: {', /temporal-ui has no health check/);
test(compose, 'waiting for the end of a server', /service_healthy/, completed, /restarted whenever it ends/);
test(
  compose,
  'a mount of a missing folder',
  './dev/compose/postgres:',
  './dev/pg:',
  /\.\/dev\/pg, which does not exist/,
);
test(compose, 'a mount that can be written', '/scripts:ro', '/scripts', /can write to/);
test(compose, 'a script that no mount has', '/scripts/roles.sh', '/scripts/role.sh', /runs \/scripts\/role\.sh/);
test(compose, 'an undeclared volume', /^ {2}postgres-data:/m, '  data:', /postgres-data, which is not declared/);
test(compose, 'the tag latest', 'mailpit:v1.31.1', 'mailpit:latest', /mailpit:latest.*not pinned|explicit-tag/);
test(compose, 'an image without a tag', 'mailpit:v1.31.1', 'mailpit', /explicit-tag/);
test(compose, 'a deprecated image', 'temporalio/server', 'temporalio/auto-setup', /temporal is no longer built/);
test(compose, 'Temporal parts of two versions', 'admin-tools:1.32.0', 'admin-tools:1.31.2', /differ in version/);
test(compose, 'another number of history shards', "'512'", "'4'", /NUM_HISTORY_SHARDS/);
test(compose, 'a port open to the network', '127.0.0.1:3000', '0.0.0.0:3000', /beyond this machine/);
test(compose, 'a port without an address', '127.0.0.1:3000:', '3000:', /no-unbound-port-interfaces/);
test(
  compose,
  "publishing Temporal's port",
  closedImage,
  `ports: ['127.0.0.1:1:1']\n    ${closedImage}`,
  /publishes a port/,
);
test(compose, 'a database with a way out', 'internal: true', 'internal: false', /postgres is in a network that is not/);
test(compose, 'a port in internal networks only', '[front, back]', '[back]', /temporal-ui publishes a port, but/);
test(compose, 'a network that is not there', '[front, back]', '[rear, back]', /rear, which is not declared/);
test(compose, 'a secret that is written down', /POSTGRES_PWD: .*/, 'POSTGRES_PWD: abc', /POSTGRES_PWD written down/);
test(compose, 'a password inside an address', /_owner:.*@/, '_owner:abc@', /DATABASE_URL written down/);
test(compose, 'a secret with a default', ':?the keys', ':-the keys', /SECRET_KEYS\} is a secret/);
test(compose, 'a secret without a word what it is', /:\?the keys[^}]*/, ':?', /SECRET_KEYS\} is a secret/);
test(compose, 'a command without a source', 'activities/worker.js', 'activities/x.js', /there is no activities\/x\.ts/);
test(
  compose,
  'a command through another program',
  '[node, build/db/migrate.js]',
  '[npm, migrate]',
  /of migrate must be/,
);
test(
  compose,
  'environment as a list',
  /TEMPORAL_ADDRESS: .*\n {6}TEMPORAL_NAMESPACE: .*/,
  '- A=b',
  /temporal-namespace: write environment/,
);
test(
  compose,
  'dependencies as a list',
  'depends_on: *app-needs',
  'depends_on: [api]',
  /worker: write depends_on as a mapping/,
);
test(
  beside,
  'a Node.js without repairs',
  'Dockerfile',
  /node:24[\d.]+/,
  'node:20.20.2',
  /node:20\.20\.2.* no more repairs/,
);
test(beside, 'a container that runs as root', 'Dockerfile', 'USER node', 'USER root', /must not run as root/);
test(beside, 'an image without production mode', 'Dockerfile', '=production', '=test', /NODE_ENV=production/);
test(beside, 'an image without a health check', 'Dockerfile', '/healthz', '/', /HEALTHCHECK/);
test(beside, 'secrets in the build context', '.dockerignore', '**/.env*\n', '', /\.dockerignore/);
test(beside, 'a variable without an example', example, /^MAIL_FROM=.*\n/m, '', /MAIL_FROM\} has no line/);
test(beside, 'an example that nothing uses', example, /^MAIL_FROM=/m, 'SENDER=\n$&', /has SENDER, which nothing uses/);
test(beside, 'an example with a secret', example, 'SECRET_KEYS=', 'SECRET_KEYS=k1:abc', /has a value for SECRET_KEYS/);
test(beside, 'real mail without TLS', example, 'smtp://mail:1025', 'smtp://a:b@mx.example:25', /only for the catcher/);
test(beside, 'a variable that nobody explains', 'docs/operating.md', '| `SMTP_TLS`', '| `SMTP`', /SMTP_TLS, which the/);
test(beside, 'a command that npm start does not run', 'dev/start.ts', 'db/migrate', 'db/x', /npm start` does not/);
test(beside, 'a shell script with a fault', schemaScript, 'done', '', /setup-schema\.sh is no valid shell script/);
test(beside, 'a script that goes on after a fault', schemaScript, 'set -eu', 'set -e', /sh must say "set -eu"/);

test('api and worker accept the environment that the compose file makes of a filled-in example', (t) => {
  const lines = readFileSync(join(root, example), 'utf8').matchAll(/^(\w+)=(.*)$/gm);
  const filled: Record<string, string> = {
    ...Object.fromEntries([...lines].map(([, name, value]) => [name, value])),
    VESTIBULE_APP_PASSWORD: 'f00d',
    SECRET_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    PUBLIC_URL: 'https://accounts.example.com',
    MAIL_FROM: 'Vestibule <no-reply@example.com>',
  };
  const environmentOf = (name: string) =>
    Object.fromEntries(
      Object.entries(services[name]?.environment ?? {}).map(([variable, value]) => [
        variable,
        value.replace(/\$\{(\w+)[^}]*\}/g, (_, key: string) => filled[key] ?? ''),
      ]),
    );
  const worker = readWorkerEnvironment(environmentOf('worker'));
  const api = readApiEnvironment(environmentOf('api'));
  t.is(worker.SMTP_TLS, 'off');
  for (const env of [worker, api]) {
    t.is(env.VESTIBULE_MODE, 'production');
    t.is(env.DATABASE_URL, 'postgres://vestibule_app:f00d@postgres:5432/vestibule');
  }
  t.is(worker.TEMPORAL_TASK_QUEUE, api.TEMPORAL_TASK_QUEUE);
});

test('the first-operator command that the documentation names is what npm start runs', (t) => {
  const [, script = ''] =
    /docker compose run --rm api node (\S+)/.exec(readFileSync(join(root, 'docs/operating.md'), 'utf8')) ?? [];
  t.true(existsSync(join(root, script)), script);
  t.true(readFileSync(join(root, 'dev/start.ts'), 'utf8').includes(`'${script.replace('build/', '')}'`));
});

test('the namespace script makes the namespace on a real server, and may run again', async (t) => {
  const folder = temporaryFolder(t);
  const cli = await findTemporalCli();
  symlinkSync(cli, join(folder, 'temporal'));
  const server = await startTemporal({ cli });
  t.teardown(() => server.stop());
  const script = join(root, 'dev/compose/temporal/create-namespace.sh');
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: 'vestibule',
  };
  for (const _ of ['first', 'second']) t.regex((await execute('sh', [script], { env })).stdout, /vestibule is ready/);

  const connection = await Connection.connect({ address: server.address });
  t.teardown(() => connection.close());
  const { config } = await connection.workflowService.describeNamespace({ namespace: 'vestibule' });
  t.is(Number(config?.workflowExecutionRetentionTtl?.seconds), retentionSeconds);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'vestibule' });
  for (const name of ['RegistrationState', 'RegistrationKind', 'RegistrationAttention'])
    t.true(name in customAttributes);
});
