/** What Temporal's store has taken in all, by Temporal's own metrics. */
export interface StoreTime {
  /** Milliseconds of writing and reading what its lists show: visibility, in the development server in the same store. */
  visibility: number;
  /** Milliseconds of everything else: histories, tasks, timers, and what the server reads of itself. */
  rest: number;
}

/** `_sum` of a histogram, in seconds, one line for each operation. */
const sums = /^(visibility_)?persistence_latency_sum(?:\{[^}]*\})? (\S+)$/gm;

/** `url`: of Temporal's metrics, in Prometheus' text format. */
export async function readStoreTime(url: string): Promise<StoreTime> {
  const text = await (await fetch(url)).text();
  const time: StoreTime = { visibility: 0, rest: 0 };
  for (const [, visibility, seconds] of text.matchAll(sums))
    time[visibility ? 'visibility' : 'rest'] += Number(seconds) * 1000;
  if (time.rest === 0) throw new Error(`${url} says nothing of Temporal's store`);
  return time;
}
