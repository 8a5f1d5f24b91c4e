/**
 * One-shot: brings the database of `DATABASE_URL` to this version's schema and puts in what a first start needs.
 * Several at once are safe: the others wait for the first.
 */
import { pathToFileURL } from 'node:url';
import { type Database, openDatabase } from './connection.js';
import { migrationSource } from './migrations/index.js';
import { seedDefaults } from './seeds/defaults.js';

/** Any number that no other program uses as an advisory lock in this database. */
const migrationLock = 7_310_246;

export async function migrate(db: Database): Promise<void> {
  await db.transaction(async (lock) => {
    await lock.raw('select pg_advisory_xact_lock(?)', [migrationLock]);
    await db.migrate.latest({ migrationSource });
    await seedDefaults(db);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL is not set: the address of the PostgreSQL database to migrate');
  const db = openDatabase({ url, tls: process.env.DATABASE_TLS === 'required', applicationName: 'vestibule-migrate' });
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}
