import test from 'ava';
import { getNextTransitions } from 'xstate';
import { effectOutcomes } from '../../machines/registration.js';
import type { StateMeta } from '../../machines/registration-words.js';
import {
  after,
  done,
  effects,
  everyPath,
  failed,
  happened,
  joined,
  lifetimes,
  type MachineEvent,
  nameOf,
  nodes,
  noon,
  type Snapshot,
  start,
  stateOf,
  states,
  take,
  timer,
} from './paths.js';

const leaves = nodes().filter((node) => Object.keys(node.states).length === 0 && node.type !== 'history');
const sent = done('sendActivationMail', 'sent');

test('every effect that a state starts has a way on when it fails, and is one that the workflow can run', (t) => {
  for (const node of nodes())
    for (const { id, src } of node.invoke) {
      t.true(node.transitions.has(`xstate.error.actor.${id}`), `${node.key} has no onError`);
      t.true(node.transitions.has(`xstate.done.actor.${id}`), `${node.key} has no onDone`);
      t.true(effects.includes(src as never), `${src} is no effect`);
      t.is(id, src as string, 'an effect runs under its own name');
    }
});

test('every state that waits has a timer of its own or around it, so that nothing waits for ever', (t) => {
  for (const leaf of leaves.filter(({ type, tags }) => type !== 'final' && !tags.includes('busy'))) {
    const around = [leaf, leaf.parent, leaf.parent?.parent].filter((node) => node !== undefined);
    t.true(
      around.some((node) => node.after.length > 0),
      leaf.key,
    );
  }
});

test('every state says what it is, what it waits for and what one can do', (t) => {
  for (const { key, meta } of states) {
    const { title, waitsFor, advice } = meta as StateMeta;
    for (const words of [title, waitsFor, advice]) t.regex(words, /^\S.+\S$/, key);
    t.true(advice.endsWith('.'), `${key}: the advice is a sentence`);
  }
});

test('wherever the machine stands is one state that people read about, and what is inside it has no words', (t) => {
  for (const leaf of leaves) {
    const described = [leaf, leaf.parent, leaf.parent?.parent].filter((node) => node?.meta);
    t.is(described.length, 1, leaf.key);
  }
});

test('no two states have the same name, for a state is known by it', (t) => {
  const names = states.map(({ key }) => key);
  t.deepEqual(names, [...new Set(names)]);
});

test('a state is busy exactly while its own effect runs; every other says whose turn it is, unless it is an end', (t) => {
  for (const { key, invoke, type, tags } of states) {
    const expected = invoke.length > 0 ? [['busy']] : type === 'final' ? [[]] : [['person'], ['attention']];
    t.true(
      expected.some((some) => some.join() === tags.join()),
      `${key} is tagged ${tags.join()}`,
    );
  }
});

test('to tell a person that they have to wait keeps nothing from happening: such a state is not busy', (t) => {
  for (const leaf of leaves.filter(({ meta, invoke }) => !meta && invoke.length > 0)) {
    t.deepEqual(leaf.parent?.tags, ['attention'], leaf.key);
    t.is(leaf.after.length, 0, 'a timer stands on the state that people read about, and runs on while they are told');
  }
});

type Outcomes = { [Effect in keyof typeof effectOutcomes]: Record<(typeof effectOutcomes)[Effect][number], string> };
/** With whom the first guard that fits decides: a table of every outcome, which the compiler keeps complete. */
const outcomes: Outcomes = {
  sendActivationMail: { sent: 'awaitingProof', accountExists: 'alreadyRegistered', mailRefused: 'mailUndeliverable' },
  resolvePartner: {
    found: 'creatingAccount',
    codeInvalid: 'awaitingDetails',
    withdrawn: 'awaitingProof',
    misconfigured: 'lookupParked',
  },
  notifyLookupDelayed: { told: 'lookupParked' },
  notifyApprovalAwaited: { told: 'awaitingApproval' },
  createAccount: {
    created: 'completed',
    emailTaken: 'alreadyRegistered',
    onboardingClosed: 'awaitingDetails',
    agreementOutdated: 'awaitingDetails',
    codeInvalid: 'awaitingDetails',
    approvalNeeded: 'awaitingApproval',
    withdrawn: 'awaitingProof',
    userTypeInvalid: 'creationBlocked',
    invitationVoid: 'cancelled',
  },
};
/** The same for a person who was told to wait and has left: what is asked of them is mailed, what they sent is held. */
const outcomesAwaited: Outcomes = {
  ...outcomes,
  resolvePartner: { ...outcomes.resolvePartner, codeInvalid: 'sendingActivation' },
  createAccount: {
    ...outcomes.createAccount,
    onboardingClosed: 'creationBlocked',
    agreementOutdated: 'sendingActivation',
    codeInvalid: 'sendingActivation',
  },
};
const parkedWay = [sent, joined(), failed('resolvePartner')];
const before: Record<keyof Outcomes, MachineEvent[]> = {
  sendActivationMail: [],
  resolvePartner: [sent, joined()],
  notifyLookupDelayed: parkedWay,
  notifyApprovalAwaited: [sent, happened('SUBMITTED'), done('createAccount', 'approvalNeeded')],
  createAccount: [sent, happened('SUBMITTED')],
};
const beforeAwaited = {
  ...before,
  resolvePartner: [...parkedWay, happened('RETRY')],
  createAccount: [sent, happened('SUBMITTED'), failed('createAccount'), happened('RETRY')],
};

for (const { who, table, ways } of [
  { who: 'a person who is there', table: outcomes, ways: before },
  { who: 'a person who was told to wait', table: outcomesAwaited, ways: beforeAwaited },
])
  test(`every outcome of every effect leads where it should for ${who}`, (t) => {
    for (const effect of effects)
      for (const [outcome, state] of Object.entries(table[effect]))
        t.is(stateOf(after([...ways[effect], done(effect, outcome)])), state, `${effect}.${outcome}`);
  });

test('at most one outcome of an effect is not named by a guard, so that a new one cannot slip through', (t) => {
  for (const node of nodes().filter(({ invoke }) => invoke.length > 0)) {
    const effect = node.invoke[0]!.src as keyof typeof effectOutcomes;
    const arrows = node.transitions.get(`xstate.done.actor.${effect}`)!;
    const named = arrows.map(({ guard }) => (guard as { params?: string } | undefined)?.params);
    const unnamed = effectOutcomes[effect].filter((outcome) => !named.includes(outcome));
    t.true(unnamed.length <= 1, `${effect}: ${unnamed.join()}`);
    t.deepEqual(
      named.filter((outcome) => outcome && !(effectOutcomes[effect] as readonly string[]).includes(outcome)),
      [],
    );
  }
});

for (const effect of ['createAccount', 'resolvePartner'] as const)
  test(`while ${effect} runs nothing from outside cuts in, neither a person nor a timer`, (t) => {
    const types = getNextTransitions(after(before[effect])).map(({ eventType }) => eventType as string);
    t.deepEqual([...new Set(types)].sort(), [`xstate.done.actor.${effect}`, `xstate.error.actor.${effect}`]);
  });

test('a creation that is done ends the registration as completed, whatever went before', (t) => {
  const ways = [
    [],
    [happened('PROVEN')],
    [happened('SUBMITTED'), failed('createAccount'), happened('RETRY')],
    [happened('SUBMITTED'), done('createAccount', 'onboardingClosed')],
    [happened('SUBMITTED'), done('createAccount', 'approvalNeeded'), happened('APPROVE')],
    [joined(), done('resolvePartner', 'found')],
    [joined(), failed('resolvePartner'), happened('ASSIGN_PARTNER')],
    [joined(), done('resolvePartner', 'codeInvalid')],
  ];
  for (const way of ways) {
    const events = [sent, ...way];
    const isCreating = stateOf(after(events)) === 'creatingAccount';
    const creating = isCreating ? events : [...events, happened('SUBMITTED')];
    t.is(stateOf(after([...creating, done('createAccount', 'created')])), 'completed', way.map(nameOf).join());
  }
});

/** What an effect is given when the last of these events starts it. */
const givenBy = (events: MachineEvent[]) => {
  const [, actions] = take(after(events.slice(0, -1)), events.at(-1)!);
  const { params } = actions.find(({ type }) => type === 'xstate.spawnChild') ?? {};
  return { [String(params?.src)]: (params as { input?: object } | undefined)?.input };
};

test('each effect is given what it needs, and of what was decided only what holds for this submission', (t) => {
  const submissionId = 'submission-1';
  const bare = { submissionId, approved: false, partnerId: undefined };
  const approval = [sent, happened('SUBMITTED'), done('createAccount', 'approvalNeeded')];
  const assigned = [...parkedWay, happened('ASSIGN_PARTNER')];
  const refused = done('createAccount', 'agreementOutdated');
  t.deepEqual(givenBy([sent, happened('SUBMITTED')]), { createAccount: bare });
  t.deepEqual(givenBy([sent, joined()]), { resolvePartner: { submissionId } });
  t.deepEqual(givenBy([sent, joined(), done('resolvePartner', 'found')]), { createAccount: bare });
  t.deepEqual(givenBy(approval), { notifyApprovalAwaited: { sequence: 2 } });
  t.deepEqual(givenBy([...approval, happened('APPROVE')]), { createAccount: { ...bare, approved: true } });
  t.deepEqual(givenBy(assigned), { createAccount: { ...bare, partnerId: 'partner-1' } });
  t.deepEqual(givenBy([...assigned, failed('createAccount'), happened('RETRY')]), {
    createAccount: { ...bare, partnerId: 'partner-1' },
  });
  for (const way of [[...approval, happened('APPROVE')], assigned])
    t.deepEqual(givenBy([...way, refused, sent, happened('SUBMITTED')]), { createAccount: bare }, 'a new submission');
});

test('the person is told of a delay once, and again only when they ask after the cool-down', (t) => {
  t.deepEqual(givenBy(parkedWay), { notifyLookupDelayed: { sequence: 2 } });
  const waiting = [...parkedWay, done('notifyLookupDelayed', 'told')];
  const again = [happened('RETRY'), failed('resolvePartner')];
  t.deepEqual(givenBy([...waiting, ...again]), { undefined }, 'parked anew, nothing to run');
  t.is(after([...waiting, ...again]).context.mailSequence, 2);
  t.deepEqual(givenBy([...waiting, happened('LINK_REQUESTED', noon + 1)]), { undefined });
  t.deepEqual(givenBy([...waiting, happened('LINK_REQUESTED', noon + lifetimes.resendCooldown)]), {
    notifyLookupDelayed: { sequence: 3 },
  });
});

test('what is refused after a person has left is mailed under a new number, and the reason stays', (t) => {
  const refused = [...parkedWay, happened('RETRY'), done('resolvePartner', 'codeInvalid')];
  t.deepEqual(givenBy(refused), { sendActivationMail: { sequence: 3, purpose: 'continue' } });
  const { context } = after([...refused, sent]);
  t.is(context.problem, 'partnerCodeInvalid');
  t.false(context.awaited);
  const undelivered = [...refused, failed('sendActivationMail')];
  t.is(after(undelivered).context.problem, 'mailServerUnavailable');
  const retried = [...undelivered, happened('RETRY')];
  t.deepEqual(givenBy(retried), { sendActivationMail: { sequence: 3, purpose: 'continue' } });
  t.is(after([...retried, sent]).context.problem, 'partnerCodeInvalid', 'also when the mail itself had trouble');
  t.is(after([...retried, sent, joined()]).context.problem, undefined, 'until there is another submission');
});

test('a corrected address starts the proof anew, with a mail of its own', (t) => {
  for (const way of [[sent], [sent, happened('PROVEN')], [failed('sendActivationMail')]]) {
    const corrected = [...way, happened('CORRECT_EMAIL')];
    t.deepEqual(givenBy(corrected), { sendActivationMail: { sequence: 2, purpose: 'activation' } });
    t.false(after(corrected).context.proven);
    t.is(stateOf(after([...corrected, sent])), 'awaitingProof');
  }
});

test('an invited person goes the way of a customer, and stays invited whatever is asked of them again', (t) => {
  const invited = { ...happened('SUBMITTED'), kind: 'invited' as const };
  t.deepEqual(givenBy([sent, invited]), {
    createAccount: { submissionId: 'submission-1', approved: false, partnerId: undefined },
  });
  const { kind: _, ...bare } = happened('SUBMITTED');
  const again = after([sent, invited, done('createAccount', 'agreementOutdated'), bare]);
  t.is(again.context.kind, 'invited');
});

test('who is invited once more gets a mail of its own number and the whole lifetime again, also while one is sent', (t) => {
  for (const way of [
    [],
    [sent],
    [sent, happened('PROVEN')],
    [failed('sendActivationMail')],
    [sent, timer('reminderOrExpiry'), sent],
  ]) {
    const before = after(way);
    const [renewed, actions] = take(before, happened('RENEW'));
    t.deepEqual(givenBy([...way, happened('RENEW')]), {
      sendActivationMail: { sequence: before.context.mailSequence + 1, purpose: 'activation' },
    });
    t.is(renewed.context.proven, before.context.proven);
    const armed = actions.find(
      ({ type, params }) => type === 'xstate.raise' && params.id?.includes('reminderOrExpiry'),
    );
    t.is(armed?.params.delay, lifetimes.reminder);
  }
});

test('a submission without a kind is of the kind that the registration has', (t) => {
  const { kind: _, ...bare } = happened('SUBMITTED');
  t.is(stateOf(after([sent, bare])), 'creatingAccount');
  const refused = [sent, joined(), done('resolvePartner', 'codeInvalid')];
  t.is(after(refused).context.kind, 'partner');
  t.is(stateOf(after([...refused, bare])), 'resolvingPartner');
  t.is(after([...refused, happened('SUBMITTED')]).context.kind, 'customer');
});

const known = [
  ...['kind', 'lifetimes', 'mailSequence', 'mailPurpose', 'mailsSent', 'mailFailures', 'creationFailures', 'mailedAt'],
  ...['lookupFailures', 'proven', 'reminded', 'approved', 'awaited', 'submissionId', 'partnerId', 'problem', 'refusal'],
];

test('what the machine remembers is plain data of known names, none of them personal or secret', (t) => {
  const snapshots = new Set<Snapshot>([
    start()[0],
    ...everyPath({ reminder: undefined })
      .flat()
      .map(({ to }) => to),
  ]);
  for (const { context } of snapshots) {
    t.deepEqual(
      Object.keys(context).filter((name) => !known.includes(name)),
      [],
    );
    const values = Object.values({ ...context, ...context.lifetimes, lifetimes: 0 });
    t.true(values.every((value) => ['string', 'number', 'boolean', 'undefined'].includes(typeof value)));
  }
});

test('an event carries its type, time, actor and submission into the context and nothing else that came along', (t) => {
  const spiced = { ...happened('SUBMITTED'), email: 'a@example.com', password: 'secret', reason: 'because' };
  const { context } = after([sent, spiced]);
  t.notRegex(JSON.stringify(context), /example|secret|because/);
});
