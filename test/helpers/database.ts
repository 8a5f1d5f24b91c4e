import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../db/connection.js';
import { migrate } from '../../db/migrate.js';
import { startPostgres } from '../../dev/postgres.js';

export interface TestDatabase {
  db: Database;
  url: string;
  /** File with PostgreSQL's log. */
  log: string;
  stop(): Promise<void>;
}

/** A real PostgreSQL of this test file's own, migrated (unless told otherwise) and empty but for the defaults. */
export async function startDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-postgres-'));
  await chmod(folder, 0o755); // PostgreSQL does not run as root, and must be able to enter
  const log = join(folder, 'postgres.log');
  const postgres = await startPostgres({ folder, log, durable: false });
  const db = openDatabase({ url: postgres.url, applicationName: 'vestibule-test' });
  if (migrated) await migrate(db);
  return {
    db,
    url: postgres.url,
    log,
    stop: async () => {
      await db.destroy();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
