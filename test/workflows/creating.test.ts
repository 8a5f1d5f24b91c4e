import { ApplicationFailure } from '@temporalio/common';
import anyTest, { type TestFn } from 'ava';
import type { Outcome } from '../../machines/registration.js';
import { lifetimes, minute } from '../machines/paths.js';
import { type Activities, Engine, type Mocks, type Opened } from './engine.js';
import { Held, settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

const submitted = { type: 'SUBMITTED', submissionId: 'submission-1', actor: 'registrant' };
const broken = () => ApplicationFailure.nonRetryable('the database said no', 'Broken');
/** Creations end one after the other as told: an outcome, or undefined for a failure. */
const creations =
  (...outcomes: (Outcome<'createAccount'> | undefined)[]): Mocks =>
  ({ records }) => ({
    createAccount: (input) => {
      const outcome = outcomes.shift();
      return outcome ? settle(records, input, outcome) : Promise.reject(broken());
    },
  });

const openAndSubmit = async (engine: Engine, mocks: Mocks, lifetimes = {}) => {
  const opened = await engine.open(lifetimes, mocks);
  await opened.rests('awaitingProof');
  return { opened, view: await opened.update(submitted) };
};

for (const problem of ['onboardingClosed', 'agreementOutdated'] as const) {
  test.serial(
    `a creation that is refused (${problem}) leads back to the page with the reason, and works later`,
    async (t) => {
      const { opened, view } = await openAndSubmit(t.context.engine, creations(problem, 'created'));
      t.is(view.state, 'awaitingDetails');
      t.is(view.problem, problem);
      t.is(opened.records.row?.problem, problem);
      t.is((await opened.update({ ...submitted, submissionId: 'submission-2' })).state, 'completed');
      t.deepEqual(opened.records.told().slice(1), [
        '2 awaitingProof SUBMITTED creatingAccount',
        `3 creatingAccount createAccount.${problem} awaitingDetails`,
        '4 awaitingDetails SUBMITTED creatingAccount',
        '5 creatingAccount createAccount.created completed',
      ]);
    },
  );
}

test.serial('an e-mail that was taken meanwhile ends the registration as one that has an account', async (t) => {
  const { opened, view } = await openAndSubmit(t.context.engine, creations('emailTaken'));
  t.is(view.state, 'alreadyRegistered');
  t.deepEqual(await opened.result(), { state: 'alreadyRegistered' });
});

test.serial('a wrong user type waits for an operator, whose RETRY creates the account', async (t) => {
  const { opened, view } = await openAndSubmit(t.context.engine, creations('userTypeInvalid', 'created'));
  t.is(view.state, 'creationBlocked');
  t.is(view.problem, 'userTypeInvalid');
  t.deepEqual(view.tags, ['attention']);
  t.deepEqual(view.allowed.sort(), ['CANCEL', 'RETRY']);
  t.is((await opened.update({ type: 'RETRY', actor: 'operator' })).state, 'completed');
});

test.serial(
  'a blocked creation is retried by itself after growing pauses, and given up when no operator comes',
  async (t) => {
    const opened = await t.context.engine.open({ operator: 20 * minute }, creations());
    await opened.rests('awaitingProof');
    await opened.signal(submitted);
    const pauses: number[] = [];
    for (let failures = 1; failures <= 4; failures++) {
      const view = await opened.viewWhen(
        ({ failures: { creation }, state }) => creation === failures && state === 'creationBlocked',
      );
      pauses.push(Math.round((view.deadlines.creationRetry! - view.since) / minute));
      t.is(view.problem, 'creationFailed');
      await opened.pass('creationRetry');
    }
    t.deepEqual(pauses, [2, 4, 8, 16]);
    // The next pause is 32 minutes, longer than an operator has.
    await opened.viewWhen(({ failures: { creation }, state }) => creation === 5 && state === 'creationBlocked');
    await opened.pass('operatorDeadline');
    t.deepEqual(await opened.result(), { state: 'expired' });
    t.is(opened.records.told().at(-1), '12 creationBlocked after operatorDeadline expired');
    t.deepEqual(
      opened.recorded().map(({ sequence }) => sequence),
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
  },
);

test.serial('a database that does not answer at once makes the creation an activity of its own', async (t) => {
  let tries = 0;
  const { opened, view } = await openAndSubmit(t.context.engine, ({ records }) => ({
    createAccount: (input) => (++tries <= 3 ? Promise.reject(new Error('away')) : settle(records, input, 'created')),
  }));
  t.is(view.state, 'completed');
  t.is(tries, 4, 'three times within the task, then once more');
  const scheduled = (await opened.history()).filter(
    ({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED',
  );
  t.is(scheduled.length, 1);
  t.regex(JSON.stringify(scheduled[0]), /createAccount/);
  t.deepEqual(opened.records.words, [2]);
});

test.serial('steps that cannot be recorded at once are recorded by an activity, which does not give up', async (t) => {
  let tries = 0;
  const opened = await t.context.engine.open({}, ({ records }) => ({
    recordTransitions: async ({ transitions }) => {
      if (++tries <= 6) throw new Error('away');
      records.write(transitions);
      return {};
    },
  }));
  await opened.rests('awaitingProof');
  const proven = opened.update({ type: 'PROVEN', actor: 'registrant' });
  await opened.historyHas('ACTIVITY_TASK_SCHEDULED');
  await t.context.engine.sleep('30s');
  t.is((await proven).state, 'awaitingDetails', 'answered when it is recorded, not before');
  t.is(tries, 7);
  t.deepEqual(opened.records.words, [2]);
  t.is((await opened.update(submitted)).state, 'completed');
});

test.serial('an outcome that this workflow does not know is a failure, and the step is recorded', async (t) => {
  const { opened, view } = await openAndSubmit(t.context.engine, () => ({
    createAccount: () => Promise.resolve({ outcome: 'paymentDue' }) as never,
  }));
  t.is(view.state, 'creationBlocked');
  t.is(view.problem, 'creationFailed');
  t.is(opened.records.told().at(-1), '3 creatingAccount createAccount.failed creationBlocked');
  await opened.update({ type: 'CANCEL' });
});

test.serial('a submit overtakes a mail that is being sent, whose late result changes nothing', async (t) => {
  const { opened, mail, creation } = await overtake(t.context.engine);
  const { records } = opened;
  creation.answer(settle(records, creation.input, 'onboardingClosed'));
  await opened.rests('awaitingDetails');
  const before = records.told();
  mail.answer(settle(records, mail.input, 'sent'));
  await opened.update({ ...submitted, submissionId: 'submission-2' });
  t.deepEqual(records.told().slice(0, before.length), before);
  t.deepEqual(records.contradictions, []);
});

test.serial(
  'a mail that is sent in the middle of the creation lets it run twice at most, and changes nothing either',
  async (t) => {
    const { opened, mail, creation, held } = await overtake(t.context.engine);
    const { records } = opened;
    mail.answer(settle(records, mail.input, 'sent'));
    await records.until(() => records.lines.size === 3);
    t.is(records.told()[2], '3 sendingActivation sendActivationMail.sent awaitingProof', 'the promise of the mail');
    creation.answer(settle(records, creation.input, 'created'));
    // The workflow cannot end over an event that it has not seen: the server repeats the task, and with it the creation.
    const repeated = await held.next();
    t.deepEqual(repeated.input.submissionId, creation.input.submissionId);
    repeated.answer(settle(records, repeated.input, 'created'));
    t.deepEqual(await opened.result(), { state: 'completed' });
    t.deepEqual(records.told().slice(2), [
      '3 sendingActivation SUBMITTED creatingAccount',
      '4 creatingAccount createAccount.created completed',
    ]);
    t.is(records.state, 'completed');
  },
);

/** A registration that is submitted through its first link while a second mail is on its way. */
async function overtake(engine: Engine) {
  type Call<Name extends 'sendActivationMail' | 'createAccount'> = Held<
    Parameters<Activities[Name]>[0],
    Awaited<ReturnType<Activities[Name]>>
  >;
  const mails: Call<'sendActivationMail'> = new Held();
  const held: Call<'createAccount'> = new Held();
  let second = false;
  const opened: Opened = await engine.open({}, ({ records }) => ({
    sendActivationMail: (input) => (second ? mails.run(input) : settle(records, input, 'sent')),
    createAccount: (input) =>
      input.submissionId === 'submission-2' ? settle(opened.records, input, 'created') : held.run(input),
  }));
  await opened.rests('awaitingProof');
  second = true;
  await engine.sleep(lifetimes.resendCooldown + 1000);
  await opened.signal({ type: 'LINK_REQUESTED' });
  const mail = await mails.next();
  await opened.signal(submitted);
  return { opened, mail, creation: await held.next(), held };
}
