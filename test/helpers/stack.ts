import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { Database } from '../../db/connection.js';
import { type MailCatcher, startMailCatcher } from '../../dev/mail-catcher.js';
import { choosePort } from '../../dev/ports.js';
import { startTemporal, type Temporal } from '../../dev/temporal.js';
import { findTemporalCli } from '../../dev/temporal-cli.js';
import { startDatabase } from './database.js';
import { eventually, within } from './eventually.js';

export interface Part {
  pid: number;
  /** Whether it has not ended, by itself or killed. */
  isAlive(): boolean;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Everything a registration needs, each part real and in a process of its own, for one test file. */
export interface Stack {
  url: string;
  db: Database;
  /** File with PostgreSQL's log. */
  databaseLog: string;
  mail: MailCatcher;
  temporal: Client;
  /** The environment that `api` and `worker` get. */
  env: NodeJS.ProcessEnv;
  api: Part;
  worker: Part;
  startApi(env?: NodeJS.ProcessEnv): Promise<Part>;
  startWorker(env?: NodeJS.ProcessEnv): Promise<Part>;
  stopTemporal(): Promise<void>;
  startTemporal(): Promise<void>;
  /** Where the Temporal server of this stack keeps its data; only with `keepsTemporal`. */
  temporalFile: string | undefined;
  /** Everything `api` and `worker` have logged so far. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

/** High enough that only the tests of limits meet one. */
const noLimits =
  'startsPerSource=100000,resetsPerSource=100000,mailsPerMailboxMinute=100000,mailsPerMailboxHour=100000,mailsPerMailboxDay=100000,mailsOverall=100000,wrongLinksPerSource=100000,invitationsPerOrganisation=100000,joinRequestsPerSource=100000,joinRequestsPerRegistration=100000,loginsPerAccount=100000,loginsPerAccountOverall=100000,loginsPerSource=100000,wrongApiKeysPerSource=100000,requestsPerApiKey=100000,secondFactorsPerSession=100000,secondFactorsPerAccount=100000,secondFactorsPerAccountOverall=100000';

/**
 * Starts the whole product on free ports; `env` goes to api and worker on top, `linksInbox` leads to the caught mails.
 * With `keepsTemporal` Temporal can be stopped and started again; without, it keeps all in memory, for half the work.
 */
export async function startStack(
  env: NodeJS.ProcessEnv = {},
  { linksInbox = false, keepsTemporal = false } = {},
): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-stack-'));
  const cli = await findTemporalCli();
  const databaseFile = keepsTemporal ? join(folder, 'temporal.sqlite') : undefined;
  const [database, mail, temporal, port] = await Promise.all([
    startDatabase(),
    startMailCatcher(),
    startTemporal({ cli, databaseFile }),
    choosePort(0),
  ]);
  const parts = new Set<Part>();
  let running: Temporal | undefined = temporal;
  const connection = Connection.lazy({ address: temporal.address });
  const url = `http://localhost:${port}`;
  const childEnv: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    NODE_OPTIONS: '--enable-source-maps',
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    SMTP_URL: mail.smtpUrl,
    MAIL_FROM: 'Vestibule <no-reply@vestibule.test>',
    PUBLIC_URL: url,
    PORT: String(port),
    SECRET_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    VESTIBULE_MODE: 'development',
    LIMITS: noLimits,
    // As `npm start` does it: "Check your mailbox" has a link to the inbox.
    ...(linksInbox && { INBOX_URL: mail.inboxUrl }),
    ...env,
  };
  const log = join(folder, 'parts.log');
  const start = async (script: string, extra: NodeJS.ProcessEnv = {}) => {
    const part = await startPart(script, { ...childEnv, ...extra }, log);
    parts.add(part);
    return part;
  };
  const startApi = (extra?: NodeJS.ProcessEnv) => start('api/server.js', extra);
  const startWorker = (extra?: NodeJS.ProcessEnv) => start('activities/worker.js', extra);
  const [api, worker] = await Promise.all([startApi(), startWorker()]);
  return {
    url,
    db: database.db,
    databaseLog: database.log,
    mail,
    temporal: new Client({ connection }),
    temporalFile: databaseFile,
    env: childEnv,
    api,
    worker,
    startApi,
    startWorker,
    stopTemporal: async () => {
      if (!keepsTemporal) throw new Error('this Temporal would lose everything: start the stack with keepsTemporal');
      await running?.stop();
      running = undefined;
    },
    startTemporal: async () => {
      const [, temporalPort] = temporal.address.split(':');
      running = await startTemporal({ cli, databaseFile, port: Number(temporalPort) });
    },
    logs: () => readFile(log, 'utf8'),
    stop: async () => {
      await Promise.all([...parts].map((part) => part.kill('SIGTERM')));
      await connection.close();
      await Promise.all([running?.stop(), mail.stop(), database.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the API reaches database and Temporal, again. */
export const apiIsReady = ({ url }: Stack) =>
  eventually('the API is ready', async () => (await fetch(`${url}/readyz`)).status === 200);

/** Starts one compiled script of the product; resolves when it says that it is ready. */
async function startPart(script: string, env: NodeJS.ProcessEnv, log: string): Promise<Part> {
  const child = fork(fileURLToPath(new URL(`../../${script}`, import.meta.url)), { env, silent: true, execArgv: [] });
  const output = createWriteStream(log, { flags: 'a' });
  child.stdout?.pipe(output, { end: false });
  child.stderr?.pipe(output, { end: false });
  const exited = once(child, 'exit');
  const ready = await within(`${script} says a word`, Promise.race([once(child, 'message'), exited]));
  if ((ready[0] as { ready?: boolean } | null)?.ready !== true)
    throw new Error(`${script} did not start:\n${await readFile(log, 'utf8')}`);
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    isAlive,
    kill: async (signal) => {
      if (!isAlive()) return;
      child.kill(signal);
      await within(`${script} ends after ${signal}`, exited);
    },
  };
}
