import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { defaultLimits } from '../api/rate-limits.js';
import { type Database, openDatabase } from '../db/connection.js';
import { migrate } from '../db/migrate.js';
import { startNodePart } from '../dev/node-part.js';
import { choosePort } from '../dev/ports.js';
import { startPostgres } from '../dev/postgres.js';
import { startTemporal } from '../dev/temporal.js';
import { type MailSink, startMailSink } from './mail-sink.js';
import { noHash } from './no-hash.js';
import type { PartnerVariant, Store } from './options.js';
import { preparePartners, startProvider } from './partners.js';
import { withPid } from './processes.js';
import { registerByCode, registerCustomer } from './registrant.js';
import { countSql } from './sql.js';
import type { Subject } from './subject.js';

const scripts = {
  product: '../api/server.js',
  'without-hash': 'api-without-hash.js',
  worker: '../activities/worker.js',
};
const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Milliseconds: a connection is given up before the API does so after five seconds, or a request would meet its end. */
const idleConnection = 4_000;
/** So high that nothing is refused; everything is still counted. */
const limits = Object.keys(defaultLimits)
  .map((name) => `${name}=1000000000`)
  .join(',');

/** The whole product, running, with what a bench needs of it. */
export interface Deployment {
  url: string;
  agent: Agent;
  mails: MailSink;
  db: Database;
  /** PostgreSQL's. */
  databaseLog: string;
  /** Where Temporal keeps its histories, unless in memory. */
  temporalFile?: string;
  temporal: Client;
  secretKeys: string;
  pids: Record<'API' | 'worker' | 'Temporal' | 'PostgreSQL', number>;
  readyAfter: Record<string, number>;
  stop(): Promise<void>;
}

/** On free ports, each part a process of its own as `npm start` has it, PostgreSQL durable. */
export async function deploy(
  cli: string,
  store: Store,
  variant: 'product' | 'without-hash',
  { extra = {}, metricsPort }: { extra?: NodeJS.ProcessEnv; metricsPort?: number } = {},
): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-bench-'));
  await chmod(folder, 0o755); // PostgreSQL does not run as root, and must be able to enter
  const databaseLog = join(folder, 'postgres.log');
  const temporalFile = store === 'file' ? join(folder, 'temporal.sqlite') : undefined;
  const postgres = await withPid(() => startPostgres({ folder: join(folder, 'postgres'), log: databaseLog }));
  const temporal = await withPid(() => startTemporal({ cli, databaseFile: temporalFile, metricsPort }));
  const db = openDatabase({ url: postgres.url, applicationName: 'vestibule-bench' });
  await migrate(db);
  const mails = await startMailSink();
  const port = await choosePort(0);
  const url = `http://127.0.0.1:${port}`;
  const secretKeys = `bench:${randomBytes(32).toString('base64url')}`;
  const addresses = { database: postgres.url, temporal: temporal.address, smtp: mails.smtpUrl, url, port };
  const env = { ...environment(addresses, secretKeys), ...extra };
  const [worker, api] = await Promise.all([
    startScript(folder, 'worker', scripts.worker, env),
    startScript(folder, 'api', scripts[variant], env),
  ]);
  const connection = await Connection.connect({ address: temporal.address });
  const agent = new Agent({ keepAlive: true, timeout: idleConnection });
  return {
    url,
    agent,
    mails,
    db,
    databaseLog,
    temporalFile,
    temporal: new Client({ connection }),
    secretKeys,
    pids: { API: api.pid, worker: worker.pid, Temporal: temporal.pid, PostgreSQL: postgres.pid },
    readyAfter: { API: api.readyAfter, worker: worker.readyAfter },
    stop: async () => {
      agent.destroy();
      await Promise.all([api.stop(), worker.stop(), connection.close(), db.destroy(), mails.stop()]);
      await Promise.all([temporal.stop(), postgres.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The product as something that registers people of partners; their codes are in its own table, or the provider's. */
export async function startProductForPartners(cli: string, store: Store, variant: PartnerVariant): Promise<Subject> {
  const provider = variant === 'partner-provider' ? await startProvider() : undefined;
  const extra = provider && { PROVIDER_ALLOWED_ORIGINS: new URL(provider.url).origin };
  const deployment = await deploy(cli, store, 'product', { extra });
  const { db, databaseLog, pids, temporal, readyAfter } = deployment;
  const codes = await preparePartners(deployment, provider);
  let next = 0;
  const register = () => registerByCode(deployment, codes[next++ % codes.length] ?? '');
  const countStatements = () => countSql(db, databaseLog, register);
  const stop = () => Promise.all([deployment.stop(), provider?.stop()]).then(() => {});
  return { register, pids, temporal, readyAfter, countSql: countStatements, stop };
}

/** The product as something that registers customers. */
export async function startProduct(cli: string, store: Store, variant: 'product' | 'without-hash'): Promise<Subject> {
  const deployment = await deploy(cli, store, variant);
  const { db, databaseLog, pids, temporal, readyAfter, stop } = deployment;
  const register = () => registerCustomer(deployment);
  return {
    register,
    pids,
    temporal,
    readyAfter,
    check: () => checkHashes(db, variant),
    // The hash sends no SQL.
    countSql: variant === 'product' ? () => countSql(db, databaseLog, register) : undefined,
    stop,
  };
}

interface Addresses {
  database: string;
  temporal: string;
  smtp: string;
  url: string;
  port: number;
}

/** Nothing of the surroundings but what Node itself is told (a profiler, for example). */
const environment = ({ database, temporal, smtp, url, port }: Addresses, secretKeys: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  NODE_OPTIONS: process.env.NODE_OPTIONS,
  DATABASE_URL: database,
  TEMPORAL_ADDRESS: temporal,
  SMTP_URL: smtp,
  MAIL_FROM: 'Vestibule <no-reply@vestibule.localhost>',
  PUBLIC_URL: url,
  PORT: String(port),
  SECRET_KEYS: secretKeys,
  VESTIBULE_MODE: 'development',
  LIMITS: limits,
});

async function startScript(folder: string, title: string, script: string, env: NodeJS.ProcessEnv) {
  const startedAt = performance.now();
  const files = { log: join(folder, `${title}.log`), record: join(folder, `${title}.json`) };
  const child = await startNodePart({ title, script: built(script), env, ...files });
  return { pid: child.pid, stop: child.stop, readyAfter: performance.now() - startedAt };
}

/** A variant without the hash that hashes, or a product that does not, would be a figure with the wrong name. */
async function checkHashes(db: Database, variant: 'product' | 'without-hash'): Promise<void> {
  const unhashed = await db('users').where({ password_hash: noHash }).first();
  const hashed = await db('users').whereNot({ password_hash: noHash }).first();
  if (variant === 'product' ? unhashed || !hashed : hashed || !unhashed)
    throw new Error(`the passwords of the variant ${variant} are not stored as its name says`);
}
