/** Breaks real parts in real ways: no test switch in the product is needed for any of it. */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { type Database, mayStandStill } from '../../db/connection.js';
import { eventually } from './eventually.js';
import type { Stack } from './stack.js';

export interface HoldPoint {
  table: string;
  /** `at commit`: everything is written, the transaction's COMMIT waits. */
  at: 'insert' | 'update' | 'commit';
  /** SQL condition on `new`. */
  when: string;
}

export interface Hold {
  /** Resolves when somebody waits there. */
  reached(): Promise<void>;
  /** Lets all go on, and all later ones. */
  release(): Promise<void>;
}

/** Makes whoever writes such a row wait inside PostgreSQL, until released. */
export async function holdAt(db: Database, { table, at, when }: HoldPoint): Promise<Hold> {
  const key = randomInt(2 ** 30);
  const name = `hold_${key}`;
  const lock = await db.transaction();
  await mayStandStill(lock);
  await lock.raw('select pg_advisory_xact_lock(?)', [key]);
  const timing = at === 'commit' ? 'after insert or update' : `before ${at}`;
  await db.raw(`
    create function ${name}() returns trigger language plpgsql as $$
    begin
      if ${when} then perform pg_advisory_xact_lock_shared(${key}); end if;
      return new;
    end $$;
    create ${at === 'commit' ? 'constraint' : ''} trigger ${name} ${timing} on ${table}
      ${at === 'commit' ? 'deferrable initially deferred' : ''} for each row execute function ${name}()`);
  const isWaitedFor = async () =>
    db('pg_locks').where({ locktype: 'advisory', objid: key, granted: false }).first('pid');
  return {
    reached: async () => {
      await eventually(`somebody writes to ${table} (${when})`, isWaitedFor);
    },
    release: async () => {
      if (lock.isCompleted()) return;
      await lock.commit(); // the trigger stays: removing it would wait for all who use the table
    },
  };
}

/** Sends a signal to every process of the stack's PostgreSQL; resolves with the function that sends another to the same. */
export async function signalPostgres(db: Database, signal: NodeJS.Signals) {
  const rows: { pid: number }[] = await db('pg_stat_activity').select('pid');
  const postmaster = Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(rows[0]!.pid)], { encoding: 'utf8' }));
  const pids = [postmaster, ...rows.map(({ pid }) => pid)];
  const send = (next: NodeJS.Signals) => {
    for (const pid of pids) {
      try {
        process.kill(pid, next);
      } catch {
        // Gone meanwhile, as sessions go.
      }
    }
  };
  send(signal);
  return send;
}

/** Kills the stack's Temporal server at once, as a power cut would; `startTemporal` brings it back. */
export async function killTemporal(stack: Stack): Promise<void> {
  const port = stack.env.TEMPORAL_ADDRESS?.split(':')[1];
  const processes = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  const line = processes.find((text) => /\bserver start-dev\b/.test(text) && text.includes(`--port ${port} `));
  process.kill(Number.parseInt(line ?? '', 10), 'SIGKILL');
  await stack.stopTemporal();
}
