/** Which of the machine's paths are taken through the workflow, and how long its timers must be for each. */
import type { Lifetimes } from '../../machines/registration.js';
import {
  arrow,
  day,
  done,
  everyPath,
  failed,
  happened,
  lifetimes,
  minute,
  nameOf,
  type Path,
  replay,
  type Step,
  timer,
} from '../machines/paths.js';

export interface Journey {
  path: Path;
  lifetimes: Partial<Lifetimes>;
}

/** An effect ends within a minute or so, long before any timer; the few that do meet have a test of their own. */
export const isTimerDuringEffect = ({ from, event }: Step) =>
  from.hasTag('busy') && event.type.startsWith('xstate.after.');

/**
 * The test server starts the task of an update anew when the result of an overtaken mail comes in the middle of it, and
 * loses what the task's local activity did; the real server does not (test/journeys/many-at-once.test.ts).
 */
const isLostByTestServer = (path: Path) =>
  path.some(({ from, event }) => event.type === 'SUBMITTED' && from.hasTag('busy')) &&
  path.some(({ event }) => event.type === 'RETRY');

/** Which timer comes first is a matter of settings: those that the path needs, as far as they can be had. */
function settingsFor(path: Path, changed: Partial<Lifetimes>): Partial<Lifetimes>[] {
  const names = new Set(path.map(({ event }) => nameOf(event)));
  // The pause before the second retry is twice the first, so that a deadline fits between.
  const operator = lifetimes.creationRetry * (names.has('after creationRetry') ? 1.5 : 0.5);
  const times = { ...changed, ...(names.has('after operatorDeadline') ? { operator } : {}) };
  if (!names.has('after mailRetry')) return [{ ...times, mailRetry: 30 * day }];
  const lateRetry = { ...times, mailRetry: 2 * 60 * minute, reminder: 60 * minute };
  return 'reminder' in changed ? [times] : [times, lateRetry];
}

/** Timers that are due closer together than this could fire in another order. */
const margin = 30_000;

/** A transition as far as the workflow can tell it from others: that a reminder went out shows only in the next timer. */
export const kindOf = (step: Step) => (isTimer(step) ? arrow(step) : arrow(step).replaceAll(' reminded', ''));
const isTimer = ({ event }: Step) => event.type.startsWith('xstate.after.');

/** Shorter ways to the same place let a timer fire during an effect. */
const detours = [
  replay([
    ...[failed('sendActivationMail'), timer('reminderOrExpiry'), failed('sendActivationMail'), timer('mailRetry')],
    done('sendActivationMail', 'accountExists'),
  ]),
  replay([
    ...[failed('sendActivationMail'), happened('PROVEN'), timer('reminderOrExpiry'), failed('sendActivationMail')],
    ...[timer('mailRetry'), done('sendActivationMail', 'accountExists')],
  ]),
  replay([
    ...[failed('sendActivationMail'), timer('reminderOrExpiry'), happened('SUBMITTED')],
    ...[done('createAccount', 'userTypeInvalid'), timer('creationRetry'), done('createAccount', 'created')],
  ]),
  replay([
    ...[failed('sendActivationMail'), happened('SUBMITTED'), done('createAccount', 'userTypeInvalid')],
    ...[happened('RETRY'), done('createAccount', 'created')],
  ]),
];

/**
 * Few paths that together take every kind of transition: again and again the one that takes most that no earlier one
 * has taken. The thousands of others only take the same transitions in another order.
 */
export function chooseJourneys(changed: Partial<Lifetimes>, taken: Set<string>): Journey[] {
  let candidates = [...everyPath(changed), ...detours].filter(
    (path) => !path.some(isTimerDuringEffect) && !isLostByTestServer(path),
  );
  const journeys: Journey[] = [];
  const kinds = new Map([...new Set(candidates.flat())].map((step) => [step, kindOf(step)]));
  const arrows = new Map(candidates.map((path) => [path, path.map((step) => kinds.get(step)!)]));
  const gain = (path: Path) => new Set(arrows.get(path)!.filter((transition) => !taken.has(transition))).size;
  for (;;) {
    candidates = candidates.filter((path) => gain(path) > 0);
    const gains = new Map(candidates.map((path) => [path, gain(path)]));
    candidates.sort((one, other) => gains.get(other)! - gains.get(one)!);
    const best = candidates.shift();
    if (!best) return journeys;
    const journey = settingsFor(best, changed)
      .map((times) => play(best, times))
      .find((played) => played);
    if (!journey) continue;
    journeys.push(journey);
    for (const transition of arrows.get(best)!) taken.add(transition);
  }
}

/** The path with these lifetimes, if each timer on it is then the first that is due. */
function play(path: Path, times: Partial<Lifetimes>): Journey | undefined {
  const events = path.map(({ event }) => event);
  const played = replay(events, times);
  let now = 0;
  let mailedAt = Number.NEGATIVE_INFINITY;
  const first = played[0]!.from.context.lifetimes;
  const due = new Map([['xstate.after.reminderOrExpiry.registration.open', first.reminder ?? first.registration]]);
  for (const { event, actions } of played) {
    if (event.type.startsWith('xstate.after.')) now = due.get(event.type)!;
    if (event.type === 'LINK_REQUESTED') now = Math.max(now, mailedAt + lifetimes.resendCooldown);
    if (event.type === 'xstate.done.actor.sendActivationMail') mailedAt = now;
    due.delete(event.type);
    if ([...due.values()].some((at) => at < now + margin)) return undefined;
    for (const { type, params } of actions) {
      if (type === 'xstate.cancel') due.delete(params.sendId!);
      if (type === 'xstate.raise') due.set(params.id!, now + params.delay!);
    }
  }
  return { path: played, lifetimes: times };
}
