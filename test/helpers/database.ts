import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../db/connection.js';
import { migrate } from '../../db/migrate.js';
import { startPostgres } from '../../dev/postgres.js';
import { copyTemplate, keepTemplate } from './database-template.js';

export interface TestDatabase {
  db: Database;
  url: string;
  /** File with PostgreSQL's log. */
  log: string;
  stop(): Promise<void>;
}

/** A real PostgreSQL of this test file's own, migrated (unless told otherwise) and empty but for the defaults. */
export async function startDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const folder = await buildFolder();
  if (!migrated || (await copyTemplate(folder))) return start(folder);
  // The first one is made the long way, stopped and kept; the next ones are copies of it.
  const first = await start(folder);
  await migrate(first.db);
  await first.pause();
  await keepTemplate(folder);
  return start(folder);
}

async function buildFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-postgres-'));
  await chmod(folder, 0o755); // PostgreSQL does not run as root, and must be able to enter
  return folder;
}

async function start(folder: string): Promise<TestDatabase & { pause(): Promise<void> }> {
  const log = join(folder, 'postgres.log');
  const postgres = await startPostgres({ folder, log, durable: false });
  // Tests make more rows in one statement than the product does, beside other tests.
  const db = openDatabase({ url: postgres.url, applicationName: 'vestibule-test', statementTimeout: 60_000 });
  const pause = async () => {
    await db.destroy();
    await postgres.stop();
  };
  const stop = async () => {
    await pause();
    await rm(folder, { recursive: true, force: true });
  };
  return { db, url: postgres.url, log, pause, stop };
}
