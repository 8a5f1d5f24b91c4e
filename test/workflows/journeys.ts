/** Which ways through the machine are taken by the workflow, and how long its timers must be for each. */
import type { Lifetimes } from '../../machines/registration.js';
import {
  arrow,
  day,
  eventsIn,
  keyOf,
  type MachineEvent,
  minute,
  nameOf,
  type Path,
  running,
  type Snapshot,
  type Step,
  start,
  take,
} from '../machines/paths.js';

export interface Journey {
  path: Path;
  lifetimes: Partial<Lifetimes>;
}

const isTimer = ({ type }: MachineEvent) => type.startsWith('xstate.after.');

/** An effect ends within a minute or so, long before any timer; the few that do meet have a test of their own. */
export const isTimerDuringEffect = ({ from, event }: Step) => running(from).length > 0 && isTimer(event);

/** A transition as far as the workflow can tell it from others: that a reminder went out shows only in the next timer. */
export const kindOf = (step: Step) => (isTimer(step.event) ? arrow(step) : arrow(step).replaceAll(' reminded', ''));

/** Which timer comes first is a matter of settings; each of them lets others be the first. */
const settings: Partial<Lifetimes>[] = [
  { mailRetry: 30 * day },
  {},
  { operator: 10 * minute, lookupRetry: 30 * minute, creationRetry: 30 * minute },
];

/** Longer ones would be hard to read when they fail. */
const longest = 30;

/**
 * Few journeys that together take every kind of transition that the machine has: each goes on to the nearest transition
 * that none has taken, and ends where only an end is left to take.
 */
export function chooseJourneys(changed: Partial<Lifetimes>, taken: Set<string>): Journey[] {
  return settings.flatMap((times) => {
    const lifetimes = { ...times, ...changed };
    const place = departure(lifetimes);
    const journeys: Journey[] = [];
    for (const isWanted of [(step: Step) => !isEnd(step), () => true]) {
      const isNew = (step: Step) => isWanted(step) && !taken.has(kindOf(step));
      for (let way = nearest(place, isNew); way; way = nearest(place, isNew))
        journeys.push({ path: goOn(way, isNew, taken), lifetimes });
    }
    return journeys;
  });
}

/** Where a journey stands, with the time that has passed. */
interface Place {
  snapshot: Snapshot;
  now: number;
  mailedAt: number;
  /** When each timer is due, by its event's type. */
  due: Map<string, number>;
}
type Way = { step: Step; place: Place }[];

function goOn(first: Way, isNew: (step: Step) => boolean, taken: Set<string>): Path {
  const path: Path = [];
  for (let way: Way | undefined = first; way !== undefined; ) {
    for (const { step } of way) taken.add(kindOf(step));
    path.push(...way.map(({ step }) => step));
    const { place }: Way[number] = way.at(-1)!;
    if (place.snapshot.status !== 'active') break;
    const isNewEnd = (step: Step) => isEnd(step) && !taken.has(kindOf(step));
    way = (path.length < longest && nearest(place, isNew)) || nearest(place, isNewEnd, 3) || nearest(place, isEnd);
  }
  return path;
}

const isEnd = ({ to }: Step) => to.status === 'done';

function departure(lifetimes: Partial<Lifetimes>): Place {
  const [snapshot, actions] = start(lifetimes);
  const place = { snapshot, now: 0, mailedAt: Number.NEGATIVE_INFINITY, due: new Map<string, number>() };
  return { ...place, due: dueAfter(place, actions) };
}

/** The shortest way to a step that fits, that step included. */
function nearest(from: Place, fits: (step: Step) => boolean, atMost = longest): Way | undefined {
  const seen = new Set<string>();
  const ways: Way[] = [[]];
  for (const way of ways) {
    if (way.length === atMost) return undefined;
    const place = way.at(-1)?.place ?? from;
    for (const next of stepsFrom(place)) {
      if (fits(next.step)) return [...way, next];
      const timers = [...next.place.due].sort(([, one], [, other]) => one - other).map(([type]) => type);
      const key = `${keyOf(next.place.snapshot)} ${timers.join()}`;
      if (seen.has(key)) continue;
      seen.add(key);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

/** Timers that are due closer together than this could fire in another order. */
const margin = 2 * minute;

/** What can happen here in real time: a timer only when it is the first that is due. */
function stepsFrom({ snapshot: from, now, mailedAt, due }: Place): Way {
  return eventsIn(from).flatMap((event) => {
    const [to, actions] = take(from, event);
    const step = { from, event, to, actions };
    if (isTimerDuringEffect(step)) return [];
    const cooledDown = mailedAt + from.context.lifetimes.resendCooldown;
    const at =
      (isTimer(event) ? due.get(event.type) : nameOf(event) === 'LINK_REQUESTED' && Math.max(now, cooledDown)) || now;
    const others = [...due].filter(([type]) => type !== event.type).map(([, time]) => time);
    if (others.some((time) => time < at + margin)) return [];
    const place = { snapshot: to, now: at, mailedAt: isMailed(event) ? at : mailedAt, due };
    return [{ step, place: { ...place, due: dueAfter(place, actions, event) } }];
  });
}

const isMailed = ({ output }: MachineEvent) => output?.outcome === 'sent' || output?.outcome === 'told';

function dueAfter({ due, now }: Place, actions: Step['actions'], event?: MachineEvent): Map<string, number> {
  const next = new Map(due);
  if (event) next.delete(event.type);
  for (const { type, params } of actions) {
    if (type === 'xstate.cancel') next.delete(params.sendId!);
    if (type === 'xstate.raise') next.set(params.id!, now + params.delay!);
  }
  return next;
}
