import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: longer than the reconciler's grace time and round, by which what the engine did not take at once is handed over. */
export const handOverWithin = 100_000;

/** Asks again and again until the answer is truthy, and gives it back; throws, naming what was waited for, in the end. */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value> | Value,
  timeoutMs = 60_000,
  pauseMs = 50,
): Promise<Exclude<Value, false | null | undefined | ''>> {
  const end = Date.now() + timeoutMs;
  let problem: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value as Exclude<Value, false | null | undefined | ''>;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: problem });
    await delay(pauseMs);
  }
}

/** What it resolves with; rejects, naming what was waited for, when that takes too long. */
export async function within<Value>(what: string, promise: Promise<Value>, timeoutMs = 60_000): Promise<Value> {
  const done = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`not within ${timeoutMs} ms: ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    done.abort();
  }
}
