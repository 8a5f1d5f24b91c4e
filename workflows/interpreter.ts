/**
 * Runs any pure XState machine as a Temporal workflow; knows nothing of registrations.
 *
 * 1. An event goes through `transition()`; the actions that come back are carried out: `xstate.spawnChild` is an effect
 *    (activity), `xstate.raise` with a delay a durable timer, `xstate.stopChild` and `xstate.cancel` end them.
 * 2. An effect's outcome comes back as the done or error event, unless the machine has left the effect meanwhile.
 * 3. Every step is recorded once: by the effect it leads to, in the effect's own transaction, or when the machine has
 *    settled, which it has also while an effect runs that nobody waits for. Until then it stays in `unrecorded`, so a crash anywhere only repeats an idempotent write.
 * 4. The workflow ends only when the machine has, every step is recorded and every handler has answered.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  log,
  sleep,
} from '@temporalio/workflow';
import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ExecutableActionsFrom,
  getNextTransitions,
  initialTransition,
  transition,
} from 'xstate';
import type { Transition, TransitionRecord } from './messages.js';

type EffectResult = { outcome: string };
type Step = Pick<Transition, 'attention' | 'final'> & { problem?: string };

export interface Program {
  machine: AnyStateMachine;
  input: unknown;
  /** The outcomes each effect can have; see `effectOutcomes` of the machine. */
  outcomes: Readonly<Record<string, readonly string[]>>;
  /** Runs an effect with the machine's input; rejects when it failed for good. */
  runEffect(name: string, input: object, record: TransitionRecord): Promise<EffectResult>;
  /** Writes steps that no effect has recorded; must not fail. Tells if the record has ended before, and in which state. */
  recordTransitions(transitions: Transition[]): Promise<{ endedAs?: string }>;
  /** Whether nobody waits for the effects of this state: it counts as settled while they run. Asked once an effect. */
  isBackground(snapshot: AnyMachineSnapshot): boolean;
  /** What a step's record says besides the state's name. */
  describe(snapshot: AnyMachineSnapshot): Step;
  /** Called whenever the machine has settled. */
  publish(snapshot: AnyMachineSnapshot, since: number): void;
}

interface RunningEffect {
  scope: CancellationScope;
  /** Number of the last step handed to the effect for recording. */
  recordsUpTo: number;
  /** Nobody waits for it, and it is handed no step: what leads to it is recorded at once. */
  background: boolean;
}

/** A state that people read about has `meta`; it is known by its own name, what is above and below is its own affair. */
export const stateName = (snapshot: AnyMachineSnapshot): string =>
  Object.keys(snapshot.getMeta()).at(-1)?.split('.').at(-1) ?? 'unknown';

export class Interpreter {
  snapshot: AnyMachineSnapshot;
  since = Date.now();
  private sequence = 0;
  private unrecorded: Transition[] = [];
  private moved = false;
  private readonly timers = new Map<string, { scope: CancellationScope; dueAt: number }>();
  private readonly running = new Map<string, RunningEffect>();
  /** Timers the machine has dropped. Cancelled when settled: a workflow that ends in the same task needs no cancellation. */
  private dropped: CancellationScope[] = [];

  constructor(private readonly program: Program) {
    const [snapshot, actions] = initialTransition(program.machine, program.input as never);
    this.snapshot = snapshot as AnyMachineSnapshot;
    this.execute(actions);
  }

  /** Resolves with the machine's final snapshot. */
  async run(): Promise<AnyMachineSnapshot> {
    while (this.active || !this.settled) {
      this.program.publish(this.snapshot, this.since);
      await condition(() => this.moved && this.atRest);
      this.moved = false;
      await this.recordUnrecorded();
      if (this.active) for (const scope of this.dropped.splice(0)) scope.cancel();
    }
    this.program.publish(this.snapshot, this.since);
    await condition(allHandlersFinished);
    return this.snapshot;
  }

  get active() {
    return this.snapshot.status === 'active';
  }

  private get atRest() {
    return [...this.running.values()].every(({ background }) => background);
  }

  /** Nothing runs that anybody waits for, and every step is recorded: what a reader finds in the database is what the machine says. */
  get settled() {
    return this.atRest && this.unrecorded.length === 0;
  }

  deadlines(): Record<string, number> {
    return Object.fromEntries([...this.timers].map(([id, timer]) => [timerName(id), timer.dueAt]));
  }

  /** Events from outside that the machine takes now. `can()` alone would still match on a finished machine. */
  allowed(): string[] {
    if (!this.active) return [];
    const types = getNextTransitions(this.snapshot).map((next) => next.eventType);
    return [...new Set(types)].filter((type) => type && !type.startsWith('xstate.') && this.can({ type }));
  }

  can(event: AnyEventObject): boolean {
    return this.active && !event.type.startsWith('xstate.') && this.snapshot.can(stamp(event));
  }

  dispatch(event: AnyEventObject, recordedAs?: number): void {
    const stamped = stamp(event);
    // A timer whose guard says no, or the second of two updates that were both let in: no step, nothing to record.
    if (!this.active || !this.snapshot.can(stamped)) return;
    const [next, actions] = transition(this.program.machine, this.snapshot, stamped);
    const step = this.stepTo(next as AnyMachineSnapshot, stamped);
    if (step.from !== step.to) this.since = step.at;
    this.sequence = step.sequence;
    this.moved = true;
    this.snapshot = next as AnyMachineSnapshot;
    if (recordedAs !== step.sequence) this.unrecorded.push(step);
    this.execute(actions);
  }

  private stepTo(next: AnyMachineSnapshot, event: AnyEventObject): Transition {
    return {
      sequence: this.sequence + 1,
      from: stateName(this.snapshot),
      event: eventName(event),
      to: stateName(next),
      actor: typeof event.actor === 'string' ? event.actor : 'system',
      at: event.at,
      ...(this.program.describe(next) as Pick<Transition, 'attention' | 'final' | 'problem'>),
    };
  }

  private execute(actions: ExecutableActionsFrom<AnyStateMachine>[]): void {
    for (const action of actions as unknown as { type: string; params: never }[]) {
      if (action.type === 'xstate.spawnChild') this.startEffect(action.params);
      else if (action.type === 'xstate.stopChild') this.stopEffect(action.params);
      else if (action.type === 'xstate.raise') this.armTimer(action.params);
      else if (action.type === 'xstate.cancel') this.dropTimer(action.params);
      else throw new Error(`the interpreter does not know the action ${action.type}`);
    }
  }

  private startEffect({ id, src, input }: { id: string; src: string; input: object }): void {
    const scope = new CancellationScope();
    const background = this.program.isBackground(this.snapshot);
    const record = { pending: background ? [] : [...this.unrecorded], next: this.promisedSteps(id, src) };
    const effect = { scope, recordsUpTo: this.sequence, background };
    this.running.set(id, effect);
    const finish = (event: AnyEventObject, recordedAs?: number) => {
      if (this.running.get(id) !== effect) return; // the machine has left it, or entered it anew
      this.running.delete(id);
      this.dispatch(event, recordedAs);
    };
    scope
      .run(() => this.program.runEffect(src, input, record))
      .then(
        (output) => {
          if (!background) this.unrecorded = this.unrecorded.filter((step) => step.sequence > effect.recordsUpTo);
          // Of a newer worker, perhaps: nobody has recorded where it leads, and no default is meant for it.
          if (!(output.outcome in record.next))
            return finish({ type: `xstate.error.actor.${id}`, error: 'unknownOutcome' });
          finish({ type: `xstate.done.actor.${id}`, output }, effect.recordsUpTo + 1);
        },
        (error) => finish({ type: `xstate.error.actor.${id}`, error: errorCode(error) }),
      );
  }

  /** The step each outcome would lead to if the effect ended now; `transition` is pure, so asking costs nothing. */
  private promisedSteps(id: string, src: string): Record<string, Transition> {
    const outcomes = this.program.outcomes[src] ?? [];
    return Object.fromEntries(
      outcomes.map((outcome) => {
        const done = stamp({ type: `xstate.done.actor.${id}`, output: { outcome } });
        const [next] = transition(this.program.machine, this.snapshot, done);
        return [outcome, this.stepTo(next as AnyMachineSnapshot, done)];
      }),
    );
  }

  private stopEffect({ id }: { id: string }): void {
    const effect = this.running.get(id);
    this.running.delete(id);
    effect?.scope.cancel();
  }

  private armTimer({ id, event, delay }: { id: string; event: AnyEventObject; delay?: number }): void {
    if (delay === undefined) return;
    const timer = { scope: new CancellationScope(), dueAt: Date.now() + delay };
    this.timers.set(id, timer);
    timer.scope
      .run(() => sleep(Math.max(1, delay), { summary: timerName(id) }))
      .then(
        () => {
          if (this.timers.get(id) !== timer) return;
          this.timers.delete(id);
          this.dispatch(event);
        },
        (error) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }

  private dropTimer({ sendId }: { sendId: string }): void {
    const timer = this.timers.get(sendId);
    this.timers.delete(sendId);
    if (timer) this.dropped.push(timer.scope);
  }

  private async recordUnrecorded(): Promise<void> {
    const steps = [...this.unrecorded];
    if (steps.length === 0) return;
    const { endedAs } = await this.program.recordTransitions(steps);
    this.unrecorded = this.unrecorded.filter((step) => !steps.includes(step));
    if (endedAs) this.endAs(endedAs);
  }

  /**
   * The record knows of an end that this workflow does not: what led there was in a workflow task that Temporal refused,
   * because a signal or a timer came just then. What is done is done, so the machine stands there too.
   */
  private endAs(state: string): void {
    for (const id of [...this.running.keys()]) this.stopEffect({ id });
    this.unrecorded = [];
    this.snapshot = this.program.machine.resolveState({ value: state, context: this.snapshot.context });
  }
}

const stamp = (event: AnyEventObject): AnyEventObject => ({ ...event, at: Date.now() });

/** "xstate.after.reminderOrExpiry.registration.open" → "reminderOrExpiry" */
const timerName = (id: string) => id.split('.')[2] ?? id;

function eventName(event: AnyEventObject): string {
  if (event.type.startsWith('xstate.done.actor.')) return `${event.type.slice(18)}.${event.output?.outcome}`;
  if (event.type.startsWith('xstate.error.actor.')) return `${event.type.slice(19)}.failed`;
  if (event.type.startsWith('xstate.after.')) return `after ${timerName(event.type)}`;
  return event.type;
}

/** Failures reach the machine as codes; their messages may hold what must not travel (security.md D5). */
function errorCode(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  log.warn('effect failed', { code: cause instanceof ApplicationFailure ? cause.type : (cause as Error)?.name });
  return (cause instanceof ApplicationFailure && cause.type) || 'failed';
}
