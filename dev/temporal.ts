import { once } from 'node:events';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { type Child, startChild } from './child-process.js';
import { openLog } from './log-file.js';
import { choosePort, isFree } from './ports.js';
import { stopRecordedProcess } from './process-identity.js';

export interface TemporalOptions {
  /** Path of the Temporal CLI, see `findTemporalCli`. */
  cli: string;
  /** SQLite file that keeps everything across restarts and crashes; without it all is lost at the end. */
  databaseFile?: string;
  /** Default: any free one. */
  port?: number;
  /** Port of the web UI; without it there is none. */
  uiPort?: number;
  /** Port of its metrics, in Prometheus' format, at /metrics; without it there are none. */
  metricsPort?: number;
  namespace?: string;
  /** File to which the server's output is appended. */
  log?: string;
}

export interface Temporal {
  /** Host and port of the gRPC service. */
  address: string;
  uiUrl: string | undefined;
  /** Resolves, never rejects, with the reason when the server ends, asked to or not. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

/** Closed histories can be looked up this long. The dev server's own default is a day. */
const retention = '30 days';
/** Usually a third of a second; milliseconds. */
const startTimeout = 60_000;

const searchAttributes = ['RegistrationState=Keyword', 'RegistrationKind=Keyword', 'RegistrationAttention=Bool'];

const dynamicConfiguration = [
  // Without these two the dev server hands out 20 workflow tasks a second: 50 ms for each step of a registration.
  'history.transferProcessorMaxPollRPS=2000',
  'history.transferProcessorMaxPollHostRPS=5000',
  // Timers and retries below a second would take a second. Development only: in production a second is fine.
  'history.timerProcessorMaxTimeShift="20ms"',
  // Without this the dev server reads from its store which search attributes there are, 18 times a registration.
  'system.forceSearchAttributesCacheRefreshOnRead=false',
];

/** One sync for each transaction instead of three, as durable as before. */
const writeAhead = ['journal_mode=wal', 'synchronous=full'].flatMap((pragma) => ['--sqlite-pragma', pragma]);

/** Where a server that runs on `databaseFile` is written down, for `stopRecordedProcess`. */
export const temporalRecord = (databaseFile: string) => `${databaseFile}.running.json`;

/** Starts Temporal's development server on loopback; resolves when the namespace and search attributes can be used. */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const databaseFile = options.databaseFile && resolve(options.databaseFile);
  const record = databaseFile && temporalRecord(databaseFile);
  // Two servers on one file would spoil it.
  if (record) await stopRecordedProcess(record);
  const log = openLog(options.log);
  try {
    for (const end = Date.now() + startTimeout; ; ) {
      const port = options.port || (await choosePort(0));
      // Otherwise whoever has it could be taken for ours: Temporal answers everybody.
      if (!(await isFree(port))) throw new Error(`Temporal did not start: port ${port} is taken.`);
      const args = serverArguments({ ...options, port, databaseFile });
      // A proper end takes a second, which is wasted where nothing is kept.
      const stopSignal = databaseFile ? 'SIGTERM' : 'SIGKILL';
      const server = await startChild({ command: options.cli, args, log, record, stopSignal, env: cleanEnvironment() });
      const address = `127.0.0.1:${port}`;
      const failure = await Promise.race([waitUntilUsable(address, options.namespace, end, server), server.exited]);
      if (!failure) {
        const uiUrl = options.uiPort ? `http://localhost:${options.uiPort}` : undefined;
        return { address, uiUrl, exited: server.exited, stop: server.stop };
      }
      await server.stop();
      const reason = log.tail();
      const isSnatchedPort = !options.port && reason.includes('address already in use');
      if (Date.now() > end || !isSnatchedPort)
        throw new Error(`Temporal did not start on port ${port} (${failure}).\n${reason}`);
    }
  } finally {
    log.close();
  }
}

function serverArguments({ port, uiPort, metricsPort, databaseFile, namespace }: TemporalOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'],
    ...(uiPort ? ['--ui-port', String(uiPort)] : ['--headless']),
    ...(metricsPort ? ['--metrics-port', String(metricsPort)] : []),
    ...(databaseFile ? ['--db-filename', databaseFile, ...writeAhead] : []),
    ...(namespace ? ['--namespace', namespace] : []),
    ...searchAttributes.flatMap((attribute) => ['--search-attribute', attribute]),
    ...dynamicConfiguration.flatMap((setting) => ['--dynamic-config-value', setting]),
  ];
}

/** The CLI reads TEMPORAL_ADDRESS and its kin too, which are not meant for this server. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

/** Undefined when the server can be used, else why not. */
async function waitUntilUsable(address: string, namespace = 'default', end: number, server: Child) {
  let isRunning = true;
  void server.exited.then(() => {
    isRunning = false;
  });
  let problem = 'no answer';
  while (isRunning && Date.now() < end) {
    let connection: Connection | undefined;
    try {
      await knock(address);
      connection = await Connection.connect({ address, connectTimeout: 5000 });
      await prepareNamespace(connection, namespace);
      return undefined;
    } catch (error) {
      problem = (error as Error).message;
    } finally {
      await connection?.close();
    }
    await delay(50);
  }
  return problem;
}

/** A gRPC client that was refused once waits a second before it tries again, so the port is tried by hand first. */
async function knock(address: string) {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Throws while the server is still busy registering the search attributes, which it does after it first answers. */
async function prepareNamespace(connection: Connection, namespace: string) {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = searchAttributes.find((attribute) => !(attribute.split('=')[0]! in customAttributes));
  if (missing) throw new Error(`search attribute ${missing} is not there yet`);
  const config = { workflowExecutionRetentionTtl: msToTs(retention) };
  await connection.workflowService.updateNamespace({ namespace, config });
}
