import knex, { type Knex } from 'knex';
import { errorCode } from './error-code.js';

export type Database = Knex;

export interface DatabaseOptions {
  url: string;
  /** Most connections this process opens. */
  poolSize?: number;
  /** Verify the server's certificate; production outside one private network. */
  tls?: boolean;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Milliseconds. */
  statementTimeout?: number;
}

/** Shorter than the ten seconds an activity or a request has, so that a hanging database is seen as an error (security.md X9). */
const usualStatementTimeout = 8_000;
const acquireTimeout = 5_000;
/** A process that stands still in the middle of a transaction must not keep others from its rows (security.md X3). */
const idleInTransactionTimeout = 10_000;
/** A transaction that lost against another one (40001, 40P01) is made again (security.md C20). */
const tries = 3;

/** Opens the pool; connects on first use. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, poolSize = 10, tls = false, applicationName, statementTimeout = usualStatementTimeout } = options;
  const db = knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: acquireTimeout,
      statement_timeout: statementTimeout,
      idle_in_transaction_session_timeout: idleInTransactionTimeout,
      // The server's limit does not help when the server itself hangs.
      query_timeout: statementTimeout + 1_000,
      keepAlive: true,
      ...(tls ? { ssl: { rejectUnauthorized: true } } : {}),
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: poolSize },
    acquireConnectionTimeout: acquireTimeout,
  });
  repeatLost(db);
  return db;
}

function repeatLost(db: Database): void {
  const once = db.transaction.bind(db) as (work: unknown, config: unknown) => Promise<unknown>;
  const repeated = async (work: unknown, config: unknown) => {
    for (let left = tries; ; left--) {
      try {
        return await once(work, config);
      } catch (error) {
        if (left === 1 || !/^(40001|40P01)$/.test(errorCode(error) ?? '')) throw error;
      }
    }
  };
  Object.defineProperty(db, 'transaction', { value: repeated });
}

/** For a transaction that is only a lock, held while others do the work. */
export const mayStandStill = (lock: Knex.Transaction) => lock.raw('set local idle_in_transaction_session_timeout = 0');
