import { statSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { Database } from '../db/connection.js';
import { type ConsoleFigures, logInStaff, measureConsole } from './open-console.js';
import { type JobFigures, measureJobs } from './open-jobs.js';
import { type Opened, type Opening, openMany } from './open-start.js';
import { cpuTime, residentMemory } from './processes.js';
import type { Deployment } from './product.js';
import { percentile } from './statistics.js';
import { readStoreTime, type StoreTime } from './temporal-store.js';

/** What was seen while this many registrations were open. */
export interface Step {
  open: number;
  /** On the way to it. */
  filled?: { perSecond: number; cpu: Record<string, number>; walBytes: number };
  /** By how many started at once. */
  starts: Record<number, Starts>;
  /** Bytes by process. */
  memory: Record<string, number>;
  /** Bytes a registration; of Temporal only where it keeps a file. */
  size: { database: number; withoutLimits: number; temporal?: number };
  console: ConsoleFigures;
  jobs: JobFigures;
  /** Over the last minute, when measuring ended. */
  load: number;
}

export interface Starts {
  /** Milliseconds until it was answered. */
  start: Times;
  /** Milliseconds until its mail was at SMTP. */
  mail: Times;
  /** Milliseconds a start. */
  store: StoreTime;
}

export interface Times {
  p50?: number;
  p95?: number;
}

export interface OpenResult {
  count: number;
  steps: Step[];
  /** Whatever was answered otherwise than expected, in all. */
  failed: number;
  /** What the first few of them said. */
  failures: string[];
}

/** Each ten times the one before, and the last one itself. */
const stepsTo = (count: number): number[] => [
  ...[1_000, 10_000, 100_000, 1_000_000].filter((step) => step < count),
  count,
];
/** As many as the product takes before times rise more than the rate. */
const fillAtOnce = 32;
/** Starts of which each pair of percentiles is made. */
const windowStarts = 400;
const windowsAtOnce = [1, 8];
const keptFailures = 5;

export interface OpenOptions {
  count: number;
  say(line: string): void;
  /** URL of Temporal's metrics. */
  metrics: string;
}

/** Opens registrations step by step, and measures at each step what a start, the Console and the jobs take. */
export async function measureOpen(deployment: Deployment, { count, say, metrics }: OpenOptions): Promise<OpenResult> {
  const failures: string[] = [];
  let failed = 0;
  const fail = (what: string, error: unknown) => {
    failed += 1;
    if (failures.length < keptFailures) failures.push(`${what}: ${error instanceof Error ? error.message : error}`);
  };
  const empty = await sizesOf(deployment);
  const steps: Step[] = [];
  for (const open of stepsTo(count)) {
    // What was opened for measuring at the step before counts as well.
    const missing = Math.max(0, open - (await countOpen(deployment.db)));
    const filled = await measured(deployment, missing, () =>
      openMany(deployment, { count: missing, atOnce: fillAtOnce, say, fail }),
    );
    say(`${open} open; measuring`);
    const memory = Object.fromEntries(
      Object.entries(deployment.pids).map(([name, pid]) => [name, residentMemory(pid)]),
    );
    const [now, total] = [await sizesOf(deployment), await countOpen(deployment.db)];
    const each = (name: keyof Sizes) => (now[name] - empty[name]) / Math.max(open, total);
    const temporal = deployment.temporalFile ? each('temporal') : undefined;
    const size = { database: each('database'), withoutLimits: each('withoutLimits'), temporal };
    const isLast = open === count;
    const starts: Step['starts'] = {};
    for (const atOnce of windowsAtOnce)
      starts[atOnce] = await measureStarts(deployment, metrics, { count: windowStarts, atOnce, say: () => {}, fail });
    // Anew at each step: by the next one who did nothing meanwhile is logged out.
    const figures = await measureConsole(deployment, await logInStaff(deployment), fail);
    const jobs = await measureJobs(deployment, { isLast, fail });
    const step = { open, filled, starts, memory, size, console: figures, jobs, load: loadavg()[0] ?? 0 };
    steps.push(step);
    // Whoever ends an hour's run early has not waited for nothing.
    say(JSON.stringify(step));
  }
  return { count, steps, failed, failures };
}

const countOpen = async (db: Database): Promise<number> =>
  Number((await db('registrations').whereNull('ended_at').count('* as count').first())?.count);

async function measureStarts(deployment: Deployment, metrics: string, opening: Opening): Promise<Starts> {
  const before = await readStoreTime(metrics);
  const { starts, mails } = await openMany(deployment, opening);
  const after = await readStoreTime(metrics);
  const each = (part: keyof StoreTime) => (after[part] - before[part]) / starts.length;
  const store = { visibility: each('visibility'), rest: each('rest') };
  return { start: timesOf(starts), mail: timesOf(mails), store };
}

const timesOf = (times: number[]): Times => ({ p50: percentile(times, 0.5), p95: percentile(times, 0.95) });

/** Undefined when nothing was missing. */
async function measured({ db, pids }: Deployment, count: number, open: () => Promise<Opened>): Promise<Step['filled']> {
  if (count === 0) return undefined;
  const used = () => Object.entries(pids).map(([name, pid]) => [name, cpuTime(pid)] as const);
  const walFrom = await walPosition(db);
  const from = performance.now();
  const before = new Map(used());
  await open();
  const seconds = (performance.now() - from) / 1000;
  const cpu = Object.fromEntries(used().map(([name, time]) => [name, (time - (before.get(name) ?? 0)) / count]));
  return { perSecond: count / seconds, cpu, walBytes: ((await walPosition(db)) - walFrom) / count };
}

/** Bytes that PostgreSQL has written to its log so far. */
async function walPosition(db: Database): Promise<number> {
  const { rows } = await db.raw("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as bytes");
  return Number(rows[0].bytes);
}

type Sizes = Record<'database' | 'withoutLimits' | 'temporal', number>;

/** Counters of limits are a third of it, and gone after a day. */
async function sizesOf({ db, temporalFile }: Deployment): Promise<Sizes> {
  const { rows } = await db.raw(
    "select pg_database_size(current_database()) as database, pg_total_relation_size('rate_limits') as limits",
  );
  const [database, limits] = [Number(rows[0].database), Number(rows[0].limits)];
  return { database, withoutLimits: database - limits, temporal: temporalFile ? fileSizes(temporalFile) : 0 };
}

const fileSizes = (file: string): number =>
  ['', '-wal'].reduce((sum, end) => sum + (statSync(file + end, { throwIfNoEntry: false })?.size ?? 0), 0);
