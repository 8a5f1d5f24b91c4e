import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Child, startChild } from './child-process.js';
import { type LogFile, openLog } from './log-file.js';
import { choosePort } from './ports.js';
import { type PostgresBinaries, preparePostgresBinaries } from './postgres-binaries.js';
import { canEnter, choosePostgresUser, type SystemUser } from './postgres-user.js';
import { processCommand, stopProcess, stopRecordedProcess } from './process-identity.js';

export interface PostgresOptions {
  /** Holds the database files and the generated password; used by one caller at a time. Created when missing. */
  folder: string;
  /** Default: any free one. */
  port?: number;
  /** File to which PostgreSQL's output is appended; default `postgres.log` in the folder. */
  log?: string;
  /** False trades safety against power loss for speed; for tests only. */
  durable?: boolean;
}

export interface Postgres {
  /** Of the database `vestibule`, with the password. */
  url: string;
  port: number;
  /** Resolves, never rejects, with the reason when PostgreSQL ends, asked to or not. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

/** Where root keeps what the user `postgres` must reach when that user cannot enter the data folder. */
const rootStateFolder = '/var/lib/vestibule';
/** A clean start takes half a second, recovery after a crash a few more; milliseconds. */
const startTimeout = 60_000;
const userName = 'vestibule';
const databaseName = 'vestibule';

/** What the steps of a start share. */
interface Place {
  home: string;
  cluster: string;
  user: SystemUser | undefined;
  binaries: PostgresBinaries;
  password: string;
  /** Where the running server is written down. */
  record: string;
  log: LogFile;
}

/** Where a PostgreSQL that runs on `folder` is written down, for `stopRecordedProcess`. */
export const postgresRecord = (folder: string) => join(folder, 'running.json');

/**
 * Starts PostgreSQL on loopback with the database `vestibule`, making both at the first start. Works as root, as an ordinary
 * user, after a crash, and with a PostgreSQL left over on the same files, which it stops first.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const folder = resolve(options.folder);
  const surroundings = findSurroundings(folder);
  const log = openLog(options.log ?? join(folder, 'postgres.log'));
  try {
    const place = { ...surroundings, log };
    await stopRecordedProcess(place.record);
    if (!existsSync(place.cluster)) await createCluster(place, options.durable ?? true);
    await stopLeftover(place);
    const { server, port } = await startServer(place, options);
    const url = `postgres://${userName}:${place.password}@127.0.0.1:${port}/${databaseName}`;
    return { url, port, exited: server.exited, stop: server.stop };
  } finally {
    log.close();
  }
}

function findSurroundings(folder: string): Omit<Place, 'log'> {
  mkdirSync(folder, { recursive: true });
  const home = chooseHome(folder);
  const cluster = join(home, 'cluster');
  const user = choosePostgresUser(cluster);
  const binaries = preparePostgresBinaries(user, user ? rootStateFolder : home);
  return { home, cluster, user, binaries, password: readOrCreatePassword(home), record: postgresRecord(folder) };
}

/**
 * The folder itself, or for root with a folder that the user `postgres` cannot enter, one under /var/lib to which the link
 * `home` in the folder points. The link has a random target, so that a deleted data folder does mean a new beginning.
 */
function chooseHome(folder: string): string {
  const link = join(folder, 'home');
  if (lstatSync(link, { throwIfNoEntry: false })) return readlinkSync(link);
  const user = choosePostgresUser(join(folder, 'cluster'));
  // The folder itself is ours to open for passing through; those above it are not.
  if (user) chmodSync(folder, 0o711);
  if (canEnter(user, folder)) return folder;
  if (existsSync(join(folder, 'cluster')))
    throw new Error(
      `The database files in ${folder} can no longer be reached by ${user?.name}; let it enter the folder.`,
    );
  const home = join(rootStateFolder, `postgres-${randomBytes(6).toString('hex')}`);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  writeFileSync(join(home, 'belongs-to.txt'), `${folder}\n`);
  symlinkSync(home, link);
  return home;
}

function readOrCreatePassword(home: string): string {
  const file = join(home, 'password');
  if (!existsSync(file)) {
    if (existsSync(join(home, 'cluster')))
      throw new Error(`The database's password is missing from ${file}; put it back, or remove ${home} to begin anew.`);
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}

async function createCluster({ home, cluster, user, binaries, password, record, log }: Place, durable: boolean) {
  // Made under another name first: a start that was broken off must not leave half a database behind.
  const unfinished = join(home, 'cluster.unfinished');
  const passwordFile = join(home, 'password.initdb');
  rmSync(unfinished, { recursive: true, force: true, maxRetries: 10 });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const path of [unfinished, passwordFile]) chownSync(path, user.uid, user.gid);
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${userName}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    // The builtin locale sorts and folds the same on every machine, whatever its system locales.
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync', '--wal-segsize=1']),
  ];
  const initdb = await startChild({ command: binaries.initdb, args, user, log, record, env: cleanEnvironment() });
  const ending = await initdb.exited;
  rmSync(passwordFile, { force: true });
  if (initdb.exitCode() !== 0)
    throw new Error(`PostgreSQL could not make its files in ${home} (${ending}).\n${log.tail()}`);
  renameSync(unfinished, cluster);
}

/** Variables like PGDATA or LC_ALL of the person's own PostgreSQL must not leak into this one. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' };
}

/**
 * Ends a PostgreSQL that still works on these files although its starter is gone, and removes a lock file whose process
 * number meanwhile belongs to something else, which PostgreSQL itself would take for a running server.
 */
async function stopLeftover({ cluster }: Place) {
  const lockFile = join(cluster, 'postmaster.pid');
  if (!existsSync(lockFile)) return;
  const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0]);
  if (processCommand(pid).includes(cluster)) await stopProcess(pid, 'SIGINT');
  rmSync(lockFile, { force: true });
}

async function startServer(place: Place, { port: wanted, durable = true }: PostgresOptions) {
  for (const end = Date.now() + startTimeout; ; await delay(200)) {
    const port = wanted || (await choosePort(0));
    const server = await startChild({
      command: place.binaries.postgres,
      args: serverArguments(place.cluster, port, durable),
      user: place.user,
      log: place.log,
      record: place.record,
      // "Fast" shutdown: open sessions are ended, data is written.
      stopSignal: 'SIGINT',
      env: cleanEnvironment(),
    });
    const failure = await Promise.race([waitUntilAnswering(place, port, end, server), server.exited]);
    if (!failure) return { server, port };
    await server.stop();
    const reason = place.log.tail();
    if (Date.now() > end || !isPassing(reason, wanted))
      throw new Error(`PostgreSQL did not start on port ${port} (${failure}).\n${reason}`);
  }
}

function serverArguments(cluster: string, port: number, durable: boolean) {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  return ['-D', cluster, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

/** After kill -9 the old server's sessions need a moment to notice; a port that we chose may be snatched away. */
function isPassing(reason: string, wantedPort: number | undefined) {
  return (
    reason.includes('pre-existing shared memory block') || (!wantedPort && reason.includes('Address already in use'))
  );
}

/** Undefined when the database is there, else why not. */
async function waitUntilAnswering({ password }: Place, port: number, end: number, server: Child) {
  let isRunning = true;
  void server.exited.then(() => {
    isRunning = false;
  });
  let problem = 'no answer';
  while (isRunning && Date.now() < end) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: userName, password, database: 'postgres' });
    client.on('error', () => {});
    try {
      await client.connect();
      const known = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
      if (known.rowCount === 0) await client.query(`create database ${databaseName}`);
      return undefined;
    } catch (error) {
      problem = (error as Error).message;
    } finally {
      await client.end().catch(() => {});
    }
    await delay(25);
  }
  return problem;
}
