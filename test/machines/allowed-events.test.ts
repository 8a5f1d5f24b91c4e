import test from 'ava';
import { effectOutcomes, type RegistrationEvent } from '../../machines/registration.js';
import {
  after,
  done,
  effects,
  externalEvents,
  externalTypes,
  failed,
  happened,
  joined,
  lifetimes,
  type MachineEvent,
  nameOf,
  noon,
  running,
  stateOf,
  states,
  take,
  timer,
  timerTypes,
} from './paths.js';

const later = noon + lifetimes.resendCooldown;
const sent = done('sendActivationMail', 'sent');
const refused = done('sendActivationMail', 'mailRefused');
const unavailable = failed('sendActivationMail');
const proven = happened('PROVEN');
const submitted = happened('SUBMITTED');
const again = happened('LINK_REQUESTED', later);
const blocked = failed('createAccount');
const unresolved = failed('resolvePartner');
const toldOfDelay = done('notifyLookupDelayed', 'told');
const approvalNeeded = done('createAccount', 'approvalNeeded');
const toldOfApproval = done('notifyApprovalAwaited', 'told');

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
const expiry = { 'after reminderOrExpiry': 'expired' };
const submit = { SUBMITTED: 'creatingAccount', 'SUBMITTED partner': 'resolvingPartner' };
const cancel = { CANCEL: 'cancelled' };
const link = { LINK_REQUESTED: 'sendingActivation' };
const retry = { RETRY: 'sendingActivation' };
const mailRetry = { 'after mailRetry': 'sendingActivation' };
const correct = { CORRECT_EMAIL: 'sendingActivation' };
const resend = { RESEND: 'sendingActivation' };
/** Whatever is open can be cancelled, extended and renewed. */
const open = (state: string) => ({ ...cancel, EXTEND: state, RENEW: 'sendingActivation' });
const deadline = { 'after operatorDeadline': 'expired' };
const creationOutcomes = {
  'createAccount.created': 'completed',
  'createAccount.emailTaken': 'alreadyRegistered',
  'createAccount.onboardingClosed': 'awaitingDetails',
  'createAccount.agreementOutdated': 'awaitingDetails',
  'createAccount.codeInvalid': 'awaitingDetails',
  'createAccount.withdrawn': 'awaitingProof',
  'createAccount.approvalNeeded': 'awaitingApproval',
  'createAccount.userTypeInvalid': 'creationBlocked',
  'createAccount.invitationVoid': 'cancelled',
  'createAccount.failed': 'creationBlocked',
};
const lookupOutcomes = {
  'resolvePartner.found': 'creatingAccount',
  'resolvePartner.codeInvalid': 'awaitingDetails',
  'resolvePartner.withdrawn': 'awaitingProof',
  'resolvePartner.misconfigured': 'lookupParked',
  'resolvePartner.failed': 'lookupParked',
};
const parked = { RETRY: 'resolvingPartner', ASSIGN_PARTNER: 'creatingAccount', ...cancel, ...deadline };
const lookupRetry = { 'after lookupRetry': 'resolvingPartner' };
const decide = { APPROVE: 'creatingAccount', DECLINE: 'declined', ...cancel, ...deadline };

const situations: Situation[] = [
  {
    state: 'sendingActivation',
    way: [],
    takes: {
      ...mailOutcomes('awaitingProof'),
      PROVEN: 'sendingActivation',
      ...submit,
      ...reminder,
      ...open('sendingActivation'),
    },
  },
  {
    state: 'sendingActivation',
    which: 'of another mail',
    way: [sent, again],
    takes: {
      ...mailOutcomes('awaitingProof'),
      PROVEN: 'sendingActivation',
      ...submit,
      ...reminder,
      ...open('sendingActivation'),
    },
  },
  {
    state: 'sendingActivation',
    which: 'of another mail to a proven mailbox',
    way: [sent, proven, again],
    takes: { ...mailOutcomes('awaitingDetails'), ...submit, ...reminder, ...open('sendingActivation') },
  },
  {
    state: 'sendingActivation',
    which: 'of the reminder',
    way: [sent, timer('reminderOrExpiry')],
    takes: {
      ...mailOutcomes('awaitingProof'),
      PROVEN: 'sendingActivation',
      ...submit,
      ...expiry,
      ...open('sendingActivation'),
    },
  },
  {
    state: 'awaitingProof',
    way: [sent],
    takes: { PROVEN: 'awaitingDetails', ...submit, ...resend, ...correct, ...reminder, ...open('awaitingProof') },
    at: later - 1,
  },
  {
    state: 'awaitingProof',
    which: 'after the cool-down',
    way: [sent],
    takes: {
      PROVEN: 'awaitingDetails',
      ...submit,
      ...resend,
      ...correct,
      ...link,
      ...reminder,
      ...open('awaitingProof'),
    },
  },
  {
    state: 'awaitingProof',
    which: 'after the reminder',
    way: [sent, timer('reminderOrExpiry'), sent],
    takes: {
      PROVEN: 'awaitingDetails',
      ...submit,
      ...resend,
      ...correct,
      ...link,
      ...expiry,
      ...open('awaitingProof'),
    },
  },
  {
    state: 'awaitingDetails',
    way: [sent, proven],
    takes: { ...submit, ...resend, ...correct, ...reminder, ...open('awaitingDetails') },
    at: later - 1,
  },
  {
    state: 'awaitingDetails',
    which: 'after the cool-down',
    way: [sent, proven],
    takes: { ...submit, ...resend, ...correct, ...link, ...reminder, ...open('awaitingDetails') },
  },
  {
    state: 'awaitingDetails',
    which: 'after a refused submission',
    way: [sent, submitted, done('createAccount', 'agreementOutdated')],
    takes: { ...submit, ...resend, ...correct, ...link, ...reminder, ...open('awaitingDetails') },
  },
  {
    state: 'mailUndeliverable',
    which: 'because the address is refused',
    way: [refused],
    takes: {
      ...retry,
      ...correct,
      ...link,
      PROVEN: 'awaitingDetails',
      ...submit,
      ...reminder,
      ...open('mailUndeliverable'),
    },
  },
  {
    state: 'mailUndeliverable',
    which: 'because the mail server is away',
    way: [unavailable],
    takes: {
      ...retry,
      ...correct,
      ...link,
      ...mailRetry,
      PROVEN: 'awaitingDetails',
      ...submit,
      ...reminder,
      ...open('mailUndeliverable'),
    },
  },
  {
    state: 'mailUndeliverable',
    which: 'while an earlier link is out',
    way: [sent, again, unavailable],
    takes: {
      ...retry,
      ...correct,
      ...link,
      ...mailRetry,
      PROVEN: 'awaitingDetails',
      ...submit,
      ...reminder,
      ...open('mailUndeliverable'),
    },
  },
  {
    state: 'mailUndeliverable',
    which: 'just after an earlier mail, to a proven mailbox',
    way: [sent, proven, again, refused],
    takes: { ...retry, ...correct, ...submit, ...reminder, ...open('mailUndeliverable') },
    at: later - 1,
  },
  { state: 'resolvingPartner', way: [sent, joined()], takes: lookupOutcomes },
  {
    state: 'resolvingPartner',
    which: 'for a person who has left',
    way: [sent, joined(), unresolved, happened('RETRY')],
    takes: { ...lookupOutcomes, 'resolvePartner.codeInvalid': 'sendingActivation' },
  },
  {
    state: 'lookupParked',
    which: 'while the person is told',
    way: [sent, joined(), unresolved],
    takes: {
      ...parked,
      ...lookupRetry,
      'notifyLookupDelayed.told': 'lookupParked',
      'notifyLookupDelayed.failed': 'lookupParked',
    },
  },
  {
    state: 'lookupParked',
    which: 'just after the person was told',
    way: [sent, joined(), unresolved, toldOfDelay],
    takes: { ...parked, ...lookupRetry },
    at: later - 1,
  },
  {
    state: 'lookupParked',
    which: 'after the cool-down',
    way: [sent, joined(), unresolved, toldOfDelay],
    takes: { ...parked, ...lookupRetry, LINK_REQUESTED: 'lookupParked' },
  },
  {
    state: 'lookupParked',
    which: 'after a hundred retries',
    way: [
      sent,
      joined(),
      unresolved,
      ...Array(100)
        .fill([timer('lookupRetry'), unresolved])
        .flat(),
    ],
    takes: { ...parked, LINK_REQUESTED: 'lookupParked' },
  },
  {
    state: 'awaitingApproval',
    which: 'while the person is told',
    way: [sent, submitted, approvalNeeded],
    takes: {
      ...decide,
      'notifyApprovalAwaited.told': 'awaitingApproval',
      'notifyApprovalAwaited.failed': 'awaitingApproval',
    },
  },
  {
    state: 'awaitingApproval',
    which: 'just after the person was told',
    way: [sent, submitted, approvalNeeded, toldOfApproval],
    takes: decide,
    at: later - 1,
  },
  {
    state: 'awaitingApproval',
    which: 'after the cool-down',
    way: [sent, submitted, approvalNeeded, toldOfApproval],
    takes: { ...decide, LINK_REQUESTED: 'awaitingApproval' },
  },
  { state: 'creatingAccount', way: [sent, submitted], takes: creationOutcomes },
  {
    state: 'creatingAccount',
    which: 'for a person who has left',
    way: [sent, submitted, blocked, happened('RETRY')],
    takes: {
      ...creationOutcomes,
      'createAccount.onboardingClosed': 'creationBlocked',
      'createAccount.agreementOutdated': 'sendingActivation',
      'createAccount.codeInvalid': 'sendingActivation',
    },
  },
  {
    state: 'creationBlocked',
    way: [sent, submitted, blocked],
    takes: {
      RETRY: 'creatingAccount',
      'after creationRetry': 'creatingAccount',
      ...deadline,
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
    takes: { RETRY: 'creatingAccount', ...deadline, ...cancel },
  },
  { state: 'completed', way: [sent, submitted, done('createAccount', 'created')], takes: {} },
  { state: 'alreadyRegistered', way: [done('sendActivationMail', 'accountExists')], takes: {} },
  { state: 'expired', way: [sent, timer('reminderOrExpiry'), sent, timer('reminderOrExpiry')], takes: {} },
  { state: 'declined', way: [sent, submitted, approvalNeeded, happened('DECLINE')], takes: {} },
  { state: 'cancelled', way: [happened('CANCEL')], takes: {} },
];

const everyEvent = (at: number): MachineEvent[] => [
  ...externalEvents(at),
  ...effects.flatMap((effect) => effectOutcomes[effect].map((outcome) => done(effect, outcome, at))),
  ...effects.map((effect) => failed(effect, at)),
  ...timerTypes.map((type) => ({ type, at })),
];

const takesAsDrawn = test.macro({
  title: (_, { state, which = '' }: Situation) => `${`${state} ${which}`.trim()} takes what is drawn and nothing else`,
  exec(t, { state, way, takes, at = later }: Situation) {
    const snapshot = after(way);
    t.is(stateOf(snapshot), state);
    const armed: string[] = snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => eventType));
    for (const event of everyEvent(at)) {
      // XState ends a machine at the error of an effect that does not run; the interpreter never passes one on.
      const ofOther =
        event.type.startsWith('xstate.error.') && !running(snapshot).includes(event.type.slice(19) as never);
      if (ofOther) continue;
      // Timers of one name belong to several states; those of others change nothing, which the table need not tell.
      if (event.type.startsWith('xstate.after.') && !armed.includes(event.type)) {
        t.false(snapshot.can(event as RegistrationEvent), event.type);
        continue;
      }
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
  t.deepEqual(unique(situations.map(({ state }) => state)), unique(states.map(({ key }) => key)));
  const taken = unique(situations.flatMap(({ takes }) => Object.keys(takes)));
  t.deepEqual(taken, unique(everyEvent(noon).map(nameOf)));
});

test('whether an event is allowed never depends on what it carries', (t) => {
  for (const { way, at = later, state } of situations)
    for (const type of externalTypes)
      for (const event of [happened(type, at), { ...happened(type, at), kind: 'partner' }])
        t.is(
          after(way).can({ type, at } as RegistrationEvent),
          after(way).can(event as RegistrationEvent),
          `${type} in ${state}`,
        );
});

const unique = (names: string[]) => [...new Set(names)].sort();
