import { loadavg } from 'node:os';
import { type HistoryFigures, inspectHistories } from './history.js';
import { runLoad, type Timings } from './load.js';
import { cpuTime, peakMemory, resetPeakMemory } from './processes.js';
import type { SqlFigures } from './sql.js';
import { percentile } from './statistics.js';
import type { Subject } from './subject.js';

/** One subject with one number of registrations at once. */
export interface Measurement {
  atOnce: number;
  registrations: number;
  failed: number;
  /** What the first failure said. */
  failure?: string;
  perSecond: number;
  /** Milliseconds by step. */
  steps: Record<string, { p50?: number; p95?: number }>;
  /** Milliseconds of processor time a registration, by process. */
  cpu: Record<string, number>;
  /** Bytes by process: the most that was resident during this measurement. */
  peakMemory: Record<string, number>;
  history: HistoryFigures;
  /** Over the last minute, when measuring ended. */
  load: number;
}

export interface SubjectResult {
  readyAfter: Record<string, number>;
  sql?: SqlFigures;
  measurements: Measurement[];
}

/** Before anything is measured, for the just-in-time compilers and caches of all processes: some hundred registrations. */
const firstWarmUp = { seconds: 12, atOnce: 8 };
/** Seconds; before each measurement, to fill the queues. */
const warmUp = 2;

export interface Plan {
  seconds: number;
  atOnce: number[];
  say(line: string): void;
}

/** Measures a running subject with each number at once, then counts its SQL. */
export async function measureSubject(subject: Subject, { seconds, atOnce, say }: Plan): Promise<SubjectResult> {
  const measurements: Measurement[] = [];
  await runLoad({
    register: subject.register,
    atOnce: firstWarmUp.atOnce,
    warmUp: Math.min(firstWarmUp.seconds, 2 * seconds),
    measured: 0,
    mark: () => {},
  });
  for (const count of atOnce) {
    const measurement = await measure(subject, count, seconds);
    measurements.push(measurement);
    const { perSecond, failed, failure } = measurement;
    const why = failure ? `, the first because: ${failure}` : '';
    say(`  ${count} at once: ${perSecond.toFixed(1)} registrations/s, ${failed} failed${why}`);
  }
  await subject.check?.();
  return { readyAfter: subject.readyAfter, sql: await subject.countSql?.(), measurements };
}

async function measure(subject: Subject, atOnce: number, measured: number): Promise<Measurement> {
  const pids = { ...subject.pids, 'load generator': process.pid };
  const names = Object.keys(pids) as (keyof typeof pids)[];
  const marks: Record<string, number>[] = [];
  for (const pid of Object.values(subject.pids)) resetPeakMemory(pid);
  const result = await runLoad({
    register: subject.register,
    atOnce,
    warmUp: Math.min(warmUp, measured),
    measured,
    mark: () => marks.push(Object.fromEntries(names.map((name) => [name, cpuTime(pids[name]!)]))),
  });
  const { finished, failures, seconds } = result;
  if (finished.length === 0) throw failures[0] ?? new Error(`nothing finished within ${seconds} s`);
  const used = (name: string) => (marks[1]?.[name] ?? 0) - (marks[0]?.[name] ?? 0);
  return {
    atOnce,
    registrations: finished.length,
    failed: failures.length,
    failure: failures[0]?.message,
    perSecond: finished.length / seconds,
    steps: stepsOf(finished),
    cpu: Object.fromEntries(names.map((name) => [name, used(name) / finished.length])),
    peakMemory: Object.fromEntries(Object.entries(subject.pids).map(([name, pid]) => [name, peakMemory(pid)])),
    history: await inspectHistories(subject.temporal),
    load: loadavg()[0] ?? 0,
  };
}

function stepsOf(finished: Timings[]): Measurement['steps'] {
  const of = (step: string, share: number) =>
    percentile(
      finished.map((timings) => timings[step] ?? Number.NaN),
      share,
    );
  return Object.fromEntries(
    Object.keys(finished[0] ?? {}).map((step) => [step, { p50: of(step, 0.5), p95: of(step, 0.95) }]),
  );
}
