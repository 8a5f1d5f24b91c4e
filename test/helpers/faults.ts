/** Breaks real parts in real ways: no test switch in the product is needed for any of it. */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
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

/** Resolves when this many sessions wait for another one's lock. */
export async function blockedSessions(db: Database, count = 1): Promise<void> {
  const blocked = () => db('pg_stat_activity').where({ wait_event_type: 'Lock' }).pluck('pid');
  await eventually(`${count} sessions wait`, async () => (await blocked()).length >= count);
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

/** Ends every session of the product, and lets its processes make new ones. */
export async function endSessions(db: Database): Promise<void> {
  await db.raw(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name in ('vestibule-api', 'vestibule-worker')`,
  );
}

/** Refuses every write as a full disk does. Not there on macOS. */
const fullDevice = '/dev/full';

/**
 * Whoever inserts into one of these tables finds the disk full: a trigger writes to a table whose file is the full device;
 * where there is none, it says what PostgreSQL would say. Resolves with the function that makes room again.
 */
export async function fillDisk(db: Database, tables: string[]): Promise<() => Promise<void>> {
  const name = `full_${randomInt(2 ** 30)}`;
  const isReal = existsSync(fullDevice);
  const write = isReal ? `insert into ${name} values (1)` : `raise disk_full using message = 'No space left on device'`;
  await db.raw(`
    create table ${name} (number int);
    create function ${name}() returns trigger language plpgsql as $$ begin ${write}; return new; end $$`);
  if (isReal) {
    const { rows } = await db.raw(
      `select current_setting('data_directory') || '/' || pg_relation_filepath(?) as file`,
      [name],
    );
    rmSync(rows[0].file);
    symlinkSync(fullDevice, rows[0].file);
  }
  for (const table of tables)
    await db.raw(`create trigger ${name} before insert on ${table} for each row execute function ${name}()`);
  return async () => {
    for (const table of tables) await db.raw(`drop trigger if exists ${name} on ${table}`);
  };
}

/** Kills the stack's Temporal server at once, as a power cut would; `startTemporal` brings it back. */
export async function killTemporal(stack: Stack): Promise<void> {
  process.kill(temporalPid(stack), 'SIGKILL');
  await stack.stopTemporal();
}

/**
 * Refuses the stack's Temporal server every byte that would go to its disk; resolves with the function that makes room
 * again. Where a running process cannot be limited (macOS), it is killed and started again instead.
 */
export async function fillTemporalDisk(stack: Stack): Promise<() => Promise<void>> {
  const limit = (size: string) => execFileSync('prlimit', ['--pid', String(temporalPid(stack)), `--fsize=${size}:`]);
  if (process.platform !== 'linux') {
    await killTemporal(stack);
    return stack.startTemporal;
  }
  limit('1');
  return async () => void limit('unlimited');
}

/** Of the stack's Temporal server. */
export function temporalPid(stack: Stack): number {
  const port = stack.env.TEMPORAL_ADDRESS?.split(':')[1];
  const processes = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  const line = processes.find((text) => /\bserver start-dev\b/.test(text) && text.includes(`--port ${port} `));
  return Number.parseInt(line ?? '', 10);
}
