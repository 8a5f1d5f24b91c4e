/** Backups and restores as operators make them, of a stack that runs. */
import { cp, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from '../../db/connection.js';
import { temporalPid } from './faults.js';
import { type Ended, runProgram } from './run-program.js';
import type { Stack } from './stack.js';

const backup = 'backup';

/** A connection to the same server, but not to the database in question. */
async function onServer(stack: Stack, work: (server: Database, name: string) => Promise<void>): Promise<void> {
  const url = new URL(stack.env.DATABASE_URL ?? '');
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const server = openDatabase({ url: url.href, applicationName: 'vestibule-test', statementTimeout: 60_000 });
  try {
    await work(server, name);
  } finally {
    await server.destroy();
  }
}

/**
 * Copies the database whole, while everybody is kept out for a moment. PostgreSQL's own copying stands for `pg_dump` and
 * `psql`, which the tests' PostgreSQL comes without: what `restoreDatabase` brings back is every row of that moment.
 */
export const backUpDatabase = (stack: Stack): Promise<void> =>
  onServer(stack, async (server, name) => {
    await server.raw('alter database ?? allow_connections false', [name]);
    await server.raw('select pg_terminate_backend(pid) from pg_stat_activity where datname = ?', [name]);
    await server.raw('drop database if exists ??', [backup]);
    await server.raw('create database ?? template ??', [backup, name]);
    await server.raw('alter database ?? allow_connections true', [name]);
  });

/** Drops the database and makes it anew from the backup; `api` and `worker` must be stopped. */
export const restoreDatabase = (stack: Stack): Promise<void> =>
  onServer(stack, async (server, name) => {
    await server.raw('drop database ?? with (force)', [name]);
    await server.raw('create database ?? template ??', [name, backup]);
  });

/**
 * Copies Temporal's files while it stands still, as a snapshot of its disk would; resolves with the function that puts
 * them back, when it is stopped.
 */
export async function backUpTemporal(stack: Stack): Promise<() => Promise<void>> {
  const { temporalFile = '' } = stack;
  const folder = dirname(temporalFile);
  const kept = join(folder, backup);
  // SQLite's log of what is not in the file yet belongs to it; where the process is written down does not.
  const ours = new RegExp(`^${basename(temporalFile)}(-\\w+)?$`);
  const files = async () => (await readdir(folder)).filter((name) => ours.test(name));
  const pid = temporalPid(stack);
  process.kill(pid, 'SIGSTOP');
  try {
    for (const name of await files()) await cp(join(folder, name), join(kept, name));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  return async () => {
    for (const name of await files()) await rm(join(folder, name));
    await cp(kept, folder, { recursive: true });
  };
}

/** Runs `npm run after-restore` in a process of its own, as an operator does. */
export const afterRestore = (
  stack: Stack,
  args: string[] = [],
  { input = '', env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> =>
  runProgram('node', [fileURLToPath(new URL('../../api/after-restore.js', import.meta.url)), ...args], {
    env: { ...stack.env, ...env },
    input,
  });
