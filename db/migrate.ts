/**
 * One-shot: brings the database of `DATABASE_URL` to this version's schema and puts in what a first start needs.
 * Several at once are safe: the others wait for the first.
 */
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type Database, mayStandStill, openDatabase } from './connection.js';
import { needsTls, parseEnvironment, sharedEnvironment } from './environment.js';
import { migrationSource } from './migrations/index.js';
import { seedDefaults } from './seeds/defaults.js';

/** Any number that no other program uses as an advisory lock in this database. */
const migrationLock = 7_310_246;
/** Milliseconds: an index on a large table takes its time, and so does waiting for whoever makes it. */
const statementTimeout = 3_600_000;

export async function migrate(db: Database): Promise<void> {
  await db.transaction(async (lock) => {
    await mayStandStill(lock);
    await lock.raw('select pg_advisory_xact_lock(?)', [migrationLock]);
    await db.migrate.latest({ migrationSource });
    await seedDefaults(db);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { DATABASE_URL, DATABASE_TLS, VESTIBULE_MODE } = sharedEnvironment;
  const env = parseEnvironment(z.object({ DATABASE_URL, DATABASE_TLS, VESTIBULE_MODE }), process.env);
  const db = openDatabase({
    url: env.DATABASE_URL,
    tls: needsTls(env.DATABASE_TLS, env.VESTIBULE_MODE),
    applicationName: 'vestibule-migrate',
    statementTimeout,
  });
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}
