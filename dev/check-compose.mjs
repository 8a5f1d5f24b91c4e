/**
 * Checks docker-compose.yml and what belongs to it without a container engine: first against the Compose
 * Specification's schema (dclint brings it), then what a schema cannot know. Prints one sentence a fault.
 * Run by `npm run check`; another folder than the repository may be given as the argument.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';

const composeFile = 'docker-compose.yml';
/** Images that get no more repairs, and what took their place. */
const deprecatedImages = [
  [/^temporalio\/auto-setup\b/, 'is no longer built: use temporalio/server with temporalio/admin-tools'],
  [/^temporalio\/(web|tctl)\b/, 'is no longer built: use temporalio/ui and temporalio/admin-tools'],
  [/^mailhog\/mailhog\b/, 'is unmaintained: use axllent/mailpit'],
  [/^(node:(\d|1\d|2[0135])\b)/, 'gets no more repairs: use an even release under long-term support'],
  [/^postgres:(\d|1[0-4])\b/, 'gets no more repairs: use a newer major version'],
];
/** dclint's rules beside the schema; those about the order of lines are a matter of taste. */
const lintRules = {
  'no-build-and-image': 2,
  'no-duplicate-container-names': 2,
  'no-duplicate-exported-ports': 2,
  'no-quotes-in-volumes': 2,
  'no-unbound-port-interfaces': 2,
  'no-version-field': 2,
  'require-project-name-field': 2,
  'require-quotes-in-ports': 2,
  'service-image-require-explicit-tag': 2,
  'service-container-name-regex': 2,
  'service-dependencies-alphabetical-order': 0,
  'service-keys-order': 0,
  'service-ports-alphabetical-order': 0,
  'services-alphabetical-order': 0,
  'top-level-properties-order': 0,
};
const isSecret = (name) => /PASSWORD|PWD|SECRET|API_KEY|SMTP_URL|DATABASE_URL/.test(name);
/** Whoever reaches one of these has everything. */
const closedServices = ['postgres', 'temporal'];
const shots = 'service_completed_successfully';

/** One sentence for each fault of the compose file in this folder and of what belongs to it. */
export function checkCompose(root) {
  const faults = checkSchema(root);
  return faults.length > 0 ? faults : checkMeaning(root, parse(read(root, composeFile), { merge: true }));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkCompose(resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
  console.log('docker-compose.yml fits the Compose Specification and everything that it names');
}

function checkSchema(root) {
  const file = join(root, composeFile);
  if (!existsSync(file)) return [`${file} is missing.`];
  const linter = new DCLinter({ rules: lintRules, quiet: true, debug: false, exclude: [] });
  return linter
    .lintFiles([file], false)
    .flatMap(({ messages }) => messages)
    .map(({ line, message, rule }) => `docker-compose.yml:${line}: ${message} (${rule})`);
}

function checkMeaning(root, compose) {
  const services = Object.entries(compose.services);
  const forms = services.flatMap(([name, service]) => checkForms(name, service));
  if (forms.length > 0) return forms;
  return [
    ...services.flatMap(([name, service]) => [
      ...checkDependencies(name, service, compose.services),
      ...checkMounts(root, name, service, compose.volumes ?? {}),
      ...checkImage(`service ${name}`, service.image),
      ...checkPorts(name, service),
      ...checkNetworks(name, service, compose.networks ?? {}),
      ...checkSecrets(name, service),
      ...(service.build ? [...checkCommand(root, name, service), ...checkDocumented(root, name, service)] : []),
    ]),
    ...checkTemporal(compose.services),
    ...checkVariables(root, compose),
    ...checkDockerfile(root),
    ...scriptFiles(root).flatMap((file) => checkScript(root, file)),
  ];
}

/** The specification has two ways to write most things; this file and the checks below keep to one. */
function checkForms(name, { depends_on = {}, environment = {}, volumes = [], networks = [], entrypoint = [] }) {
  const isText = (value) => typeof value === 'string';
  return [
    ...(Array.isArray(depends_on) ? ['depends_on as a mapping with conditions'] : []),
    ...(Array.isArray(environment) ? ['environment as a mapping'] : []),
    ...(volumes.every(isText) ? [] : ['volumes as source:target:mode']),
    ...(Array.isArray(networks) ? [] : ['networks as a list']),
    ...(Array.isArray(entrypoint) ? [] : ['entrypoint as a list']),
  ].map((form) => `Service ${name}: write ${form}.`);
}

function checkDependencies(name, service, services) {
  return Object.entries(service.depends_on ?? {}).flatMap(([wanted, { condition }]) => {
    const other = services[wanted];
    if (!other) return [`Service ${name} depends on ${wanted}, which is no service.`];
    if (other.profiles && !service.profiles)
      return [`Service ${name} depends on ${wanted}, which a profile leaves out.`];
    if (condition === 'service_healthy' && !other.healthcheck?.test)
      return [`Service ${name} waits until ${wanted} is healthy, but ${wanted} has no health check.`];
    if (condition === shots && other.restart && other.restart !== 'no')
      return [`Service ${name} waits for the end of ${wanted}, which is restarted whenever it ends.`];
    return [];
  });
}

function checkMounts(root, name, { volumes = [], entrypoint = [] }, named) {
  const problems = [];
  const mounts = volumes.map((volume) => volume.split(':'));
  for (const [source, target, mode] of mounts) {
    if (!source.startsWith('.')) {
      if (!(source in named)) problems.push(`Service ${name} mounts the volume ${source}, which is not declared.`);
    } else if (!existsSync(join(root, source))) {
      problems.push(`Service ${name} mounts ${source}, which does not exist.`);
    } else if (mode !== 'ro') {
      problems.push(`Service ${name} can write to ${source}: mount it read-only (${source}:${target}:ro).`);
    }
  }
  for (const path of entrypoint.filter((part) => part.endsWith('.sh'))) {
    const mount = mounts.find(([, target]) => path.startsWith(`${target}/`));
    const file = mount && join(mount[0], path.slice(mount[1].length));
    if (!file || !existsSync(join(root, file)))
      problems.push(`Service ${name} runs ${path}, which no mounted folder has.`);
  }
  return problems;
}

function checkImage(where, image) {
  if (!image) return [`The image of ${where} is not named.`];
  const [, tag = ''] = image.split(/:(?=[^/]*$)/);
  // Built here, from the Dockerfile beside the compose file.
  if (tag === 'local') return [];
  const deprecated = deprecatedImages.find(([pattern]) => pattern.test(image));
  if (deprecated) return [`The image ${image} of ${where} ${deprecated[1]}.`];
  if (!/^v?\d+\.\d+/.test(tag))
    return [`The image ${image} of ${where} is not pinned to a version with at least two numbers.`];
  return [];
}

function checkPorts(name, { ports = [] }) {
  if (closedServices.includes(name) && ports.length > 0)
    return [`Service ${name} publishes a port, which it must not.`];
  return ports
    .map((port) => (typeof port === 'string' ? port : `${port.host_ip}:${port.published}:${port.target}`))
    .filter((port) => !port.startsWith('127.0.0.1:'))
    .map((port) => `Service ${name} publishes ${port} beyond this machine: write 127.0.0.1:<port>:<port>.`);
}

function checkNetworks(name, { networks = [], ports = [] }, declared) {
  const isInternal = (network) => declared[network]?.internal === true;
  const problems = networks
    .filter((network) => !(network in declared))
    .map((network) => `Service ${name} is in the network ${network}, which is not declared.`);
  if (networks.length === 0) problems.push(`Service ${name} names no network.`);
  if (closedServices.includes(name) && !networks.every(isInternal))
    problems.push(`Service ${name} is in a network that is not internal.`);
  if (ports.length > 0 && networks.every(isInternal))
    problems.push(`Service ${name} publishes a port, but is in internal networks only, where that has no effect.`);
  return problems;
}

function checkSecrets(name, { environment = {} }) {
  return Object.entries(environment).flatMap(([variable, value]) => {
    const text = String(value);
    if (isSecret(variable) && !text.includes('${'))
      return [`Service ${name} has ${variable} written down: take it from .env.`];
    const hasLiteralPassword = /:\/\/[^@/]*:[^@/$]+@/.test(text);
    return hasLiteralPassword ? [`Service ${name} has a password written down in ${variable}: take it from .env.`] : [];
  });
}

/** Containers run what the tests run: a script that `npm start` starts too, and whose source exists. */
function checkCommand(root, name, { command }) {
  const [program, script = '', ...rest] = Array.isArray(command) ? command : [];
  const built = /^build\/(.+\.js)$/.exec(script)?.[1];
  if (program !== 'node' || !built || rest.length > 0)
    return [`The command of ${name} must be [node, build/<folder>/<script>.js].`];
  const problems = [];
  const source = built.replace(/\.js$/, '.ts');
  if (!existsSync(join(root, source)))
    problems.push(`The command of ${name} runs ${script}, but there is no ${source}.`);
  if (!read(root, 'dev/start.ts').includes(`'${built}'`))
    problems.push(`The command of ${name} runs ${script}, which \`npm start\` does not (dev/start.ts).`);
  return problems;
}

function checkDocumented(root, name, { environment = {} }) {
  const rows = read(root, 'docs/operating.md')
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return Object.keys(environment)
    .filter((variable) => !rows.some((row) => row.split('|')[1].includes(`\`${variable}\``)))
    .map((variable) => `Service ${name} gets ${variable}, which the table in docs/operating.md does not explain.`);
}

function checkTemporal(services) {
  const problems = [];
  const tags = Object.values(services)
    .map(({ image }) => /^temporalio\/(?:server|admin-tools):(.+)$/.exec(image)?.[1])
    .filter(Boolean);
  if (new Set(tags).size > 1)
    problems.push(`temporalio/server and temporalio/admin-tools differ in version: ${tags.join(', ')}.`);
  if (services.temporal?.environment?.NUM_HISTORY_SHARDS !== '512')
    problems.push('NUM_HISTORY_SHARDS must stay "512": it cannot be changed after the first start.');
  return problems;
}

/** Every `${VARIABLE}` has its line in the example, secrets stop the start when empty, and the example holds none. */
function checkVariables(root, compose) {
  const problems = new Set();
  const example = Object.fromEntries(
    [...read(root, 'dev/compose.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, k, v]) => [k, v]),
  );
  const used = new Set();
  for (const text of textsIn(compose))
    for (const [, name, operator = '', word = ''] of text.matchAll(/(?<!\$)\$\{?(\w+)(?:(:?[-?+])([^}]*))?/g)) {
      used.add(name);
      if (!(name in example)) problems.add(`\${${name}} has no line in dev/compose.env.example.`);
      if (isSecret(name) && (operator !== ':?' || word.trim() === ''))
        problems.add(`\${${name}} is a secret: write \${${name}:?what it is}, so that nothing starts without it.`);
    }
  for (const [name, value] of Object.entries(example)) {
    if (!used.has(name) && !name.startsWith('COMPOSE_'))
      problems.add(`dev/compose.env.example has ${name}, which nothing uses.`);
    if (isSecret(name) && name !== 'SMTP_URL' && value)
      problems.add(`dev/compose.env.example has a value for ${name}: leave it empty.`);
  }
  if (example.SMTP_TLS === 'off' && example.SMTP_URL !== 'smtp://mail:1025')
    problems.add(
      'dev/compose.env.example has SMTP_TLS=off, which is only for the catcher (SMTP_URL=smtp://mail:1025).',
    );
  return problems;
}

function* textsIn(value) {
  if (typeof value === 'string') yield value;
  else if (value && typeof value === 'object') for (const inner of Object.values(value)) yield* textsIn(inner);
}

function checkDockerfile(root) {
  const text = read(root, 'Dockerfile').replace(/\\\n/g, ' ');
  const arguments_ = Object.fromEntries(
    [...text.matchAll(/^ARG (\w+)=(\S+)/gm)].map(([, name, value]) => [name, value]),
  );
  const stages = text.split(/^(?=FROM )/m).slice(1);
  const last = stages.at(-1) ?? '';
  const images = stages.map((stage) =>
    /^FROM (\S+)/.exec(stage)[1].replace(/\$\{(\w+)\}/, (_, name) => arguments_[name] ?? ''),
  );
  const required = [
    [/^USER (?!root|0\b)\w+/m, 'must not run as root: name a USER in the last stage'],
    [/^ENV .*NODE_ENV=production/m, 'must set NODE_ENV=production in the last stage'],
    [/^HEALTHCHECK .*\/healthz/m, 'must have a HEALTHCHECK of /healthz'],
  ];
  const ignored = read(root, '.dockerignore').split('\n');
  return [
    ...images.flatMap((image) => checkImage('the Dockerfile', image)),
    ...(stages.length < 2 ? ['The Dockerfile must build in one stage and run in another.'] : []),
    ...required.filter(([pattern]) => !pattern.test(last)).map(([, sentence]) => `The image ${sentence} (Dockerfile).`),
    ...(ignored.includes('*') && ignored.includes('**/.env*')
      ? []
      : ['.dockerignore must leave out everything (*) and **/.env*.']),
  ];
}

function scriptFiles(root) {
  const folder = join(root, 'dev/compose');
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }).map((name) => join(folder, name)) : [];
  return files.filter((file) => file.endsWith('.sh') && statSync(file).isFile());
}

function checkScript(root, file) {
  const name = relative(root, file);
  const text = readFileSync(file, 'utf8');
  const { status, stderr } = spawnSync('sh', ['-n', file], { encoding: 'utf8' });
  return [
    ...(status === 0 ? [] : [`${name} is no valid shell script: ${stderr.trim()}`]),
    ...(text.startsWith('#!/bin/sh\n') ? [] : [`${name} must begin with #!/bin/sh: the images have no other shell.`]),
    ...(/^set -eu$/m.test(text) ? [] : [`${name} must say "set -eu", so that it stops at the first fault.`]),
  ];
}

/** A missing file is a fault of whatever looks into it, not of this program. */
function read(root, path) {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
