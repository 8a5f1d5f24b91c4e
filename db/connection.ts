import knex, { type Knex } from 'knex';

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

/** Opens the pool; connects on first use. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, poolSize = 10, tls = false, applicationName, statementTimeout = usualStatementTimeout } = options;
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: acquireTimeout,
      statement_timeout: statementTimeout,
      // The server's limit does not help when the server itself hangs.
      query_timeout: statementTimeout + 1_000,
      keepAlive: true,
      ...(tls ? { ssl: { rejectUnauthorized: true } } : {}),
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: poolSize },
    acquireConnectionTimeout: acquireTimeout,
  });
}
