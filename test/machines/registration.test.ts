import test from 'ava';
import { arrow, everyPath, everyTransition, keyOf, nameOf, type Path, replay, stateOf } from './paths.js';

/** What ends a registration, and as what; told here a second time on purpose. */
const ends: Record<string, string> = {
  'createAccount.created': 'completed',
  'createAccount.emailTaken': 'alreadyRegistered',
  'sendActivationMail.accountExists': 'alreadyRegistered',
  'createAccount.invitationVoid': 'cancelled',
  CANCEL: 'cancelled',
  DECLINE: 'declined',
  'after reminderOrExpiry': 'expired',
  'after operatorDeadline': 'expired',
};

const variants = [
  { name: 'with a reminder', changed: {}, least: 180 },
  { name: 'without a reminder', changed: { reminder: undefined }, least: 90 },
];

for (const { name, changed, least } of variants) {
  const paths = everyPath(changed);

  test(`every path ${name} ends in the state that its last event stands for`, (t) => {
    t.true(paths.length > least, `only ${paths.length} paths`);
    const wrong = paths.filter((path) => {
      const last = path.at(-1)!;
      return last.to.status !== 'done' || stateOf(last.to) !== ends[nameOf(last.event)];
    });
    t.deepEqual(wrong.map(told), []);
    t.deepEqual([...new Set(paths.map((path) => nameOf(path.at(-1)!.event)))].sort(), Object.keys(ends).sort());
  });

  test(`the paths ${name} take every transition of the graph`, (t) => {
    const taken = new Set([...new Set(paths.flat())].map(arrow));
    t.deepEqual([...everyTransition(changed)].filter((transition) => !taken.has(transition)).sort(), []);
  });

  test(`on every path ${name} only the creation makes an account, and only from a submission`, (t) => {
    for (const path of paths)
      for (const { from, to } of path) {
        if (stateOf(to) === 'completed') t.is(stateOf(from), 'creatingAccount');
        if (/creatingAccount|resolvingPartner/.test(stateOf(to)) && !to.context.submissionId) t.fail(told(path));
        if (stateOf(to) === 'awaitingDetails' && !to.context.proven) t.fail(told(path));
      }
    t.pass();
  });

  test(`on every path ${name} a partner who joins by a code is looked up before the account is made, or chosen`, (t) => {
    for (const path of paths) {
      let [isLookedUp, isPartner] = [false, false];
      for (const { event, to } of path) {
        if (event.type === 'SUBMITTED') [isLookedUp, isPartner] = [false, event.kind === 'partner'];
        if (nameOf(event) === 'resolvePartner.found' || event.type === 'ASSIGN_PARTNER') isLookedUp = true;
        if (stateOf(to) === 'creatingAccount' && isPartner && !isLookedUp) t.fail(told(path));
      }
    }
    t.pass();
  });

  test(`on every path ${name} who waits for others is awaited, and nobody is whose turn it is`, (t) => {
    const waiting = ['lookupParked', 'awaitingApproval', 'creationBlocked', 'declined'];
    for (const { to } of new Set(paths.flat())) {
      if (waiting.includes(stateOf(to))) t.true(to.context.awaited, keyOf(to));
      if (to.matches('open')) t.false(to.context.awaited, keyOf(to));
    }
  });

  test(`on every path ${name} each effect that starts has been planned, and each timer that is left is cancelled`, (t) => {
    for (const path of paths) {
      const running = new Set<string>(['sendActivationMail']);
      const armed = new Set<string>([`xstate.after.reminderOrExpiry.registration.open`]);
      for (const { event, actions } of path) {
        armed.delete(event.type);
        if (/^xstate\.(done|error)\.actor\./.test(event.type)) running.delete(event.type.split('.')[3]!);
        for (const { type, params } of actions) {
          if (type === 'xstate.spawnChild') running.add(params.id!);
          if (type === 'xstate.stopChild') running.delete(params.id!);
          if (type === 'xstate.raise') armed.add(params.id!);
          if (type === 'xstate.cancel') armed.delete(params.sendId!);
        }
      }
      t.deepEqual([...running, ...armed], [], told(path));
    }
  });
}

test('a path comes out the same whenever it is taken, for the machine has neither clock nor chance', (t) => {
  for (const path of everyPath({ reminder: undefined })) {
    const events = path.map(({ event }) => event);
    const again = replay(events, { reminder: undefined });
    t.deepEqual(again.at(-1)?.to.toJSON(), path.at(-1)?.to.toJSON());
  }
});

const told = (path: Path) => path.map(({ event, to }) => `${nameOf(event)} → ${stateOf(to)}`).join(', ');
