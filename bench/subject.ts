import type { Client } from '@temporalio/client';
import type { Timings } from './load.js';
import type { SqlFigures } from './sql.js';

/** Something that registers people and can be measured: the product, or the floor it is compared with. */
export interface Subject {
  register(): Promise<Timings>;
  /** Numbers of its processes, by name; the bench itself is measured besides. */
  pids: Record<string, number>;
  temporal: Client;
  /** Milliseconds from the start of a process until it said that it was ready, by name. */
  readyAfter: Record<string, number>;
  /** Throws when what was measured is not what it is called. */
  check?(): Promise<void>;
  countSql?(): Promise<SqlFigures>;
  stop(): Promise<void>;
}
