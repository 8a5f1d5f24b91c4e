import anyTest, { type TestFn } from 'ava';
import { Engine } from './engine.js';

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
  'WORKFLOW_EXECUTION_SIGNALED',
  // The first task starts the lifetime and the mail.
  'WORKFLOW_TASK_STARTED',
  'WORKFLOW_TASK_COMPLETED',
  'TIMER_STARTED',
  'ACTIVITY_TASK_SCHEDULED',
  'ACTIVITY_TASK_STARTED',
  'ACTIVITY_TASK_COMPLETED',
  // The second tells the Temporal UI that the mail went out; the mail itself has recorded the step.
  'WORKFLOW_TASK_SCHEDULED',
  'WORKFLOW_TASK_STARTED',
  'WORKFLOW_TASK_COMPLETED',
  'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
  // The third is the submit: the account is created inside it, as a local activity, which also records both steps.
  'WORKFLOW_TASK_SCHEDULED',
  'WORKFLOW_TASK_STARTED',
  'WORKFLOW_TASK_COMPLETED',
  'WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
  'MARKER_RECORDED',
  'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
  'WORKFLOW_EXECUTION_UPDATE_COMPLETED',
  'WORKFLOW_EXECUTION_COMPLETED',
];

test.serial('a registration without a detour takes 21 events, three workflow tasks and one activity', async (t) => {
  const opened = await t.context.engine.open();
  // Not asked by a query, which makes the test server add a workflow task.
  await opened.historyHas('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES');
  const view = await opened.update({ type: 'SUBMITTED', submissionId: 'submission-1', actor: 'registrant' });
  t.is(view.state, 'completed', 'the submit comes back with the outcome');
  t.deepEqual(await opened.handle.result(), { state: 'completed' });

  const types = await opened.eventTypes();
  t.deepEqual(types, happyPath);
  t.is(types.length, 21);
  t.is(types.filter((type) => type === 'WORKFLOW_TASK_COMPLETED').length, 3);
  t.is(types.filter((type) => type === 'ACTIVITY_TASK_SCHEDULED').length, 1);
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
  t.is((await opened.eventTypes()).filter((type) => type === 'WORKFLOW_TASK_COMPLETED').length, 4);
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
