import anyTest, { type TestFn } from 'ava';
import type { Outcome } from '../../machines/registration.js';
import { lifetimes, minute } from '../machines/paths.js';
import { type Activities, Engine, type Mocks, type Opened } from './engine.js';
import { failing, join, linesWith, type Notice, noteNotices } from './partners.js';
import { Held, settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

const submitted = { type: 'SUBMITTED', submissionId: 'submission-1', actor: 'registrant' };
const byOperator = (type: string) => ({ type, actor: 'operator' });
type Creation = Parameters<Activities['createAccount']>[0];

/** Creations that end one after the other as told; undefined is a failure, which is tried once more by itself. */
function creations(outcomes: (Outcome<'createAccount'> | undefined)[], notices: Notice[] = []) {
  const given: Creation[] = [];
  const mocks: Mocks = (opened) => ({
    ...noteNotices(notices)(opened),
    createAccount: (input) => {
      given.push(input);
      const outcome = outcomes.shift();
      return outcome ? settle(opened.records, input, outcome) : failing();
    },
  });
  return { mocks, given, notices };
}

async function openAndSubmit(engine: Engine, mocks: Mocks, event: object = submitted, times = {}) {
  const opened = await engine.open(times, mocks);
  await opened.rests('awaitingProof');
  const view = await opened.update(event as typeof submitted);
  if (view.state === 'awaitingApproval') await opened.quiet();
  return { opened, view };
}

for (const [who, event] of Object.entries({ 'a customer': submitted, 'a partner': join }))
  test.serial(`${who} who needs approval is told to wait, and after APPROVE has an account and a mail`, async (t) => {
    const { mocks, given, notices } = creations(['approvalNeeded', 'created']);
    const { opened, view } = await openAndSubmit(t.context.engine, mocks, event);
    t.is(view.state, 'awaitingApproval');
    t.deepEqual(view.tags, ['attention']);
    t.is(view.problem, undefined);
    t.deepEqual(view.allowed.sort(), ['APPROVE', 'CANCEL', 'DECLINE']);
    t.deepEqual(Object.keys(view.deadlines), ['operatorDeadline']);
    t.is((await opened.update(byOperator('APPROVE'))).state, 'completed');
    t.deepEqual(await opened.result(), { state: 'completed' });
    t.deepEqual(
      given.map(({ approved }) => approved),
      [false, true],
    );
    t.deepEqual(notices, [
      ['notifyApprovalAwaited', 2],
      ['account-ready', 3],
    ]);
    t.like(
      opened.recorded().find(({ event }) => event === 'APPROVE'),
      { actor: 'operator', to: 'creatingAccount' },
    );
  });

test.serial('who is declined is told so, and has no account', async (t) => {
  const { mocks, given, notices } = creations(['approvalNeeded']);
  const { opened } = await openAndSubmit(t.context.engine, mocks);
  t.is((await opened.update(byOperator('DECLINE'))).state, 'declined');
  t.deepEqual(await opened.result(), { state: 'declined' });
  t.is(given.length, 1);
  t.deepEqual(notices.at(-1), ['declined', 3]);
  t.like(opened.records.row, { to: 'declined', final: true, attention: false });
});

test.serial('what nobody approves in time ends, and the person is told', async (t) => {
  const { mocks, notices } = creations(['approvalNeeded']);
  const { opened, view } = await openAndSubmit(t.context.engine, mocks);
  t.true(Math.abs(view.deadlines.operatorDeadline! - view.since - lifetimes.operator) < minute);
  await opened.pass('operatorDeadline');
  t.deepEqual(await opened.result(), { state: 'expired' });
  t.deepEqual(notices.at(-1), ['ended', 3]);
});

test.serial('of an APPROVE and a DECLINE at once one wins, and the other changes nothing', async (t) => {
  const { mocks, given } = creations(['approvalNeeded', 'created']);
  const { opened } = await openAndSubmit(t.context.engine, mocks);
  await Promise.allSettled([byOperator('APPROVE'), byOperator('DECLINE')].map((event) => opened.update(event)));
  const { state } = (await opened.result()) as { state: string };
  t.is(linesWith(opened, 'awaitingApproval APPROVE') + linesWith(opened, 'awaitingApproval DECLINE'), 1);
  t.is(given.length > 1, state === 'completed');
  t.deepEqual(opened.records.contradictions, []);
});

test.serial('an approval outlives a creation that fails after it', async (t) => {
  const { mocks, given } = creations(['approvalNeeded', undefined, undefined, 'created']);
  const { opened } = await openAndSubmit(t.context.engine, mocks);
  t.is((await opened.update(byOperator('APPROVE'))).state, 'creationBlocked');
  t.is((await opened.update(byOperator('RETRY'))).state, 'completed');
  t.deepEqual(
    given.map(({ approved }) => approved),
    [false, true, true, true],
  );
});

test.serial(
  'while registration is closed, what a person who has left sent is held, and becomes an account later',
  async (t) => {
    const { mocks, notices } = creations(['approvalNeeded', 'onboardingClosed', 'onboardingClosed', 'created']);
    const { opened } = await openAndSubmit(t.context.engine, mocks);
    const view = await opened.update(byOperator('APPROVE'));
    t.is(view.state, 'creationBlocked');
    t.is(view.problem, 'onboardingClosed');
    t.is((await opened.update(byOperator('RETRY'))).problem, 'onboardingClosed', 'still closed');
    await opened.pass('creationRetry');
    t.deepEqual(await opened.result(), { state: 'completed' });
    t.deepEqual(notices, [
      ['notifyApprovalAwaited', 2],
      ['account-ready', 3],
    ]);
  },
);

test.serial('terms that have changed while the approval was awaited are mailed to be accepted anew', async (t) => {
  const { mocks, given } = creations(['approvalNeeded', 'agreementOutdated', 'created']);
  const mails: string[] = [];
  const { opened } = await openAndSubmit(t.context.engine, (opened) => ({
    ...mocks(opened),
    sendActivationMail: (input) => {
      mails.push(`${input.sequence} ${input.purpose}`);
      return settle(opened.records, input, 'sent');
    },
  }));
  const view = await opened.update(byOperator('APPROVE'));
  t.is(view.state, 'awaitingDetails');
  t.is(view.problem, 'agreementOutdated');
  t.deepEqual(mails, ['1 activation', '3 continue']);
  t.is((await opened.update({ ...submitted, submissionId: 'submission-2' })).state, 'completed');
  t.deepEqual(
    given.map(({ approved, submissionId }) => [approved, submissionId]),
    [
      [false, 'submission-1'],
      [true, 'submission-1'],
      [false, 'submission-2'],
    ],
    'an approval is for what was approved',
  );
});

test.serial('the answer to an operator does not wait for the mail about the outcome', async (t) => {
  const { mocks } = creations(['approvalNeeded', 'created']);
  const held: Held<object, void> = new Held();
  const { opened } = await openAndSubmit(t.context.engine, (opened) => ({
    ...mocks(opened),
    tellOutcome: held.run,
  }));
  t.is((await opened.update(byOperator('APPROVE'))).state, 'completed');
  const call = await held.next();
  t.true(await opened.isRunning());
  t.deepEqual((await opened.view()).allowed, [], 'it has ended, but for the mail');
  await opened.handle.signal('requestLink');
  call.answer();
  t.deepEqual(await opened.result(), { state: 'completed' });
  t.is(opened.records.state, 'completed');
});

test.serial('an outcome that cannot be mailed changes nothing about it', async (t) => {
  const { mocks } = creations(['approvalNeeded', 'created']);
  const { opened } = await openAndSubmit(t.context.engine, (opened) => ({ ...mocks(opened), tellOutcome: failing }));
  await opened.update(byOperator('APPROVE'));
  t.deepEqual(await opened.result(), { state: 'completed' });
});

test.serial('who was there all the time is mailed nothing about the outcome', async (t) => {
  const { mocks, notices } = creations(['created']);
  const { opened } = await openAndSubmit(t.context.engine, mocks);
  t.deepEqual(await opened.result(), { state: 'completed' });
  const cancelled: Opened = await t.context.engine.open({}, mocks);
  await cancelled.rests('awaitingProof');
  await cancelled.update(byOperator('CANCEL'));
  t.deepEqual(await cancelled.result(), { state: 'cancelled' });
  t.deepEqual(notices, []);
});
