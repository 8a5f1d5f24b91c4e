import { fileURLToPath } from 'node:url';
import { livingChildren } from './child-process.js';
import { type DataFolder, openDataFolder, readOrCreateSecretKeys } from './data-folder.js';
import { checkGivenServices, choosePorts, type PortName, type Ports } from './environment.js';
import { askScript, runOnce, startNodePart } from './node-part.js';
import { postgresRecord, startPostgres } from './postgres.js';
import { stopRecordedProcess } from './process-identity.js';
import { type RunningPart, type Supervised, supervise } from './supervisor.js';
import { startTemporal, temporalRecord } from './temporal.js';
import { findTemporalCli } from './temporal-cli.js';

export interface LaunchOptions {
  /** Paths of compiled scripts. `migrate` and `operatorLink` do one thing and end; the others run until SIGTERM. */
  scripts: { migrate: string; operatorLink: string; worker: string; api: string };
  /** Used unless VESTIBULE_DATA names another. */
  dataFolder: string;
  env: NodeJS.ProcessEnv;
  /** Start the stub provider (`dev/stub-provider.ts`), and let worker and API reach it. */
  withProvider?: boolean;
  say(line: string): void;
}

/** Where a person finds what; undefined for what is given by the environment or not there. */
export interface Addresses {
  application: string;
  inbox?: string;
  /** Of the stub provider, where its mode is chosen. */
  provider?: string;
  temporalUi?: string;
  temporal: string;
  postgres: string;
  data: string;
  logs: string;
  /** The one-time link with which the first operator sets a password; undefined when there is an operator. */
  operatorLink?: string;
}

export interface Launch {
  /** Rejects with a sentence for people; `stop` must be called then too. */
  ready: Promise<Addresses>;
  /** Stops everything, also what is only just starting, each part within ten seconds. */
  stop(): Promise<void>;
}

type PartName = 'api' | 'worker' | 'temporal' | 'mail' | 'provider' | 'postgres';

/** Each part ends before those that it needs. */
const stopOrder: PartName[] = ['api', 'worker', 'temporal', 'mail', 'provider', 'postgres'];
const stubProviderScript = fileURLToPath(new URL('stub-provider-main.js', import.meta.url));
const mailCatcherScript = fileURLToPath(new URL('mail-catcher-main.js', import.meta.url));

/** What the steps of a start share. */
interface Context extends LaunchOptions {
  data: DataFolder;
  ports: Ports;
  parts: Map<PartName, Supervised<RunningPart>>;
}

/** Starts everything that the environment does not give, and keeps it running. */
export function launch(options: LaunchOptions): Launch {
  const parts: Context['parts'] = new Map();
  let data: DataFolder | undefined;
  const start = async () => {
    await checkGivenServices(options.env);
    data = openDataFolder(options.env.VESTIBULE_DATA || options.dataFolder);
    await stopLeftovers(data);
    const ports = await choosePorts(neededPorts(options), options.env, options.say);
    return startAll({ ...options, data, ports, parts });
  };
  return {
    ready: start(),
    stop: async () => {
      for (const name of stopOrder) await parts.get(name)?.stop();
      await Promise.all([...livingChildren()].map((child) => child.stop()));
      data?.release();
    },
  };
}

/** What an earlier launcher that was killed together with its watchdogs may have left: it would hold ports and data. */
async function stopLeftovers(data: DataFolder) {
  for (const name of ['api', 'worker', 'migrate', 'mail', 'provider']) await stopRecordedProcess(data.recordOf(name));
  await stopRecordedProcess(temporalRecord(data.temporalDatabase));
  await stopRecordedProcess(postgresRecord(data.postgres));
}

function neededPorts({ env, withProvider }: LaunchOptions): PortName[] {
  const { DATABASE_URL, TEMPORAL_ADDRESS, SMTP_URL } = env;
  const mail: PortName[] = SMTP_URL ? [] : ['inbox', 'smtp'];
  const temporal: PortName[] = TEMPORAL_ADDRESS ? [] : ['temporal', 'temporalUi'];
  const provider: PortName[] = withProvider ? ['provider'] : [];
  return ['app', ...mail, ...provider, ...(DATABASE_URL ? [] : (['postgres'] as const)), ...temporal];
}

async function startAll(context: Context): Promise<Addresses> {
  const { env, scripts, data, ports, say } = context;
  say('Starting the database, Temporal and the mailbox …');
  const base = baseEnvironment(context);
  const prepareDatabase = async () => {
    const postgres = await databaseUrl(context);
    const childEnv = { ...base, DATABASE_URL: postgres };
    await runOnce({
      title: 'The database migration',
      script: scripts.migrate,
      env: childEnv,
      ...filesOf(data, 'migrate'),
    });
    return postgres;
  };
  const [postgres, temporal, mail, provider] = await Promise.all([
    prepareDatabase(),
    temporalAddress(context),
    mailAddress(context),
    providerAddress(context),
  ]);
  const childEnv: NodeJS.ProcessEnv = {
    ...base,
    DATABASE_URL: postgres,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.uiUrl,
    SMTP_URL: mail.smtpUrl,
    INBOX_URL: mail.inboxUrl,
    ...(provider && { PROVIDER_ALLOWED_ORIGINS: provider }),
  };
  say('Starting the worker and the application …');
  await Promise.all([
    startScript(context, 'worker', 'The worker', childEnv),
    startScript(context, 'api', 'The application', childEnv),
  ]);
  return {
    application: childEnv.PUBLIC_URL ?? `http://localhost:${ports.app}`,
    inbox: mail.inboxUrl,
    provider,
    temporalUi: temporal.uiUrl,
    temporal: temporal.address,
    postgres: env.DATABASE_URL ? withoutPassword(postgres) : postgres,
    data: data.path,
    logs: data.logs,
    operatorLink: await askScript(scripts.operatorLink, childEnv),
  };
}

/** What is known before any part runs. */
function baseEnvironment({ env, data, ports }: Context): NodeJS.ProcessEnv {
  const isEmbedded = !(env.DATABASE_URL && env.TEMPORAL_ADDRESS && env.SMTP_URL);
  return {
    ...env,
    // Everyone who tries it here comes from one address.
    ...(isEmbedded && { VESTIBULE_MODE: 'development', LIMITS: env.LIMITS || 'startsPerSource=1000' }),
    TEMPORAL_NAMESPACE: env.TEMPORAL_NAMESPACE || 'default',
    MAIL_FROM: env.MAIL_FROM || 'Vestibule <no-reply@vestibule.localhost>',
    PUBLIC_URL: env.PUBLIC_URL || `http://localhost:${ports.app}`,
    // Not taken over: some shells set HOST to the machine's name, which would open the application to the network.
    HOST: '127.0.0.1',
    PORT: String(ports.app),
    SECRET_KEYS: env.SECRET_KEYS || readOrCreateSecretKeys(data.path),
  };
}

async function databaseUrl(context: Context): Promise<string> {
  const { env, data, ports } = context;
  if (env.DATABASE_URL) return env.DATABASE_URL;
  const log = data.logOf('postgres');
  const start = () => startPostgres({ folder: data.postgres, port: ports.postgres, log });
  return (await keep(context, 'postgres', { title: 'PostgreSQL', log, start })).url;
}

async function temporalAddress(context: Context): Promise<{ address: string; uiUrl: string | undefined }> {
  const { env, data, ports, say } = context;
  if (env.TEMPORAL_ADDRESS) return { address: env.TEMPORAL_ADDRESS, uiUrl: env.TEMPORAL_UI_URL };
  const cli = await findTemporalCli({ env, say });
  const log = data.logOf('temporal');
  const databaseFile = data.temporalDatabase;
  const namespace = env.TEMPORAL_NAMESPACE || undefined;
  const start = () =>
    startTemporal({ cli, databaseFile, namespace, port: ports.temporal, uiPort: ports.temporalUi, log });
  return keep(context, 'temporal', { title: 'Temporal', log, start });
}

async function mailAddress(context: Context): Promise<{ smtpUrl: string; inboxUrl?: string }> {
  const { env, data, ports } = context;
  if (env.SMTP_URL) return { smtpUrl: env.SMTP_URL };
  const files = filesOf(data, 'mail');
  const args = [String(ports.smtp), String(ports.inbox), data.mails];
  const title = 'The mailbox';
  const start = () => startNodePart({ title, script: mailCatcherScript, args, env, ...files });
  await keep(context, 'mail', { title, log: files.log, start });
  return { smtpUrl: `smtp://127.0.0.1:${ports.smtp}`, inboxUrl: `http://localhost:${ports.inbox}` };
}

/** The stub provider's origin, if it is wanted. */
async function providerAddress(context: Context): Promise<string | undefined> {
  const { env, data, ports, withProvider } = context;
  if (!withProvider) return undefined;
  const files = filesOf(data, 'provider');
  const title = 'The stub provider';
  const start = () =>
    startNodePart({ title, script: stubProviderScript, args: [String(ports.provider)], env, ...files });
  await keep(context, 'provider', { title, log: files.log, start });
  return `http://127.0.0.1:${ports.provider}`;
}

async function startScript(context: Context, name: 'api' | 'worker', title: string, env: NodeJS.ProcessEnv) {
  const files = filesOf(context.data, name);
  const start = () => startNodePart({ title, script: context.scripts[name], env, ...files });
  await keep(context, name, { title, log: files.log, start });
}

async function keep<Part extends RunningPart>(
  { parts, say }: Context,
  name: PartName,
  part: { title: string; log: string; start(): Promise<Part> },
): Promise<Part> {
  const supervised = await supervise({ ...part, say });
  parts.set(name, supervised);
  return supervised.first;
}

const filesOf = (data: DataFolder, part: string) => ({ log: data.logOf(part), record: data.recordOf(part) });

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (url.password) url.password = '***';
  return url.href;
}
