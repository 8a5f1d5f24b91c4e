import { ApplicationFailure } from '@temporalio/common';
import anyTest, { type TestFn } from 'ava';
import { lifetimes, minute } from '../machines/paths.js';
import { type Activities, Engine, type Mocks, type Opened } from './engine.js';
import { failing, join, linesWith, type Notice, noteNotices } from './partners.js';
import { Held, settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

const retry = { type: 'RETRY', actor: 'operator' };
const askProvider = { resolvePartner: async () => ({ outcome: 'askProvider' as const }) };

/** Answers of the provider, one after the other, then `found`; `down` is a failure that is not retried by itself. */
const provider =
  (...answers: ('found' | 'codeInvalid' | 'misconfigured' | 'down')[]): Mocks =>
  ({ records }) => ({
    ...askProvider,
    lookUpPartner: (input) => {
      const answer = answers.shift() ?? 'found';
      return answer === 'down' ? failing() : settle(records, input, answer);
    },
  });

async function openAndJoin(engine: Engine, mocks: Mocks, times = {}) {
  const opened = await engine.open(times, mocks, 'partner');
  await opened.rests('awaitingProof');
  const view = await opened.update(join);
  if (view.state === 'lookupParked') await opened.quiet();
  return { opened, view };
}
const scheduled = async (opened: Opened) =>
  (await opened.history()).filter(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');

test.serial(
  'a partner whose code is in our own table is registered within the submit, and nobody else asked',
  async (t) => {
    const { opened, view } = await openAndJoin(t.context.engine, () => ({
      lookUpPartner: () => t.fail('the code is ours') as never,
    }));
    t.is(view.state, 'completed');
    t.deepEqual(opened.records.told().slice(1), [
      '2 awaitingProof SUBMITTED resolvingPartner',
      '3 resolvingPartner resolvePartner.found creatingAccount',
      '4 creatingAccount createAccount.created completed',
    ]);
    t.deepEqual(await opened.result(), { state: 'completed' });
    t.is((await scheduled(opened)).length, 0);
  },
);

test.serial(
  'a code that is not ours is looked up on a queue of its own, and the submit waits for the answer',
  async (t) => {
    const { opened, view } = await openAndJoin(t.context.engine, provider('found'));
    t.is(view.state, 'completed');
    const queues = (await scheduled(opened)).map(
      (event) => JSON.stringify(event).match(/"name":"(registrations[^"]*)"/)?.[1],
    );
    t.deepEqual(queues, ['registrations-provider']);
    t.deepEqual(opened.records.words, [2], 'the submit is recorded by the lookup, once');
  },
);

for (const [where, mocks] of Object.entries({
  'in our own table': (({ records }) => ({
    resolvePartner: (input) => settle(records, input, input.submissionId === 'submission-1' ? 'codeInvalid' : 'found'),
  })) as Mocks,
  'to the provider': provider('codeInvalid', 'found'),
}))
  test.serial(`a code that is not known ${where} is told in the answer to the submit, and another works`, async (t) => {
    const { opened, view } = await openAndJoin(t.context.engine, mocks);
    t.is(view.state, 'awaitingDetails');
    t.is(view.problem, 'partnerCodeInvalid');
    t.deepEqual(view.failures, { mail: 0, creation: 0, lookup: 0 });
    t.is(opened.records.row?.problem, 'partnerCodeInvalid');
    t.is((await opened.update({ ...join, submissionId: 'submission-2' })).state, 'completed');
  });

test.serial('a provider that does not answer at once is asked again within a minute, without a step', async (t) => {
  let tries = 0;
  const opened = await t.context.engine.open({}, ({ records }) => ({
    ...askProvider,
    lookUpPartner: (input) => (++tries < 3 ? Promise.reject(new Error('away')) : settle(records, input, 'found')),
  }));
  await opened.rests('awaitingProof');
  const submitting = opened.update(join);
  await opened.viewWhen(({ state }) => state === 'resolvingPartner');
  await t.context.engine.sleep('30s');
  t.is((await submitting).state, 'completed');
  t.is(tries, 3);
  t.is(opened.records.lines.size, 4);
});

for (const way of ['updates', 'signals'] as const)
  test.serial(
    `a provider that is down parks the lookup: the person is told once, RETRY by ${way} completes it, and that is told`,
    async (t) => {
      const notices: Notice[] = [];
      const down = provider('down', 'down', 'down', 'found');
      const { opened, view } = await openAndJoin(t.context.engine, (opened) => ({
        ...down(opened),
        ...noteNotices(notices)(opened),
      }));
      t.is(view.state, 'lookupParked');
      t.is(view.problem, 'providerUnavailable');
      t.deepEqual(view.tags, ['attention']);
      t.deepEqual(view.allowed.sort(), ['ASSIGN_PARTNER', 'CANCEL', 'RETRY']);
      t.deepEqual(Object.keys(view.deadlines).sort(), ['lookupRetry', 'operatorDeadline']);
      for (let failures = 1; failures <= 3; failures++) {
        await opened.viewWhen(({ failures: { lookup }, state }) => lookup === failures && state === 'lookupParked');
        if (way === 'signals') await opened.signal(retry);
        else t.is((await opened.update(retry)).state, failures < 3 ? 'lookupParked' : 'completed');
      }
      t.deepEqual(await opened.result(), { state: 'completed' });
      t.deepEqual(notices, [
        ['notifyLookupDelayed', 2],
        ['account-ready', 3],
      ]);
      t.is(opened.records.told().filter((line) => line.includes('RETRY')).length, 3);
      t.deepEqual(opened.records.contradictions, []);
    },
  );

test.serial(
  'a parked lookup is tried again by itself, each time after twice the pause, until it succeeds',
  async (t) => {
    const notices: Notice[] = [];
    const down = provider('down', 'down', 'down', 'down');
    const { opened } = await openAndJoin(t.context.engine, (opened) => ({
      ...down(opened),
      ...noteNotices(notices)(opened),
    }));
    const pauses: number[] = [];
    for (let failures = 1; failures <= 4; failures++) {
      const view = await opened.viewWhen(
        ({ failures: { lookup }, state }) => lookup === failures && state === 'lookupParked',
      );
      pauses.push(Math.round((view.deadlines.lookupRetry! - view.since) / minute));
      await opened.pass('lookupRetry');
    }
    t.deepEqual(pauses, [5, 10, 20, 40]);
    t.deepEqual(await opened.result(), { state: 'completed' });
    t.deepEqual(notices, [
      ['notifyLookupDelayed', 2],
      ['account-ready', 3],
    ]);
  },
);

test.serial('a lookup that nobody mends is given up after the time an operator has, and the person told', async (t) => {
  const notices: Notice[] = [];
  const { opened } = await openAndJoin(
    t.context.engine,
    (opened) => ({ ...provider('down')(opened), ...noteNotices(notices)(opened) }),
    { operator: 3 * minute },
  );
  await opened.pass('operatorDeadline');
  t.deepEqual(await opened.result(), { state: 'expired' });
  t.deepEqual(notices.at(-1), ['ended', 3]);
});

test.serial('a partner whom an operator assigns is the one that the account is made for', async (t) => {
  const creations: Parameters<Activities['createAccount']>[0][] = [];
  const { opened } = await openAndJoin(t.context.engine, (opened) => ({
    ...provider('down')(opened),
    createAccount: (input) => {
      creations.push(input);
      return settle(opened.records, input, 'created');
    },
  }));
  await t.throwsAsync(opened.update({ type: 'ASSIGN_PARTNER', actor: 'operator' }));
  await opened.signal({ type: 'ASSIGN_PARTNER', actor: 'operator' });
  t.is((await opened.view()).state, 'lookupParked', 'without a partner it is refused, or ignored');
  const view = await opened.update({ type: 'ASSIGN_PARTNER', partnerId: 'partner-7', actor: 'operator' });
  t.is(view.state, 'completed');
  t.is(view.problem, undefined);
  t.like(creations, [{ partnerId: 'partner-7', submissionId: 'submission-1', approved: false }]);
});

test.serial('a provider that is not set up right parks the lookup with that reason, and is asked again', async (t) => {
  const { opened, view } = await openAndJoin(t.context.engine, provider('misconfigured', 'down', 'found'));
  t.is(view.state, 'lookupParked');
  t.is(view.problem, 'providerMisconfigured');
  t.is((await opened.update(retry)).problem, 'providerUnavailable');
  t.is((await opened.update(retry)).state, 'completed');
});

test.serial('a code that turns out to be wrong after the person has left is mailed, and its reason kept', async (t) => {
  const mails: [string, number][] = [];
  const { opened } = await openAndJoin(t.context.engine, (opened) => ({
    ...provider('down', 'codeInvalid', 'found')(opened),
    sendActivationMail: (input) => {
      mails.push([input.purpose, input.sequence]);
      return settle(opened.records, input, 'sent');
    },
    tellOutcome: () => t.fail('the person is there again') as never,
  }));
  const view = await opened.update(retry);
  t.is(view.state, 'awaitingDetails');
  t.is(view.problem, 'partnerCodeInvalid');
  t.deepEqual(mails, [
    ['activation', 1],
    ['continue', 3],
  ]);
  t.is(opened.records.row?.problem, 'partnerCodeInvalid');
  t.is((await opened.update({ ...join, submissionId: 'submission-2' })).state, 'completed');
  t.deepEqual(await opened.result(), { state: 'completed' });
});

test.serial('who asks again while the lookup is parked is told again, and no timer starts anew', async (t) => {
  const notices: Notice[] = [];
  const { opened, view } = await openAndJoin(t.context.engine, (opened) => ({
    ...provider('down')(opened),
    ...noteNotices(notices)(opened),
  }));
  await opened.handle.signal('requestLink');
  await t.context.engine.sleep(lifetimes.resendCooldown + 1000);
  await opened.handle.signal('requestLink');
  await opened.records.until(() => linesWith(opened, 'notifyLookupDelayed.told') === 2);
  const again = await opened.rests('lookupParked');
  t.deepEqual(again.deadlines, view.deadlines);
  t.is(again.since, view.since, 'it stands there since it was parked');
  t.deepEqual(notices, [
    ['notifyLookupDelayed', 2],
    ['notifyLookupDelayed', 3],
  ]);
  await opened.update({ type: 'CANCEL', actor: 'operator' });
});

test.serial('a person who cannot be told of the delay is waited for none the less', async (t) => {
  const { opened, view } = await openAndJoin(t.context.engine, (opened) => ({
    ...provider('down')(opened),
    notifyLookupDelayed: failing,
  }));
  t.is(view.state, 'lookupParked');
  t.is(opened.records.told().at(-1), '4 lookupParked notifyLookupDelayed.failed lookupParked');
  t.is((await opened.update(retry)).state, 'completed');
});

test.serial(
  'the submit is answered once the lookup is parked, while the mail about it is still under way',
  async (t) => {
    const held: Held<Parameters<Activities['notifyLookupDelayed']>[0], { outcome: 'told' }> = new Held();
    const opened = await t.context.engine.open({}, (opened) => ({
      ...provider('down', 'found')(opened),
      notifyLookupDelayed: held.run,
    }));
    await opened.rests('awaitingProof');
    t.is((await opened.update(join)).state, 'lookupParked');
    t.like(opened.records.row, { to: 'lookupParked', attention: true, problem: 'providerUnavailable' });
    t.is(await attributeOf(opened, 'RegistrationState'), 'lookupParked', 'and support finds it');
    const call = await held.next();
    t.deepEqual(call.input.record.pending, [], 'recorded without it');
    call.answer(settle(opened.records, call.input, 'told'));
    await opened.quiet();
    t.is((await opened.update(retry)).state, 'completed');
    t.deepEqual(opened.records.words, [...new Set(opened.records.words)], 'and once');
  },
);

/** A parked registration whose next lookups wait for the test. */
async function parkAndHold(engine: Engine) {
  const held: Held<
    Parameters<Activities['lookUpPartner']>[0],
    Awaited<ReturnType<Activities['lookUpPartner']>>
  > = new Held();
  let calls = 0;
  const { opened } = await openAndJoin(engine, () => ({
    ...askProvider,
    lookUpPartner: (input) => (++calls === 1 ? failing() : held.run(input)),
  }));
  return { opened, held, lookups: () => calls - 1 };
}

test.serial('of many RETRY at once one lookup runs, and its one result is applied', async (t) => {
  const { opened, held, lookups } = await parkAndHold(t.context.engine);
  const retries = [
    ...Array.from({ length: 4 }, () => opened.update(retry)),
    ...Array.from({ length: 4 }, () => opened.signal(retry)),
  ];
  const all = Promise.allSettled(retries);
  const call = await held.next();
  await t.throwsAsync(opened.update(retry), undefined, 'refused while the lookup runs');
  t.is(lookups(), 1);
  call.answer(settle(opened.records, call.input, 'found'));
  await all;
  t.deepEqual(await opened.result(), { state: 'completed' });
  t.is(lookups(), 1);
  t.is(linesWith(opened, ' RETRY '), 1);
  t.is(linesWith(opened, 'resolvePartner.found'), 1);
  t.deepEqual(opened.records.contradictions, []);
});

test.serial('a RETRY while an automatic retry runs starts no second one', async (t) => {
  const { opened, held, lookups } = await parkAndHold(t.context.engine);
  await opened.pass('lookupRetry');
  const call = await held.next();
  await opened.signal(retry);
  await t.throwsAsync(opened.update(retry));
  call.fail(ApplicationFailure.nonRetryable('down', 'Down'));
  await opened.viewWhen(({ failures: { lookup }, state }) => lookup === 2 && state === 'lookupParked');
  t.is(lookups(), 1);
  t.is(linesWith(opened, ' RETRY '), 0, 'what came too early is not made up for');
  await opened.update({ type: 'CANCEL', actor: 'operator' });
});

test.serial('a provider that hangs holds up nobody else', async (t) => {
  const { opened, held } = await parkAndHold(t.context.engine);
  await opened.signal(retry);
  const call = await held.next();
  const other = await t.context.engine.open();
  await other.rests('awaitingProof');
  t.is((await other.update({ ...join, kind: 'customer' })).state, 'completed');
  call.answer(settle(opened.records, call.input, 'found'));
  t.deepEqual(await opened.result(), { state: 'completed' });
});

const attributeOf = async (opened: Opened, name: string) =>
  (await opened.handle.describe()).typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value;
const kindOf = (opened: Opened) => attributeOf(opened, 'RegistrationKind');

test.serial('who changes the kind on the page is found under it, also when the code is refused', async (t) => {
  const opened = await t.context.engine.open({}, ({ records }) => ({
    resolvePartner: (input) => settle(records, input, 'codeInvalid'),
    createAccount: (input) => settle(records, input, 'userTypeInvalid'),
  }));
  await opened.rests('awaitingProof');
  await opened.update({ type: 'PROVEN', actor: 'registrant' });
  t.is(await kindOf(opened), 'customer');
  t.is((await opened.update(join)).state, 'awaitingDetails');
  t.is(await kindOf(opened), 'partner');
  t.is((await opened.update({ ...join, kind: undefined })).state, 'awaitingDetails', 'a partner is looked up again');
  t.is((await opened.update({ ...join, kind: 'customer' })).state, 'creationBlocked');
  t.is(await kindOf(opened), 'customer');
  await opened.update({ type: 'CANCEL', actor: 'operator' });
});

// Last: the test server never skips time again after a workflow has ended before its activity.
test.serial('a RETRY while that mail is under way does not wait for it, nor does the mail undo it', async (t) => {
  const held: Held<Parameters<Activities['notifyLookupDelayed']>[0], { outcome: 'told' }> = new Held();
  const opened = await t.context.engine.open({}, (opened) => ({
    ...provider('down', 'found')(opened),
    notifyLookupDelayed: held.run,
  }));
  await opened.rests('awaitingProof');
  await opened.update(join);
  const call = await held.next();
  t.is((await opened.update(retry)).state, 'completed');
  await settle(opened.records, call.input, 'told');
  t.is(opened.records.state, 'completed');
  t.deepEqual(await opened.result(), { state: 'completed' });
  t.deepEqual(opened.records.contradictions, []);
  call.answer({ outcome: 'told' });
});
