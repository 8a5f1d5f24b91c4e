import { setTimeout as delay } from 'node:timers/promises';

/** A part that runs. */
export interface RunningPart {
  /** Resolves, never rejects, with the reason when the part has ended. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

export interface SupervisedOptions<Part extends RunningPart> {
  /** As a person reads it. */
  title: string;
  log: string;
  start(): Promise<Part>;
  say(line: string): void;
}

export interface Supervised<Part extends RunningPart> {
  /** What the first start gave; restarts keep the same addresses. */
  first: Part;
  stop(): Promise<void>;
}

/** Pause before a part is started again, in milliseconds: doubled each time, back to the first after a steady time. */
const pauses = { first: 500, longest: 10_000, steadyAfter: 30_000 };

/** Starts a part and starts it again whenever it ends by itself. Rejects only when the very first start fails. */
export async function supervise<Part extends RunningPart>(options: SupervisedOptions<Part>): Promise<Supervised<Part>> {
  const stopping = new AbortController();
  const first = await options.start();
  let current: Part = first;
  void keepAlive(options, first, stopping.signal, (part) => {
    current = part;
  });
  return {
    first,
    stop: async () => {
      stopping.abort();
      await current.stop();
    },
  };
}

async function keepAlive<Part extends RunningPart>(
  { title, log, start, say }: SupervisedOptions<Part>,
  first: Part,
  stopping: AbortSignal,
  setCurrent: (part: Part) => void,
) {
  let part: Part | undefined = first;
  let pause = pauses.first;
  while (part) {
    const startedAt = Date.now();
    const reason: string = await part.exited;
    if (Date.now() - startedAt > pauses.steadyAfter) pause = pauses.first;
    let problem = `${title} ended unexpectedly (${reason})`;
    part = undefined;
    while (!part) {
      if (stopping.aborted) return;
      say(`${problem}; starting it again in ${pause / 1000} s. Its log: ${log}`);
      await delay(pause, undefined, { signal: stopping }).catch(() => {});
      if (stopping.aborted) return;
      pause = Math.min(pause * 2, pauses.longest);
      part = await start().catch((error: Error) => {
        problem = `${title} could not be started again: ${error.message}`;
        return undefined;
      });
    }
    setCurrent(part);
    if (stopping.aborted) return part.stop();
    say(`${title} runs again.`);
  }
}
