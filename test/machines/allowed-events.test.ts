import test from 'ava';
import { effectOutcomes, type RegistrationEvent } from '../../machines/registration.js';
import {
  after,
  done,
  effects,
  externalTypes,
  failed,
  happened,
  lifetimes,
  type MachineEvent,
  nameOf,
  nodes,
  noon,
  stateOf,
  take,
  timer,
  timerNames,
} from './paths.js';

const later = noon + lifetimes.resendCooldown;
const sent = done('sendActivationMail', 'sent');
const refused = done('sendActivationMail', 'mailRefused');
const unavailable = failed('sendActivationMail');
const proven = happened('PROVEN');
const submitted = happened('SUBMITTED');
const again = happened('LINK_REQUESTED', later);
const blocked = failed('createAccount');

/** A situation, how one comes into it, and everything it takes: the machine as drawn. All else is refused. */
interface Situation {
  state: string;
  which?: string;
  way: MachineEvent[];
  takes: Record<string, string>;
  /** When the events happen. */
  at?: number;
}

const mailOutcomes = (next: string) => ({
  'sendActivationMail.sent': next,
  'sendActivationMail.accountExists': 'alreadyRegistered',
  'sendActivationMail.mailRefused': 'mailUndeliverable',
  'sendActivationMail.failed': 'mailUndeliverable',
});
const reminder = { 'after reminderOrExpiry': 'sendingActivation' };
const submit = { SUBMITTED: 'creatingAccount' };
const cancel = { CANCEL: 'cancelled' };
const link = { LINK_REQUESTED: 'sendingActivation' };
const retry = { RETRY: 'sendingActivation' };
const mailRetry = { 'after mailRetry': 'sendingActivation' };

const situations: Situation[] = [
  {
    state: 'sendingActivation',
    way: [],
    takes: { ...mailOutcomes('awaitingProof'), PROVEN: 'sendingActivation', ...submit, ...reminder, ...cancel },
  },
  {
    state: 'sendingActivation',
    which: 'of another mail',
    way: [sent, again],
    takes: { ...mailOutcomes('awaitingProof'), PROVEN: 'sendingActivation', ...submit, ...reminder, ...cancel },
  },
  {
    state: 'sendingActivation',
    which: 'of another mail to a proven mailbox',
    way: [sent, proven, again],
    takes: { ...mailOutcomes('awaitingDetails'), ...submit, ...reminder, ...cancel },
  },
  {
    state: 'sendingActivation',
    which: 'of the reminder',
    way: [sent, timer('reminderOrExpiry')],
    takes: {
      ...mailOutcomes('awaitingProof'),
      PROVEN: 'sendingActivation',
      ...submit,
      'after reminderOrExpiry': 'expired',
      ...cancel,
    },
  },
  {
    state: 'awaitingProof',
    way: [sent],
    takes: { PROVEN: 'awaitingDetails', ...submit, ...reminder, ...cancel },
    at: later - 1,
  },
  {
    state: 'awaitingProof',
    which: 'after the cool-down',
    way: [sent],
    takes: { PROVEN: 'awaitingDetails', ...submit, ...link, ...reminder, ...cancel },
  },
  {
    state: 'awaitingProof',
    which: 'after the reminder',
    way: [sent, timer('reminderOrExpiry'), sent],
    takes: { PROVEN: 'awaitingDetails', ...submit, ...link, 'after reminderOrExpiry': 'expired', ...cancel },
  },
  { state: 'awaitingDetails', way: [sent, proven], takes: { ...submit, ...reminder, ...cancel }, at: later - 1 },
  {
    state: 'awaitingDetails',
    which: 'after the cool-down',
    way: [sent, proven],
    takes: { ...submit, ...link, ...reminder, ...cancel },
  },
  {
    state: 'awaitingDetails',
    which: 'after a refused submission',
    way: [sent, submitted, done('createAccount', 'agreementOutdated')],
    takes: { ...submit, ...link, ...reminder, ...cancel },
  },
  {
    state: 'mailUndeliverable',
    which: 'because the address is refused',
    way: [refused],
    takes: { ...retry, ...link, PROVEN: 'awaitingDetails', ...submit, ...reminder, ...cancel },
  },
  {
    state: 'mailUndeliverable',
    which: 'because the mail server is away',
    way: [unavailable],
    takes: { ...retry, ...link, ...mailRetry, PROVEN: 'awaitingDetails', ...submit, ...reminder, ...cancel },
  },
  {
    state: 'mailUndeliverable',
    which: 'while an earlier link is out',
    way: [sent, again, unavailable],
    takes: { ...retry, ...link, ...mailRetry, PROVEN: 'awaitingDetails', ...submit, ...reminder, ...cancel },
  },
  {
    state: 'mailUndeliverable',
    which: 'just after an earlier mail, to a proven mailbox',
    way: [sent, proven, again, refused],
    takes: { ...retry, ...submit, ...reminder, ...cancel },
    at: later - 1,
  },
  {
    state: 'creatingAccount',
    way: [sent, submitted],
    takes: {
      'createAccount.created': 'completed',
      'createAccount.emailTaken': 'alreadyRegistered',
      'createAccount.onboardingClosed': 'awaitingDetails',
      'createAccount.agreementOutdated': 'awaitingDetails',
      'createAccount.userTypeInvalid': 'creationBlocked',
      'createAccount.failed': 'creationBlocked',
    },
  },
  {
    state: 'creationBlocked',
    way: [sent, submitted, blocked],
    takes: {
      RETRY: 'creatingAccount',
      'after creationRetry': 'creatingAccount',
      'after operatorDeadline': 'expired',
      ...cancel,
    },
  },
  {
    state: 'creationBlocked',
    which: 'after ten retries',
    way: [
      sent,
      submitted,
      blocked,
      ...Array(10)
        .fill([timer('creationRetry'), blocked])
        .flat(),
    ],
    takes: { RETRY: 'creatingAccount', 'after operatorDeadline': 'expired', ...cancel },
  },
  { state: 'completed', way: [sent, submitted, done('createAccount', 'created')], takes: {} },
  { state: 'alreadyRegistered', way: [done('sendActivationMail', 'accountExists')], takes: {} },
  { state: 'expired', way: [sent, timer('reminderOrExpiry'), sent, timer('reminderOrExpiry')], takes: {} },
  { state: 'cancelled', way: [happened('CANCEL')], takes: {} },
];

const everyEvent = (at: number): MachineEvent[] => [
  ...externalTypes.map((type) => happened(type, at)),
  ...effects.flatMap((effect) => effectOutcomes[effect].map((outcome) => done(effect, outcome, at))),
  ...effects.map((effect) => failed(effect, at)),
  ...timerNames.map((name) => timer(name, at)),
];

const takesAsDrawn = test.macro({
  title: (_, { state, which = '' }: Situation) => `${`${state} ${which}`.trim()} takes what is drawn and nothing else`,
  exec(t, { state, way, takes, at = later }: Situation) {
    const snapshot = after(way);
    t.is(stateOf(snapshot), state);
    const running = Object.keys(snapshot.children);
    for (const event of everyEvent(at)) {
      // XState ends a machine at the error of an effect that does not run; the interpreter never passes one on.
      const ofOther = event.type.startsWith('xstate.error.') && !running.includes(event.type.slice(19));
      if (ofOther) continue;
      const name = nameOf(event);
      t.is(snapshot.can(event as RegistrationEvent), name in takes, name);
      const [next, actions] = take(snapshot, event);
      t.is(stateOf(next), takes[name] ?? state, name);
      if (name in takes) continue;
      t.deepEqual(next.context, snapshot.context, `${name} changes nothing`);
      t.deepEqual(actions, [], `${name} does nothing`);
    }
  },
});

for (const situation of situations) test(takesAsDrawn, situation);

test('the situations show every state, and every event that the machine knows is taken in one', (t) => {
  const leaves = nodes().filter((node) => Object.keys(node.states).length === 0);
  t.deepEqual(unique(situations.map(({ state }) => state)), unique(leaves.map(({ key }) => key)));
  const taken = unique(situations.flatMap(({ takes }) => Object.keys(takes)));
  t.deepEqual(taken, unique(everyEvent(noon).map(nameOf)));
});

test('whether an event is allowed never depends on what it carries', (t) => {
  for (const { way, at = later, state } of situations)
    for (const type of externalTypes)
      t.is(
        after(way).can({ type, at } as RegistrationEvent),
        after(way).can(happened(type, at) as RegistrationEvent),
        state,
      );
});

const unique = (names: string[]) => [...new Set(names)].sort();
