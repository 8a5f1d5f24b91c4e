/** The registration machine as a graph: its events, its situations, and a walk that takes every way on from each. */
import { getNextTransitions, initialTransition, type SnapshotFrom, transition } from 'xstate';
import {
  type Effects,
  effectOutcomes,
  type Lifetimes,
  type RegistrationEvent,
  type RegistrationInput,
  type RegistrationKind,
  registrationMachine,
} from '../../machines/registration.js';

export type Snapshot = SnapshotFrom<typeof registrationMachine>;
export interface MachineEvent {
  type: string;
  at: number;
  output?: { outcome: string };
  submissionId?: string;
  kind?: RegistrationKind;
  partnerId?: string;
}
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
export const lifetimes: Lifetimes & { reminder: number; lookupRetry: number } = {
  registration: 7 * day,
  reminder: 3 * day,
  resendCooldown: minute,
  mailRetry: 5 * minute,
  creationRetry: 2 * minute,
  lookupRetry: 5 * minute,
  operator: 14 * day,
};
/** Any moment; the machine only compares. */
export const noon = Date.UTC(2026, 0, 5, 12);

export const input = (changed: Partial<Lifetimes> = {}): RegistrationInput => ({
  kind: 'customer',
  lifetimes: { ...lifetimes, ...changed },
});

/** A state that people read about has `meta`, and no two of them the same name; what is inside is its own affair. */
export const stateOf = ({ _nodes }: Snapshot): string => _nodes.filter(({ meta }) => meta).at(-1)?.key ?? 'unknown';
/** With what is inside: "lookupParked.told". */
const placeOf = ({ value }: Snapshot): string =>
  typeof value === 'string' ? value : Object.entries(value)[0]!.join('.');
export const running = (snapshot: Snapshot) => Object.keys(snapshot.children) as (keyof Effects)[];

export const done = (effect: keyof Effects, outcome: string, at = noon): MachineEvent => ({
  type: `xstate.done.actor.${effect}`,
  output: { outcome },
  at,
});
export const failed = (effect: keyof Effects, at = noon): MachineEvent => ({
  type: `xstate.error.actor.${effect}`,
  at,
});
const carried: Partial<MachineEvent & Record<string, object>> = {
  SUBMITTED: { submissionId: 'submission-1', kind: 'customer' },
  ASSIGN_PARTNER: { partnerId: 'partner-1' },
};
export const happened = (type: RegistrationEvent['type'], at = noon): MachineEvent => ({ type, ...carried[type], at });
/** A submission with a code. */
export const joined = (at = noon): MachineEvent => ({ ...happened('SUBMITTED', at), kind: 'partner' });
/** By its name in the machine, and the state that has it where several have one of that name. */
export function timer(name: string, state = '', at = noon): MachineEvent {
  const type = timerTypes.find((known) => known.split('.')[2] === name && known.endsWith(state));
  if (!type) throw new Error(`no timer ${name} ${state}`);
  return { type, at };
}

type Node = typeof registrationMachine.root;
export const nodes = (node: Node = registrationMachine.root): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodes(child as Node)),
];
/** "xstate.after.operatorDeadline.registration.lookupParked" and so on. */
export const timerTypes = [...new Set(nodes().flatMap((node) => node.after.map(({ eventType }) => eventType)))];
/** The states that people read about. */
export const states = nodes().filter(({ meta }) => meta);

export const effects = Object.keys(effectOutcomes) as (keyof Effects)[];
const byStaff = ['RENEW', 'RESEND', 'CORRECT_EMAIL', 'EXTEND', 'ASSIGN_PARTNER', 'APPROVE', 'DECLINE'] as const;
export const externalTypes = ['PROVEN', 'LINK_REQUESTED', 'SUBMITTED', 'RETRY', 'CANCEL', ...byStaff] as const;
/** Everything that can be sent from outside, in every kind that the machine tells apart. */
export const externalEvents = (at = noon): MachineEvent[] => [
  ...externalTypes.map((type) => happened(type, at)),
  joined(at),
];

/** Short, and told apart where the machine does: "sendActivationMail.sent", "after mailRetry", "SUBMITTED partner". */
export const nameOf = (event: MachineEvent): string =>
  event.kind === 'partner' ? `${event.type} partner` : recordedName(event);

/** As a line of the record names it. */
export function recordedName({ type, output }: MachineEvent): string {
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

/** Two situations with the same key take the same events to situations with the same key. */
export function keyOf(snapshot: Snapshot): string {
  const { proven, reminded, awaited, problem, lifetimes: times } = snapshot.context;
  const isOpen = placeOf(snapshot).startsWith('open.');
  return [
    placeOf(snapshot).replace('open.', ''),
    isOpen && proven && 'proven',
    // What is left of the lifetime counts again when a creation that is refused leads back.
    snapshot.status === 'active' && times.reminder !== undefined && reminded && 'reminded',
    awaited && 'awaited',
    stateOf(snapshot) === 'mailUndeliverable' && problem,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Everything that can happen in a situation: what the person and operators do, each outcome, each timer. */
export function eventsIn(snapshot: Snapshot): MachineEvent[] {
  if (snapshot.status !== 'active') return [];
  const at = cooledDown(snapshot);
  const types = [...new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType as string))];
  const events = types.flatMap((type) => {
    if (type.startsWith('xstate.done.actor.')) {
      const effect = type.slice(18) as keyof Effects;
      return effectOutcomes[effect].map((outcome) => done(effect, outcome, at));
    }
    const event = { ...happened(type as RegistrationEvent['type'], at), type };
    return type === 'SUBMITTED' ? [event, joined(at)] : [event];
  });
  return events.filter((event) => snapshot.can(event as RegistrationEvent));
}

const cooledDown = ({ context }: Snapshot) => (context.mailedAt ?? noon) + context.lifetimes.resendCooldown;
const isFinal = (snapshot: Snapshot) => snapshot.status === 'done';

export const arrow = ({ from, event, to }: Pick<Step, 'from' | 'event' | 'to'>) =>
  `${keyOf(from)} --${nameOf(event)}--> ${keyOf(to)}`;

/** A situation, and the shortest way into it. */
interface Situation {
  snapshot: Snapshot;
  way: MachineEvent[];
}

/** Every situation that can be reached, the nearest first. */
function situations(changed?: Partial<Lifetimes>): Map<string, Situation> {
  const [snapshot] = start(changed);
  const found = new Map<string, Situation>([[keyOf(snapshot), { snapshot, way: [] }]]);
  for (const { snapshot: from, way } of found.values())
    for (const event of eventsIn(from)) {
      const [to] = take(from, event);
      if (!found.has(keyOf(to))) found.set(keyOf(to), { snapshot: to, way: [...way, event] });
    }
  return found;
}

function steps(changed?: Partial<Lifetimes>): Step[] {
  return [...situations(changed).values()].flatMap(({ snapshot: from }) =>
    eventsIn(from).map((event) => {
      const [to, actions] = take(from, event);
      return { from, event, to, actions };
    }),
  );
}

/** Each transition of the graph as "situation --event--> situation". */
export const everyTransition = (changed?: Partial<Lifetimes>) => new Set(steps(changed).map(arrow));

/** The shortest way from each situation to an end. */
function waysOut(changed?: Partial<Lifetimes>): Map<string, MachineEvent[]> {
  const ways = new Map<string, MachineEvent[]>();
  const all = steps(changed);
  for (const { to } of all) if (isFinal(to)) ways.set(keyOf(to), []);
  // Situations are added behind the one that is looked at, so that the nearest come first.
  for (const [key, way] of ways)
    for (const { from, event, to } of all)
      if (keyOf(to) === key && !ways.has(keyOf(from))) ways.set(keyOf(from), [event, ...way]);
  return ways;
}

/**
 * Paths from the start to an end that together take every transition of every situation: the shortest way to the
 * situation, the transition, and the shortest way to an end. (The paths that visit no situation twice are beyond count,
 * and would only take the same transitions in another order; `properties.test.ts` mixes orders.)
 */
export function everyPath(changed?: Partial<Lifetimes>): Path[] {
  const ends = waysOut(changed);
  const known = new Map<string, Step>();
  const taken = new Set<string>();
  const paths: Path[] = [];
  // From the farthest: the ways to them take much of what is on the way.
  for (const { snapshot, way } of [...situations(changed).values()].reverse())
    for (const event of eventsIn(snapshot)) {
      const [to] = take(snapshot, event);
      if (taken.has(arrow({ from: snapshot, event, to }))) continue;
      const path = replay([...way, event, ...ends.get(keyOf(to))!], changed, known);
      for (const step of path) taken.add(arrow(step));
      paths.push(path);
    }
  return paths;
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
