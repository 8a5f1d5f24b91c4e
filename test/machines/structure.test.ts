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
  nameOf,
  nodes,
  type Snapshot,
  start,
  stateOf,
} from './paths.js';

const leaves = nodes().filter((node) => Object.keys(node.states).length === 0);

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
  for (const leaf of leaves) {
    const { title, waitsFor, advice } = leaf.meta as StateMeta;
    for (const words of [title, waitsFor, advice]) t.regex(words, /^\S.+\S$/, leaf.key);
    t.true(advice.endsWith('.'), `${leaf.key}: the advice is a sentence`);
  }
});

test('no two states have the same name, for a state is known by it', (t) => {
  const names = leaves.map(({ key }) => key);
  t.deepEqual(names, [...new Set(names)]);
});

test('a state is busy exactly while an effect runs; every other says whose turn it is, unless it is an end', (t) => {
  for (const leaf of leaves) {
    const expected = leaf.invoke.length > 0 ? [['busy']] : leaf.type === 'final' ? [[]] : [['person'], ['attention']];
    t.true(
      expected.some((tags) => tags.join() === leaf.tags.join()),
      `${leaf.key} is tagged ${leaf.tags.join()}`,
    );
  }
});

/** With whom the first guard that fits decides: a table of every outcome, which the compiler keeps complete. */
const outcomes = {
  sendActivationMail: { sent: 'awaitingProof', accountExists: 'alreadyRegistered', mailRefused: 'mailUndeliverable' },
  createAccount: {
    created: 'completed',
    emailTaken: 'alreadyRegistered',
    onboardingClosed: 'awaitingDetails',
    agreementOutdated: 'awaitingDetails',
    userTypeInvalid: 'creationBlocked',
  },
} satisfies { [Effect in keyof typeof effectOutcomes]: Record<(typeof effectOutcomes)[Effect][number], string> };

test('every outcome of every effect leads where it should', (t) => {
  const before = { sendActivationMail: [], createAccount: [done('sendActivationMail', 'sent'), happened('SUBMITTED')] };
  for (const effect of effects)
    for (const [outcome, state] of Object.entries(outcomes[effect]))
      t.is(stateOf(after([...before[effect], done(effect, outcome)])), state, `${effect}.${outcome}`);
});

test('at most one outcome of an effect is not named by a guard, so that a new one cannot slip through', (t) => {
  for (const node of nodes().filter(({ invoke }) => invoke.length > 0)) {
    const effect = node.invoke[0]!.src as keyof typeof effectOutcomes;
    const named = node.transitions
      .get(`xstate.done.actor.${effect}`)!
      .map(({ guard }) => (guard as { params?: string } | undefined)?.params);
    const unnamed = effectOutcomes[effect].filter((outcome) => !named.includes(outcome));
    t.true(unnamed.length <= 1, `${effect}: ${unnamed.join()}`);
    t.deepEqual(
      named.filter((outcome) => outcome && !(effectOutcomes[effect] as readonly string[]).includes(outcome)),
      [],
    );
  }
});

test('while the account is created nothing from outside cuts in, neither a person nor a timer', (t) => {
  const creating = after([done('sendActivationMail', 'sent'), happened('SUBMITTED')]);
  const types = getNextTransitions(creating).map(({ eventType }) => eventType as string);
  t.deepEqual([...new Set(types)].sort(), ['xstate.done.actor.createAccount', 'xstate.error.actor.createAccount']);
});

test('a creation that is done ends the registration as completed, whatever went before', (t) => {
  const before = [
    [],
    [happened('PROVEN')],
    [happened('SUBMITTED'), failed('createAccount'), happened('RETRY')],
    [happened('SUBMITTED'), done('createAccount', 'onboardingClosed')],
  ];
  for (const way of before) {
    const events = [done('sendActivationMail', 'sent'), ...way];
    const isCreating = stateOf(after(events)) === 'creatingAccount';
    const creating = isCreating ? events : [...events, happened('SUBMITTED')];
    t.is(stateOf(after([...creating, done('createAccount', 'created')])), 'completed', way.map(nameOf).join());
  }
});

const known = [
  ...['kind', 'lifetimes', 'mailSequence', 'mailPurpose', 'mailsSent', 'mailFailures', 'creationFailures', 'mailedAt'],
  ...['proven', 'reminded', 'submissionId', 'problem'],
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
  const { context } = after([done('sendActivationMail', 'sent'), spiced]);
  t.notRegex(JSON.stringify(context), /example|secret|because/);
});
