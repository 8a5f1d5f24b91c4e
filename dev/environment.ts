import { once } from 'node:events';
import { connect } from 'node:net';
import pg from 'pg';
import { choosePort } from './ports.js';

type Environment = NodeJS.ProcessEnv;

/** Ports of the parts, their variables and what is tried first. */
export const portVariables = {
  app: { variable: 'PORT', wanted: 3000, title: 'the application' },
  inbox: { variable: 'VESTIBULE_INBOX_PORT', wanted: 8025, title: 'the mail inbox' },
  smtp: { variable: 'VESTIBULE_SMTP_PORT', wanted: 1025, title: 'SMTP' },
  postgres: { variable: 'VESTIBULE_POSTGRES_PORT', wanted: 5433, title: 'PostgreSQL' },
  temporal: { variable: 'VESTIBULE_TEMPORAL_PORT', wanted: 7233, title: 'Temporal' },
  provider: { variable: 'VESTIBULE_PROVIDER_PORT', wanted: 8099, title: 'the stub provider' },
  temporalUi: { variable: 'VESTIBULE_TEMPORAL_UI_PORT', wanted: 8233, title: 'the Temporal UI' },
} as const;

export type PortName = keyof typeof portVariables;
export type Ports = Record<PortName, number>;

/** A service that cannot be reached is given up after this, in milliseconds. */
const reachTimeout = 5000;

/** The wanted ports of the named parts, each that is taken replaced by a free one, which is said. */
export async function choosePorts(names: PortName[], env: Environment, say: (line: string) => void): Promise<Ports> {
  const ports = {} as Ports;
  const used = new Set<number>();
  for (const name of names) {
    const { variable, title } = portVariables[name];
    const wanted = readPort(name, env);
    let port = await choosePort(wanted);
    while (used.has(port)) port = await choosePort(wanted === 0 ? 0 : port + 1);
    if (wanted !== 0 && port !== wanted)
      say(`Port ${wanted} is taken; ${title} uses ${port} (${variable} chooses another).`);
    used.add(port);
    ports[name] = port;
  }
  return ports;
}

function readPort(name: PortName, env: Environment): number {
  const { variable, wanted } = portVariables[name];
  const given = env[variable];
  if (!given) return wanted;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`${variable} must be a port number between 0 and 65535, not "${given}".`);
}

/** Throws a sentence that names the variable of the first given service that cannot be reached. */
export async function checkGivenServices(env: Environment) {
  const { DATABASE_URL, TEMPORAL_ADDRESS, SMTP_URL } = env;
  await Promise.all([
    DATABASE_URL && explain('DATABASE_URL', 'PostgreSQL', checkPostgres(DATABASE_URL)),
    TEMPORAL_ADDRESS && explain('TEMPORAL_ADDRESS', 'Temporal', checkTcp(`tcp://${TEMPORAL_ADDRESS}`, 7233)),
    SMTP_URL && explain('SMTP_URL', 'the mail server', checkTcp(SMTP_URL, SMTP_URL.startsWith('smtps') ? 465 : 587)),
  ]);
}

async function explain(variable: string, title: string, check: Promise<void>) {
  await check.catch((error: NodeJS.ErrnoException) => {
    // A refused connection to a name with several addresses has its reason only in the code.
    throw new Error(`${variable} is set, but ${title} cannot be reached there: ${error.message || error.code}`);
  });
}

async function checkPostgres(connectionString: string) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: reachTimeout });
  client.on('error', () => {});
  await client.connect();
  await client.end();
}

async function checkTcp(address: string, defaultPort: number) {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port || defaultPort), hostname.replace(/^\[|\]$/g, ''));
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(reachTimeout) });
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    throw new Error(`no answer within ${reachTimeout / 1000} seconds`);
  } finally {
    socket.destroy();
  }
}
