/** The registration machine as a graph: its events, its situations, and every path through them. */
import { getNextTransitions, initialTransition, type SnapshotFrom, transition } from 'xstate';
import { getAdjacencyMap, getShortestPaths, getSimplePaths, type StatePath } from 'xstate/graph';
import {
  type Effects,
  effectOutcomes,
  type Lifetimes,
  type RegistrationEvent,
  type RegistrationInput,
  registrationMachine,
} from '../../machines/registration.js';

export type Snapshot = SnapshotFrom<typeof registrationMachine>;
export type MachineEvent = { type: string; at: number; output?: { outcome: string }; submissionId?: string };
export interface Step {
  from: Snapshot;
  event: MachineEvent;
  to: Snapshot;
  /** What the interpreter has to carry out. */
  actions: Action[];
}
export type Path = Step[];
export type Action = { type: string; params: { id?: string; src?: string; sendId?: string; delay?: number } };

export const minute = 60_000;
export const day = 24 * 60 * minute;
export const lifetimes: Lifetimes & { reminder: number } = {
  registration: 7 * day,
  reminder: 3 * day,
  resendCooldown: minute,
  mailRetry: 5 * minute,
  creationRetry: 2 * minute,
  operator: 14 * day,
};
/** Any moment; the machine only compares. */
export const noon = Date.UTC(2026, 0, 5, 12);

export const input = (changed: Partial<Lifetimes> = {}): RegistrationInput => ({
  kind: 'customer',
  lifetimes: { ...lifetimes, ...changed },
});

const leaf = (value: unknown): string => (typeof value === 'string' ? value : leaf(Object.values(value as object)[0]));
export const stateOf = (snapshot: Snapshot): string => leaf(snapshot.value);

export const done = (effect: keyof Effects, outcome: string, at = noon): MachineEvent => ({
  type: `xstate.done.actor.${effect}`,
  output: { outcome },
  at,
});
export const failed = (effect: keyof Effects, at = noon): MachineEvent => ({
  type: `xstate.error.actor.${effect}`,
  at,
});
export const happened = (type: RegistrationEvent['type'], at = noon): MachineEvent =>
  type === 'SUBMITTED' ? { type, submissionId: 'submission-1', at } : { type, at };
/** By its name in the machine; the state that has it is found. */
export const timer = (name: string, at = noon): MachineEvent => ({
  type: timerTypes.find((type) => type.split('.')[2] === name) ?? name,
  at,
});

type Node = typeof registrationMachine.root;
export const nodes = (node: Node = registrationMachine.root): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodes(child as Node)),
];
const timerTypes = nodes().flatMap((node) => node.after.map(({ eventType }) => eventType));
export const timerNames = [...new Set(timerTypes.map((type) => type.split('.')[2]!))];

export const effects = Object.keys(effectOutcomes) as (keyof Effects)[];
export const externalTypes = ['PROVEN', 'LINK_REQUESTED', 'SUBMITTED', 'RETRY', 'CANCEL'] as const;

/** As a line of the record names it: "sendActivationMail.sent", "after mailRetry", "PROVEN". */
export function nameOf({ type, output }: MachineEvent): string {
  if (type.startsWith('xstate.done.actor.')) return `${type.slice(18)}.${output?.outcome}`;
  if (type.startsWith('xstate.error.actor.')) return `${type.slice(19)}.failed`;
  return type.startsWith('xstate.after.') ? `after ${type.split('.')[2]}` : type;
}

export function start(changed?: Partial<Lifetimes>): [Snapshot, Action[]] {
  return initialTransition(registrationMachine, input(changed)) as unknown as [Snapshot, Action[]];
}
export function take(snapshot: Snapshot, event: MachineEvent): [Snapshot, Action[]] {
  return transition(registrationMachine, snapshot, event as RegistrationEvent) as unknown as [Snapshot, Action[]];
}
/** The situation after these events. */
export const after = (events: MachineEvent[], changed?: Partial<Lifetimes>): Snapshot =>
  events.reduce((snapshot, event) => take(snapshot, event)[0], start(changed)[0]);

/** Two situations with the same key take the same events to the same situations. */
export function keyOf(snapshot: Snapshot): string {
  const { proven, reminded, mailsSent, problem, lifetimes: times } = snapshot.context;
  const state = stateOf(snapshot);
  return [
    state,
    proven && 'proven',
    times.reminder !== undefined && reminded && 'reminded',
    mailsSent > 0 && 'mailed',
    state === 'mailUndeliverable' && problem,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Everything that can happen in a situation: what the person and operators do, each outcome, each timer. */
function eventsIn(snapshot: Snapshot): MachineEvent[] {
  if (snapshot.status !== 'active') return [];
  const at = cooledDown(snapshot);
  const types = [...new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType as string))];
  const events = types.flatMap((type) => {
    if (!type.startsWith('xstate.done.actor.')) return [{ ...happened(type as RegistrationEvent['type'], at), type }];
    const effect = type.slice(18) as keyof Effects;
    return effectOutcomes[effect].map((outcome) => done(effect, outcome, at));
  });
  return events.filter((event) => snapshot.can(event as RegistrationEvent));
}

const cooledDown = ({ context }: Snapshot) => (context.mailedAt ?? noon) + context.lifetimes.resendCooldown;

const options = (changed?: Partial<Lifetimes>) => ({
  input: input(changed),
  events: (snapshot: Snapshot) => eventsIn(snapshot) as RegistrationEvent[],
  serializeState: keyOf,
  serializeEvent: (event: RegistrationEvent) => nameOf(event as MachineEvent),
});
const isFinal = (snapshot: Snapshot) => snapshot.status === 'done';

/** Each transition of the graph as "situation --event--> situation". */
export function everyTransition(changed?: Partial<Lifetimes>): Set<string> {
  const graph = getAdjacencyMap(registrationMachine, options(changed));
  return new Set(
    Object.values(graph).flatMap(({ state, transitions }) =>
      (Object.values(transitions) as { event: MachineEvent; state: Snapshot }[]).map((next) =>
        arrow({ from: state, event: next.event, to: next.state }),
      ),
    ),
  );
}
export const arrow = ({ from, event, to }: Pick<Step, 'from' | 'event' | 'to'>) =>
  `${keyOf(from)} --${nameOf(event)}--> ${keyOf(to)}`;

/**
 * Every path from the start to an end that visits no situation twice, and for each transition that leads back to an
 * earlier situation the shortest path that takes it and then ends.
 */
export function everyPath(changed?: Partial<Lifetimes>): Path[] {
  const simple = getSimplePaths(registrationMachine, { ...options(changed), toState: isFinal });
  const known = new Map<string, Step>();
  const paths = simple.map((path) => replay(eventsOf(path), changed, known));
  const taken = new Set([...known.values()].map(arrow));
  const shortest = getShortestPaths(registrationMachine, options(changed));
  for (const path of shortest.filter(({ state }) => !isFinal(state)))
    for (const event of eventsIn(path.state)) {
      const [next] = take(path.state, event);
      if (taken.has(arrow({ from: path.state, event, to: next }))) continue;
      const [end] = getShortestPaths(registrationMachine, { ...options(changed), fromState: next, toState: isFinal });
      paths.push(replay([...eventsOf(path), event, ...eventsOf(end!)], changed, known));
      for (const step of paths.at(-1)!) taken.add(arrow(step));
    }
  return paths;
}

function eventsOf(path: StatePath<Snapshot, RegistrationEvent>): MachineEvent[] {
  return path.steps.map(({ event }) => event as MachineEvent).filter(({ type }) => type !== 'xstate.init');
}

/**
 * Takes the events one after the other, each as late as the cool-down after the last mail asks for. What paths have in
 * common is taken once when they share `known`.
 */
export function replay(events: MachineEvent[], changed?: Partial<Lifetimes>, known = new Map<string, Step>()): Path {
  let [from] = start(changed);
  let way = '';
  return events.map((timeless) => {
    way += ` ${nameOf(timeless)}`;
    let step = known.get(way);
    if (!step) {
      const event = { ...timeless, at: cooledDown(from) };
      const [to, actions] = take(from, event);
      step = { from, event, to, actions };
      known.set(way, step);
    }
    from = step.to;
    return step;
  });
}
