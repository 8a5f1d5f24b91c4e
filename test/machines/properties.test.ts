import test from 'ava';
import fc from 'fast-check';
import { effectOutcomes, type RegistrationEvent } from '../../machines/registration.js';
import {
  day,
  done,
  effects,
  externalTypes,
  failed,
  happened,
  type MachineEvent,
  minute,
  noon,
  start,
  stateOf,
  take,
  timer,
  timerNames,
} from './paths.js';

/** Anything at any time, in an order that no engine would send: most of it is refused. */
const anyEvent: fc.Arbitrary<MachineEvent> = fc
  .record({
    passed: fc.integer({ min: 0, max: 30 * day }),
    make: fc.constantFrom(
      ...externalTypes.map((type) => (at: number) => happened(type, at)),
      ...effects.flatMap((effect) =>
        effectOutcomes[effect].map((outcome) => (at: number) => done(effect, outcome, at)),
      ),
      ...effects.map((effect) => (at: number) => failed(effect, at)),
      ...timerNames.map((name) => (at: number) => timer(name, at)),
    ),
  })
  .map(({ passed, make }) => make(noon + passed));
const anyLifetimes = fc.record(
  {
    registration: fc.integer({ min: minute, max: 30 * day }),
    reminder: fc.integer({ min: 1, max: minute - 1 }),
    resendCooldown: fc.integer({ min: 0, max: day }),
    mailRetry: fc.integer({ min: 1, max: day }),
    creationRetry: fc.integer({ min: 1, max: day }),
    operator: fc.integer({ min: 1, max: 30 * day }),
  },
  { requiredKeys: ['registration', 'resendCooldown', 'mailRetry', 'creationRetry', 'operator'] },
);

/** What the interpreter would pass on: the error of an effect only while it runs. */
const isPassedOn = (event: MachineEvent, running: string[]) =>
  !event.type.startsWith('xstate.error.actor.') || running.includes(event.type.slice(19));

test('no sequence of events breaks the machine, forgets a proof, counts backwards or moves a finished one', (t) => {
  fc.assert(
    fc.property(anyLifetimes, fc.array(anyEvent, { maxLength: 60 }), (lifetimes, events) => {
      let [snapshot] = start(lifetimes);
      for (const event of events) {
        if (!isPassedOn(event, Object.keys(snapshot.children))) continue;
        const before = snapshot;
        [snapshot] = take(snapshot, event);
        const { context, status } = snapshot;
        if (status === 'error' || status === 'stopped') return false;
        if (before.context.proven && !context.proven) return false;
        if (context.mailsSent < before.context.mailsSent || context.mailSequence < before.context.mailSequence)
          return false;
        if (before.status === 'done' && (snapshot.value !== before.value || before.can(event as RegistrationEvent)))
          return false;
      }
      return true;
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('an effect runs exactly while the state is busy, and only one at a time', (t) => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let [snapshot, actions] = start();
      const running = new Set<string>();
      for (const event of [undefined, ...events]) {
        if (event) {
          if (!isPassedOn(event, [...running])) continue;
          if (/^xstate\.(done|error)\.actor\./.test(event.type) && snapshot.can(event as RegistrationEvent))
            running.delete(event.type.split('.')[3]!);
          [snapshot, actions] = take(snapshot, event);
        }
        for (const { type, params } of actions) {
          if (type === 'xstate.spawnChild') running.add(params.id!);
          if (type === 'xstate.stopChild') running.delete(params.id!);
        }
        if (running.size !== (snapshot.hasTag('busy') ? 1 : 0)) return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('every lasting sequence of timers alone comes to an end, so that no registration stays open for ever', (t) => {
  fc.assert(
    fc.property(anyLifetimes, fc.array(anyEvent, { maxLength: 30 }), (lifetimes, events) => {
      let [snapshot] = start(lifetimes);
      for (const event of events)
        if (isPassedOn(event, Object.keys(snapshot.children))) [snapshot] = take(snapshot, event);
      // Nobody does anything more, and every effect fails: it has to end by itself.
      for (let step = 0; step < 60 && snapshot.status === 'active'; step++) {
        const [effect] = effects.filter((name) => name in snapshot.children);
        const ending = stateOf(snapshot) === 'creationBlocked' ? 'operatorDeadline' : 'reminderOrExpiry';
        [snapshot] = take(snapshot, effect ? failed(effect) : timer(ending));
      }
      return snapshot.status === 'done';
    }),
  );
  t.pass();
});
