/** What the activities of one registration have recorded: the same rules as db/record-transitions.ts, in memory. */
import { activityInfo } from '@temporalio/activity';
import type { EffectInput, EffectResult } from '../../activities/record-transitions.js';
import type { RecordedTransition } from '../../db/record-transitions.js';
import { within } from '../helpers/eventually.js';

/** A recorded step without its time, and whether it is only what an effect promised. */
export type Line = Omit<RecordedTransition, 'at'>;

export class Records {
  readonly lines = new Map<number, RecordedTransition & { promised: boolean }>();
  /** Number of each step that was written as the machine's word, in the order of writing. */
  readonly words: number[] = [];
  /** Numbers under which two different steps were written: never. */
  readonly contradictions: number[] = [];
  /** What the registration's row says. */
  row: RecordedTransition | undefined;
  private waiting: (() => void)[] = [];

  /** `db/record-transitions.ts` in short: steps replace, a promise never does; the row never moves back. */
  write(steps: RecordedTransition[], promised?: RecordedTransition): void {
    for (const step of steps) {
      const told = this.lines.get(step.sequence);
      if (told && !told.promised && tell(told) !== tell(step)) this.contradictions.push(step.sequence);
      this.lines.set(step.sequence, { ...step, promised: false });
      this.words.push(step.sequence);
    }
    if (promised && !this.lines.has(promised.sequence))
      this.lines.set(promised.sequence, { ...promised, promised: true });
    const last = promised ?? steps.at(-1);
    const row = this.row?.sequence ?? 0;
    if (last && (row < last.sequence || (row === last.sequence && !promised))) this.row = last;
    for (const wake of this.waiting.splice(0)) wake();
  }

  get state(): string {
    return this.row?.to ?? 'sendingActivation';
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await within(
        `a step after ${JSON.stringify(this.told())} (${condition})`,
        new Promise<void>((wake) => this.waiting.push(wake)),
      );
  }

  inOrder(): Line[] {
    return [...this.lines.values()]
      .sort((one, other) => one.sequence - other.sequence)
      .map(({ at: _, promised: __, problem, ...line }) => (problem === undefined ? line : { ...line, problem }));
  }

  /** "number from event to", for short assertions. */
  told(): string[] {
    return this.inOrder().map(tell);
  }
}

const tell = ({ sequence, from, event, to }: Line) => `${sequence} ${from} ${event} ${to}`;

/** Records an effect's outcome as the real activities do, and gives the effect's result. */
export async function settle<Outcome extends string>(
  records: Records,
  { record: { pending, next } }: EffectInput<Outcome>,
  outcome: Outcome,
): Promise<EffectResult<Outcome>> {
  records.write(pending, next[outcome]);
  return { outcome };
}

/** An effect whose calls wait until the test answers them. */
export class Held<Input, Result> {
  private readonly calls: Call<Input, Result>[] = [];
  private wake: () => void = () => {};

  readonly run = (input: Input): Promise<Result> =>
    new Promise<Result>((answer, fail) => {
      this.calls.push({ input, answer, fail });
      this.wake();
    });

  /** The next call, when it has come. */
  async next(): Promise<Call<Input, Result>> {
    await this.waiting();
    return this.calls.shift()!;
  }

  /** Until as many calls have come that are not answered. */
  async waiting(calls = 1): Promise<void> {
    while (this.calls.length < calls)
      await within(
        `${calls} calls of an effect`,
        new Promise<void>((wake) => {
          this.wake = wake;
        }),
      );
  }
}

/** A mail server that takes no mail at once: the mail becomes an activity of its own, so that events can overtake it. */
export const notAtOnce =
  <Input, Result>(send: (input: Input) => Promise<Result>) =>
  (input: Input): Promise<Result> =>
    activityInfo().isLocal ? Promise.reject(new Error('not at once')) : send(input);

export interface Call<Input, Result> {
  input: Input;
  answer(result: Result | Promise<Result>): void;
  fail(error: unknown): void;
}
