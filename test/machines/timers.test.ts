import test from 'ava';
import {
  type Action,
  after,
  day,
  done,
  failed,
  happened,
  joined,
  keyOf,
  lifetimes,
  type MachineEvent,
  minute,
  noon,
  running,
  type Snapshot,
  start,
  stateOf,
  take,
  timer,
} from './paths.js';

const sent = done('sendActivationMail', 'sent');

/** The timers that the last event has set, by name. */
const armed = (actions: Action[]) =>
  Object.fromEntries(
    actions
      .filter(({ type }) => type === 'xstate.raise')
      .map(({ params: { id, delay } }) => [id!.split('.')[2], delay]),
  );
const armedBy = (snapshot: Snapshot, event: MachineEvent) => armed(take(snapshot, event)[1]);

test('the reminder comes first, the end after what is left of the lifetime', (t) => {
  t.deepEqual(armed(start()[1]), { reminderOrExpiry: lifetimes.reminder });
  const waiting = after([sent]);
  const [reminding, actions] = take(waiting, timer('reminderOrExpiry'));
  t.is(stateOf(reminding), 'sendingActivation');
  t.deepEqual(armed(actions), { reminderOrExpiry: lifetimes.registration - lifetimes.reminder });
  const mail = actions.find(({ type }) => type === 'xstate.spawnChild');
  t.deepEqual(mail?.params, {
    ...mail?.params,
    src: 'sendActivationMail',
    input: { sequence: 2, purpose: 'reminder' },
  } as never);
  t.is(stateOf(after([sent, timer('reminderOrExpiry'), sent, timer('reminderOrExpiry')])), 'expired');
});

test('without a reminder there is one timer, for the whole lifetime', (t) => {
  t.deepEqual(armed(start({ reminder: undefined })[1]), { reminderOrExpiry: lifetimes.registration });
  t.is(stateOf(after([sent, timer('reminderOrExpiry')], { reminder: undefined })), 'expired');
});

test('the lifetime runs on while mails are sent, fail, are asked for again and the mailbox is proven', (t) => {
  const late = noon + minute;
  const way = [failed('sendActivationMail'), timer('mailRetry'), sent, happened('LINK_REQUESTED', late), sent];
  const touched = [...way, happened('PROVEN')].filter((event, index, all) => {
    const [, actions] = take(after(all.slice(0, index)), event);
    return actions.some(({ params }) => String(params?.id ?? params?.sendId).includes('reminderOrExpiry'));
  });
  t.deepEqual(touched, []);
});

test('a link can be asked for again exactly when the cool-down is over, counted from the last mail that went out', (t) => {
  const waiting = after([sent]);
  const ask = (at: number) => stateOf(take(waiting, happened('LINK_REQUESTED', at))[0]);
  t.is(ask(noon + lifetimes.resendCooldown - 1), 'awaitingProof');
  t.is(ask(noon + lifetimes.resendCooldown), 'sendingActivation');

  const resent = noon + 2 * lifetimes.resendCooldown;
  const twice = after([sent, happened('LINK_REQUESTED', resent), done('sendActivationMail', 'sent', resent)]);
  const again = happened('LINK_REQUESTED', resent + lifetimes.resendCooldown - 1);
  t.is(stateOf(take(twice, again)[0]), 'awaitingProof');
});

test('a mail that was asked for again is a new one; one that is retried keeps its number, and with it its link', (t) => {
  const sequence = (events: MachineEvent[]) => after(events).context.mailSequence;
  const again = happened('LINK_REQUESTED', noon + minute);
  t.is(sequence([]), 1);
  t.is(sequence([sent, again]), 2);
  t.is(sequence([failed('sendActivationMail'), timer('mailRetry')]), 1);
  t.is(sequence([done('sendActivationMail', 'mailRefused'), happened('RETRY')]), 1);
  t.is(sequence([failed('sendActivationMail'), again]), 1);
});

test('the pause before an undelivered mail is tried again doubles up to 32 times itself, and starts over once sent', (t) => {
  let snapshot = start()[0];
  const pauses = Array.from({ length: 8 }, () => {
    const pause = armedBy(snapshot, failed('sendActivationMail')).mailRetry! / lifetimes.mailRetry;
    snapshot = take(take(snapshot, failed('sendActivationMail'))[0], timer('mailRetry'))[0];
    return pause;
  });
  t.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 32, 32]);
  const asked = take(take(snapshot, sent)[0], happened('LINK_REQUESTED', noon + minute))[0];
  t.is(armedBy(asked, failed('sendActivationMail')).mailRetry, lifetimes.mailRetry);
});

/** What is retried by itself, how often, and what it waits in. */
const retried = [
  {
    what: 'a blocked creation',
    effect: 'createAccount',
    way: [sent, happened('SUBMITTED')],
    busy: 'creatingAccount',
    waits: 'creationBlocked',
    retry: 'creationRetry',
    times: 10,
  },
  {
    what: 'a parked lookup',
    effect: 'resolvePartner',
    way: [sent, joined()],
    busy: 'resolvingPartner',
    waits: 'lookupParked',
    retry: 'lookupRetry',
    times: 100,
  },
] as const;

for (const { what, effect, way, busy, waits, retry, times } of retried) {
  test(`${what} is retried ${times} times with growing pauses, then waits for an operator until it is given up`, (t) => {
    let snapshot = after([...way]);
    const pauses: number[] = [];
    while (stateOf(snapshot) === busy) {
      const timers = armedBy(snapshot, failed(effect));
      t.is(timers.operatorDeadline, lifetimes.operator);
      pauses.push(timers[retry]! / lifetimes[retry]);
      snapshot = take(take(snapshot, failed(effect))[0], timer(retry))[0];
    }
    const longest: number[] = Array(times - 5).fill(32);
    t.deepEqual(pauses, [1, 2, 4, 8, 16, 32, ...longest]);
    t.is(stateOf(snapshot), waits);
    t.is(stateOf(take(snapshot, happened('RETRY'))[0]), busy);
    t.is(stateOf(take(snapshot, timer('operatorDeadline', waits))[0]), 'expired');
  });
}

test('a parked lookup is tried again after 5 minutes at first and 160 at last, also where no pause is set', (t) => {
  for (const changed of [{}, { lookupRetry: undefined }]) {
    let snapshot = after([sent, joined()], changed);
    const pauses = Array.from({ length: 7 }, () => {
      const pause = armedBy(snapshot, failed('resolvePartner')).lookupRetry! / minute;
      snapshot = take(take(snapshot, failed('resolvePartner'))[0], timer('lookupRetry'))[0];
      return pause;
    });
    t.deepEqual(pauses, [5, 10, 20, 40, 80, 160, 160]);
  }
});

/** The timers that an event sets or stops, by name. */
const touchedBy = (snapshot: Snapshot, event: MachineEvent) =>
  take(snapshot, event)[1].flatMap(({ type, params }) =>
    /raise|cancel/.test(type) ? [(params.id ?? params.sendId)!.split('.')[2]!] : [],
  );

test('who asks again while the lookup or the approval waits is told, and no timer starts anew', (t) => {
  const later = noon + lifetimes.resendCooldown;
  for (const [way, effect] of [
    [[sent, joined(), failed('resolvePartner')], 'notifyLookupDelayed'],
    [[sent, happened('SUBMITTED'), done('createAccount', 'approvalNeeded')], 'notifyApprovalAwaited'],
  ] as const) {
    const waiting = after([...way, done(effect, 'told')]);
    t.deepEqual(touchedBy(after([...way]), done(effect, 'told')), []);
    t.deepEqual(touchedBy(waiting, happened('LINK_REQUESTED', later)), []);
    const again = take(waiting, happened('LINK_REQUESTED', later))[0];
    t.deepEqual(running(again), [effect]);
    t.deepEqual(touchedBy(again, failed(effect)), [], 'nor when the mail cannot be sent');
    t.deepEqual(running(take(again, failed(effect))[0]), []);
  }
});

test('what waits for an operator is given up after the same time, wherever it waits', (t) => {
  const approval = [sent, happened('SUBMITTED'), done('createAccount', 'approvalNeeded')];
  t.deepEqual(armedBy(after(approval.slice(0, -1)), approval.at(-1)!), { operatorDeadline: lifetimes.operator });
  t.is(stateOf(after([...approval, timer('operatorDeadline', 'awaitingApproval')])), 'expired');
  const parked = after([sent, joined(), failed('resolvePartner')]);
  t.is(stateOf(take(parked, timer('operatorDeadline', 'lookupParked'))[0]), 'expired');
});

test('an extension starts the lifetime anew where it stands, with its reminder', (t) => {
  const reminded = [sent, timer('reminderOrExpiry'), sent];
  const states = [[], [sent], [sent, happened('PROVEN')], [failed('sendActivationMail')], reminded];
  for (const way of states) {
    const snapshot = after(way);
    t.is(armedBy(snapshot, happened('EXTEND')).reminderOrExpiry, lifetimes.reminder);
    const [extended] = take(snapshot, happened('EXTEND'));
    t.is(keyOf(extended), keyOf(snapshot).replace(' reminded', ''));
    t.is(extended.context.mailSequence, snapshot.context.mailSequence, 'and sends nothing new');
    t.is(stateOf(take(extended, timer('reminderOrExpiry'))[0]), 'sendingActivation');
  }
  const plain = after([sent], { reminder: undefined });
  t.deepEqual(armedBy(plain, happened('EXTEND')), { reminderOrExpiry: lifetimes.registration });
});

test('an undelivered mail waits as long as before when the lifetime is extended', (t) => {
  const [undelivered] = take(start()[0], failed('sendActivationMail'));
  t.is(armedBy(undelivered, happened('EXTEND')).mailRetry, lifetimes.mailRetry);
});

test('staff send a mail at once, a person after the cool-down', (t) => {
  for (const way of [[sent], [sent, happened('PROVEN')]]) {
    t.is(stateOf(take(after(way), happened('LINK_REQUESTED', noon))[0]), stateOf(after(way)));
    const [resending] = take(after(way), happened('RESEND', noon));
    t.is(stateOf(resending), 'sendingActivation');
    t.is(resending.context.mailSequence, 2);
  }
});

test('a refused address is not tried again by itself', (t) => {
  const refused = after([done('sendActivationMail', 'mailRefused')]);
  t.is(stateOf(take(refused, timer('mailRetry'))[0]), 'mailUndeliverable');
  t.is(refused.context.problem, 'mailRefused');
});

test('every delay is a whole number of milliseconds above zero', (t) => {
  const short = { registration: 2, reminder: 1, mailRetry: 1, creationRetry: 1, lookupRetry: 1, operator: 1 };
  for (const changed of [{}, short, { reminder: undefined, registration: day }])
    for (const way of [
      [],
      [failed('sendActivationMail')],
      [sent, happened('SUBMITTED'), failed('createAccount')],
      [sent, joined(), failed('resolvePartner')],
    ]) {
      const last = way.at(-1);
      const actions = last ? take(after(way.slice(0, -1), changed), last)[1] : start(changed)[1];
      for (const delay of Object.values(armed(actions)))
        t.true(Number.isInteger(delay) && Number(delay) > 0, String(delay));
    }
});
