import { ApplicationFailure } from '@temporalio/common';
import anyTest, { type TestFn } from 'ava';
import { Engine } from './engine.js';
import { settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

/**
 * The whole history of a customer who registers without a detour. Each event costs the database of Temporal, each
 * workflow task a round trip; whoever makes this longer has to say why in docs/operating.md, which tells the numbers.
 */
const happyPath = [
  'WORKFLOW_EXECUTION_STARTED',
  'WORKFLOW_TASK_SCHEDULED',
  // The first task starts the lifetime and sends the mail, as a local activity, which also records the step.
  'WORKFLOW_TASK_STARTED',
  'WORKFLOW_TASK_COMPLETED',
  'TIMER_STARTED',
  'MARKER_RECORDED',
  'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
  // The second is the submit: the account is created inside it, likewise.
  'WORKFLOW_TASK_SCHEDULED',
  'WORKFLOW_TASK_STARTED',
  'WORKFLOW_TASK_COMPLETED',
  'WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
  'MARKER_RECORDED',
  'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
  'WORKFLOW_EXECUTION_UPDATE_COMPLETED',
  'WORKFLOW_EXECUTION_COMPLETED',
];

test.serial(
  'a registration without a detour takes 15 events, two workflow tasks and two local activities',
  async (t) => {
    const opened = await t.context.engine.open();
    // Not asked by a query, which makes the test server add a workflow task.
    await opened.historyHas('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES');
    const view = await opened.update({ type: 'SUBMITTED', submissionId: 'submission-1', actor: 'registrant' });
    t.is(view.state, 'completed', 'the submit comes back with the outcome');
    t.deepEqual(await opened.result(), { state: 'completed' });

    const types = await opened.eventTypes();
    t.deepEqual(types, happyPath);
    t.is(types.length, 15);
    t.is(types.filter((type) => type === 'WORKFLOW_TASK_COMPLETED').length, 2);
    t.false(types.includes('ACTIVITY_TASK_SCHEDULED'));
  },
);

test.serial(
  'a mail server that does not take the first mail at once makes the mail an activity of its own',
  async (t) => {
    let tries = 0;
    const opened = await t.context.engine.open({}, ({ records }) => ({
      sendActivationMail: (input) =>
        ++tries === 1
          ? Promise.reject(ApplicationFailure.retryable('mail server: ETIMEDOUT', 'MailServerUnavailable'))
          : settle(records, input, 'sent'),
    }));
    await opened.rests('awaitingProof');
    t.is(tries, 2);
    t.true((await opened.eventTypes()).includes('ACTIVITY_TASK_COMPLETED'));
    t.deepEqual(opened.records.told(), ['1 sendingActivation sendActivationMail.sent awaitingProof']);
    await opened.update({ type: 'CANCEL' });
  },
);

test.serial('who was started by an API that knows nothing of that goes the longer way', async (t) => {
  const opened = await t.context.engine.open({}, () => ({}), 'customer', { mailAtOnce: undefined });
  await opened.rests('awaitingProof');
  t.true((await opened.eventTypes()).includes('ACTIVITY_TASK_COMPLETED'));
  await opened.update({ type: 'CANCEL' });
});

test.serial('each step of it is recorded once, by the effect that it leads to or that leads to it', async (t) => {
  const opened = await t.context.engine.open({}, () => ({
    recordTransitions: () => t.fail('nothing is left to record') as never,
  }));
  await opened.rests('awaitingProof');
  await opened.update({ type: 'SUBMITTED', submissionId: 'submission-1', actor: 'registrant' });
  t.deepEqual(opened.records.told(), [
    '1 sendingActivation sendActivationMail.sent awaitingProof',
    '2 awaitingProof SUBMITTED creatingAccount',
    '3 creatingAccount createAccount.created completed',
  ]);
  t.deepEqual(opened.records.words, [2]);
  t.deepEqual(
    opened.recorded().map(({ actor, final }) => [actor, final]),
    [
      ['system', false],
      ['registrant', false],
      ['system', true],
    ],
  );
});

test.serial('a draft before the submit adds one workflow task', async (t) => {
  const opened = await t.context.engine.open();
  await opened.historyHas('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES');
  t.is((await opened.update({ type: 'PROVEN', actor: 'registrant' })).state, 'awaitingDetails');
  t.is((await opened.update({ type: 'SUBMITTED', submissionId: 'submission-1' })).state, 'completed');
  t.is((await opened.eventTypes()).filter((type) => type === 'WORKFLOW_TASK_COMPLETED').length, 3);
  t.deepEqual(opened.records.told()[1], '2 awaitingProof PROVEN awaitingDetails');
});

test.serial('the history holds references and codes only', async (t) => {
  const opened = await t.context.engine.open();
  await opened.rests('awaitingProof');
  await opened.update({ type: 'SUBMITTED', submissionId: 'submission-1', actor: 'registrant' });
  const events = JSON.stringify(await opened.history());
  const decoded = [...events.matchAll(/"data":"([^"]*)"/g)].map(([, data]) => Buffer.from(data!, 'base64').toString());
  t.notRegex(decoded.join(), /@|password|token/i);
  t.true(decoded.some((payload) => payload.includes(opened.registrationId)));
});
