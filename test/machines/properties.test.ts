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
  joined,
  type MachineEvent,
  minute,
  noon,
  running,
  start,
  take,
  timerTypes,
} from './paths.js';

/** Anything at any time, in an order that no engine would send: most of it is refused. */
const anyEvent: fc.Arbitrary<MachineEvent> = fc
  .record({
    passed: fc.integer({ min: 0, max: 30 * day }),
    make: fc.constantFrom(
      ...externalTypes.map((type) => (at: number) => happened(type, at)),
      joined,
      ...effects.flatMap((effect) =>
        effectOutcomes[effect].map((outcome) => (at: number) => done(effect, outcome, at)),
      ),
      ...effects.map((effect) => (at: number) => failed(effect, at)),
      ...timerTypes.map((type) => (at: number) => ({ type, at })),
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
    lookupRetry: fc.integer({ min: 1, max: day }),
    operator: fc.integer({ min: 1, max: 30 * day }),
  },
  { requiredKeys: ['registration', 'resendCooldown', 'mailRetry', 'creationRetry', 'operator'] },
);

/** What the interpreter would pass on: the error of an effect only while it runs. */
const isPassedOn = (event: MachineEvent, effects: string[]) =>
  !event.type.startsWith('xstate.error.actor.') || effects.includes(event.type.slice(19));

test('no sequence of events breaks the machine, forgets a proof of the same address, counts backwards or moves a finished one', (t) => {
  fc.assert(
    fc.property(anyLifetimes, fc.array(anyEvent, { maxLength: 60 }), (lifetimes, events) => {
      let [snapshot] = start(lifetimes);
      for (const event of events) {
        if (!isPassedOn(event, running(snapshot))) continue;
        const before = snapshot;
        [snapshot] = take(snapshot, event);
        const { context, status } = snapshot;
        if (status === 'error' || status === 'stopped') return false;
        if (before.context.proven && !context.proven && !isCorrection(event)) return false;
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

/** Staff have corrected the e-mail, at once or while a submission was on its way. */
const isCorrection = ({ type, output }: MachineEvent) => type === 'CORRECT_EMAIL' || output?.outcome === 'withdrawn';

test('a busy state runs its effect, and only one effect runs at a time', (t) => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let [snapshot, actions] = start();
      const started = new Set<string>();
      for (const event of [undefined, ...events]) {
        if (event) {
          if (!isPassedOn(event, [...started])) continue;
          if (/^xstate\.(done|error)\.actor\./.test(event.type) && snapshot.can(event as RegistrationEvent))
            started.delete(event.type.split('.')[3]!);
          [snapshot, actions] = take(snapshot, event);
        }
        for (const { type, params } of actions) {
          if (type === 'xstate.spawnChild') started.add(params.id!);
          if (type === 'xstate.stopChild') started.delete(params.id!);
        }
        if (started.size > 1 || (snapshot.hasTag('busy') && started.size === 0)) return false;
        if (started.size > 0 && snapshot.hasTag('person')) return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a mail or notice that is another than the one before has another number, and with it another Message-ID', (t) => {
  const mails = ['sendActivationMail', 'notifyLookupDelayed', 'notifyApprovalAwaited'];
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let [snapshot, actions] = start();
      const sent = new Map<number, string>();
      for (const event of [undefined, ...events]) {
        if (event && !isPassedOn(event, running(snapshot))) continue;
        if (event) [snapshot, actions] = take(snapshot, event);
        for (const { type, params } of actions) {
          if (type !== 'xstate.spawnChild' || !mails.includes(params.src!)) continue;
          const { sequence, purpose = '' } = (params as { input?: { sequence: number; purpose?: string } }).input!;
          const mail = `${params.src} ${purpose}`;
          if ((sent.get(sequence) ?? mail) !== mail) return false;
          sent.set(sequence, mail);
        }
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
      for (const event of events) if (isPassedOn(event, running(snapshot))) [snapshot] = take(snapshot, event);
      // Nobody does anything more, and every effect fails: it has to end by itself.
      for (let step = 0; step < 60 && snapshot.status === 'active'; step++) {
        const [effect] = running(snapshot);
        const due = snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => eventType));
        const ending = due.find((type) => /reminderOrExpiry|operatorDeadline/.test(type));
        [snapshot] = take(snapshot, effect ? failed(effect) : { type: ending!, at: noon });
      }
      return snapshot.status === 'done';
    }),
  );
  t.pass();
});
