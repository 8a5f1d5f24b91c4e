import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds by step of one registration. */
export type Timings = Record<string, number>;

export interface Load {
  /** One whole registration. */
  register(): Promise<Timings>;
  atOnce: number;
  /** Seconds. */
  warmUp: number;
  /** Seconds. */
  measured: number;
  /** Called when measuring begins and when it ends. */
  mark(): void;
}

export interface LoadResult {
  /** Registrations that ended while measuring. */
  finished: Timings[];
  /** Registrations that failed at any time. */
  failures: Error[];
  /** Seconds that were really measured. */
  seconds: number;
}

/** More than any machine does in the time one would wait for; the bound on work, as the seconds are the one on time. */
const mostRegistrations = 200_000;

/**
 * Keeps `atOnce` registrations under way: each person starts when another has finished. Resolves when the last has, so
 * that nothing of this load is left for the next.
 */
export async function runLoad({ register, atOnce, warmUp, measured, mark }: Load): Promise<LoadResult> {
  const all: { endedAt: number; timings: Timings }[] = [];
  const failures: Error[] = [];
  let started = 0;
  let stopping = false;
  const people = Array.from({ length: atOnce }, async () => {
    while (!stopping && started++ < mostRegistrations) {
      try {
        const timings = await register();
        all.push({ endedAt: performance.now(), timings });
      } catch (error) {
        failures.push(error as Error);
        // A product that refuses at once must not be asked in a tight loop.
        await delay(failurePause);
      }
    }
  });
  await delay(warmUp * 1000);
  mark();
  const from = performance.now();
  await delay(measured * 1000);
  mark();
  const to = performance.now();
  stopping = true;
  await Promise.all(people);
  const finished = all.filter(({ endedAt }) => endedAt >= from && endedAt <= to).map(({ timings }) => timings);
  return { finished, failures, seconds: (to - from) / 1000 };
}

/** Milliseconds. */
const failurePause = 200;
