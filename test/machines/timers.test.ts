import test from 'ava';
import {
  type Action,
  after,
  day,
  done,
  failed,
  happened,
  lifetimes,
  type MachineEvent,
  minute,
  noon,
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

test('a blocked creation is retried ten times with growing pauses, then waits for an operator until it is given up', (t) => {
  let snapshot = after([sent, happened('SUBMITTED')]);
  const pauses: number[] = [];
  while (stateOf(snapshot) === 'creatingAccount') {
    const timers = armedBy(snapshot, failed('createAccount'));
    t.is(timers.operatorDeadline, lifetimes.operator);
    pauses.push(timers.creationRetry! / lifetimes.creationRetry);
    snapshot = take(take(snapshot, failed('createAccount'))[0], timer('creationRetry'))[0];
  }
  t.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 32, 32, 32, 32, 32]);
  t.is(stateOf(snapshot), 'creationBlocked');
  t.is(stateOf(take(snapshot, happened('RETRY'))[0]), 'creatingAccount');
  t.is(stateOf(take(snapshot, timer('operatorDeadline'))[0]), 'expired');
});

test('a refused address is not tried again by itself', (t) => {
  const refused = after([done('sendActivationMail', 'mailRefused')]);
  t.is(stateOf(take(refused, timer('mailRetry'))[0]), 'mailUndeliverable');
  t.is(refused.context.problem, 'mailRefused');
});

test('every delay is a whole number of milliseconds above zero', (t) => {
  const short = { registration: 2, reminder: 1, mailRetry: 1, creationRetry: 1, operator: 1 };
  for (const changed of [{}, short, { reminder: undefined, registration: day }])
    for (const way of [[], [failed('sendActivationMail')], [sent, happened('SUBMITTED'), failed('createAccount')]]) {
      const last = way.at(-1);
      const actions = last ? take(after(way.slice(0, -1), changed), last)[1] : start(changed)[1];
      for (const delay of Object.values(armed(actions)))
        t.true(Number.isInteger(delay) && Number(delay) > 0, String(delay));
    }
});
