import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import anyTest, { type TestFn } from 'ava';
import { failWithCodes } from '../../activities/failure-codes.js';
import { lifetimes } from '../machines/paths.js';
import { Engine } from './engine.js';
import { settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;
const logged: unknown[] = [];

test.before(async (t) => {
  t.context.engine = await Engine.start({
    interceptors: { activity: [() => ({ inbound: failWithCodes((error) => logged.push(error)) })] },
  });
});
test.after.always((t) => t.context.engine?.stop());

const submitted = { type: 'SUBMITTED', submissionId: 'submission-1', actor: 'registrant' };

test.serial('an update that is not allowed is refused with what is, and leaves nothing in the history', async (t) => {
  const opened = await t.context.engine.open();
  await opened.rests('awaitingProof');
  const before = (await opened.eventTypes()).filter((type) => type.includes('UPDATE') || type.includes('MARKER'));
  const error = await t.throwsAsync(opened.update({ type: 'RETRY', actor: 'operator' }), {
    instanceOf: WorkflowUpdateFailedError,
  });
  const failure = error?.cause as ApplicationFailure;
  t.is(failure.type, 'EventNotAllowed');
  t.deepEqual(failure.details, [
    {
      state: 'awaitingProof',
      allowed: ['PROVEN', 'SUBMITTED', 'RESEND', 'CORRECT_EMAIL', 'CANCEL', 'EXTEND', 'RENEW'],
    },
  ]);
  const after = (await opened.eventTypes()).filter((type) => type.includes('UPDATE') || type.includes('MARKER'));
  t.deepEqual(after, before);
  t.is(opened.records.lines.size, 1);
  await opened.update({ type: 'CANCEL' });
});

for (const [name, event] of Object.entries({
  'no object': 'RETRY',
  nothing: null,
  'without a type': { actor: 'operator' },
  'a submit without its submission': { type: 'SUBMITTED' },
  'a submit of a kind that there is not': { type: 'SUBMITTED', submissionId: 'submission-1', kind: 'supplier' },
  'an assignment without a partner': { type: 'ASSIGN_PARTNER' },
  'an assignment of what is no id': { type: 'ASSIGN_PARTNER', partnerId: { id: 1 } },
})) {
  test.serial(`an event that is ${name} is refused as malformed by the update and ignored as a signal`, async (t) => {
    const opened = await t.context.engine.open();
    await opened.rests('awaitingProof');
    const error = await t.throwsAsync(opened.update(event as never));
    t.is((error?.cause as ApplicationFailure | undefined)?.type, 'MalformedEvent');
    await opened.signal(event as never);
    t.is((await opened.update({ type: 'CANCEL' })).state, 'cancelled');
    t.is(opened.records.lines.size, 2);
  });
}

test.serial("the machine's own events cannot be sent from outside", async (t) => {
  const opened = await t.context.engine.open();
  await opened.rests('awaitingProof');
  for (const type of ['xstate.after.reminderOrExpiry.registration.open', 'xstate.done.actor.createAccount', '*', ''])
    await t.throwsAsync(opened.update({ type }), { instanceOf: WorkflowUpdateFailedError }, type);
  await opened.update({ type: 'CANCEL' });
  t.is(opened.records.lines.size, 2);
});

test.serial('an update that is sent again under its id is applied once and answered each time', async (t) => {
  const opened = await t.context.engine.open();
  await opened.rests('awaitingProof');
  const id = randomUUID();
  const views = await Promise.all([1, 2, 3].map(() => opened.update({ type: 'PROVEN', actor: 'registrant' }, id)));
  t.deepEqual(
    views.map(({ state }) => state),
    Array(3).fill('awaitingDetails'),
  );
  t.is((await opened.update({ type: 'PROVEN' }, id)).state, 'awaitingDetails');
  const accepted = (await opened.eventTypes()).filter((type) => type === 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED');
  t.is(accepted.length, 1);
  t.is(opened.records.lines.size, 2);
  await opened.update({ type: 'CANCEL' });
});

test.serial('of sixteen submits at once one creates the account, and every other is answered or refused', async (t) => {
  let creations = 0;
  const opened = await t.context.engine.open({}, ({ records }) => ({
    createAccount: (input) => {
      creations++;
      return settle(records, input, 'created');
    },
  }));
  await opened.rests('awaitingProof');
  const results = await Promise.allSettled(Array.from({ length: 16 }, () => opened.update(submitted)));
  t.deepEqual(await opened.result(), { state: 'completed' });
  const taken = results.filter((result) => result.status === 'fulfilled');
  t.is(taken.length, 1);
  // Again for each workflow task that Temporal refuses because another submit has come meanwhile; it finds what it did.
  t.true(creations >= 1 && creations <= 16, `${creations} runs of the creation`);
  t.is(opened.records.lines.size, 3);
  t.deepEqual(opened.records.contradictions, []);
});

test.serial('a signal that is not allowed changes nothing, nor does one that comes too late', async (t) => {
  const opened = await t.context.engine.open();
  await opened.rests('awaitingProof');
  await opened.signal({ type: 'RETRY', actor: 'operator' });
  await opened.handle.signal('requestLink');
  t.is((await opened.view()).state, 'awaitingProof');
  t.is(opened.records.lines.size, 1);
  const closing = opened.update({ type: 'CANCEL', actor: 'operator' });
  await opened.signal({ type: 'PROVEN', actor: 'registrant' }).catch(() => {});
  t.is((await closing).state, 'cancelled');
  t.is(opened.records.lines.get(opened.records.lines.size)?.to, 'cancelled');
});

test.serial(
  'the state tells what it is, what it takes and waits for, when its timers are due, and nothing else',
  async (t) => {
    const opened = await t.context.engine.open();
    const view = await opened.rests('awaitingProof');
    const { since, deadlines, ...rest } = view;
    t.deepEqual(rest, {
      state: 'awaitingProof',
      tags: ['person'],
      allowed: ['PROVEN', 'SUBMITTED', 'RESEND', 'CORRECT_EMAIL', 'CANCEL', 'EXTEND', 'RENEW'],
      waitsFor: 'the person',
      proven: false,
      mailsSent: 1,
      failures: { mail: 0, creation: 0, lookup: 0 },
    } as never);
    t.deepEqual(Object.keys(deadlines), ['reminderOrExpiry']);
    t.true(deadlines.reminderOrExpiry! - since <= lifetimes.reminder);
    await opened.update({ type: 'CANCEL' });
  },
);

test.serial(
  'in every state it rests in, the Temporal UI shows what it waits for, and the attributes fit',
  async (t) => {
    const opened = await t.context.engine.open({}, ({ records }) => ({
      createAccount: async ({ record: { pending, next } }) => {
        records.write(pending, next.userTypeInvalid);
        return { outcome: 'userTypeInvalid' };
      },
    }));
    await opened.rests('awaitingProof');
    t.deepEqual(await shown(), { state: 'awaitingProof', attention: false });
    t.regex(
      await details(),
      /is in `awaitingProof` since 20[\dT:.-]+Z[\s\S]*Waits for: the person[\s\S]*\(https:\/\/vestibule/,
    );
    await opened.update(submitted);
    t.deepEqual(await shown(), { state: 'creationBlocked', attention: true });
    t.regex(
      await details(),
      /could not be created[\s\S]*problem: `userTypeInvalid`[\s\S]*What to do: Check the default/,
    );
    await opened.update({ type: 'CANCEL', actor: 'operator' });
    t.deepEqual(await shown(), { state: 'cancelled', attention: false });

    async function shown() {
      const { typedSearchAttributes } = await opened.handle.describe();
      const [state, kind, attention] = ['RegistrationState', 'RegistrationKind', 'RegistrationAttention'].map(
        (name) => typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value,
      );
      t.is(kind, 'customer');
      return { state, attention };
    }
    async function details() {
      const { currentDetails } = await opened.handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      return currentDetails;
    }
  },
);

test.serial('what an effect throws reaches the history as a code only; the whole of it goes to the log', async (t) => {
  const secret = 'ada@example.com is not welcome';
  const fail = () => Promise.reject(Object.assign(new Error(`SENT-EMAIL ${secret}`), { code: 'EENVELOPE' }));
  const opened = await t.context.engine.open({ reminder: undefined }, () => ({ sendActivationMail: fail }));
  await t.context.engine.sleep('90s');
  await opened.rests('mailUndeliverable');
  await opened.update({ type: 'CANCEL' });
  const events = JSON.stringify(await opened.history());
  const decoded = [...events.matchAll(/"data":"([^"]*)"/g)].map(([, data]) => Buffer.from(data!, 'base64').toString());
  t.regex(events, /EENVELOPE/);
  t.notRegex(events + decoded.join(), /SENT-EMAIL|ada@|welcome/);
  t.true(logged.some((error) => (error as Error).message.includes('SENT-EMAIL')));
});

test.serial("Temporal's own cancellation is the event CANCEL, and refused where that is", async (t) => {
  const waiting = await t.context.engine.open();
  await waiting.rests('awaitingProof');
  await waiting.handle.cancel();
  t.deepEqual(await waiting.result(), { state: 'cancelled' });
  t.like(waiting.recorded().at(-1), { event: 'CANCEL', to: 'cancelled', actor: 'temporal' });
});

test.serial('a submit that is quicker than the word that the mail was sent makes the account', async (t) => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const opened = await t.context.engine.open({}, ({ records }) => ({
    sendActivationMail: async (input) => {
      await answered; // the mail is in the mailbox, its server's answer is not here yet
      return settle(records, input, 'sent');
    },
  }));
  t.is((await opened.update(submitted)).state, 'completed');
  answer();
  t.deepEqual(await opened.result(), { state: 'completed' });
  t.deepEqual(
    opened.recorded().map(({ event }) => event),
    ['SUBMITTED', 'createAccount.created'],
  );
});

test.serial('a workflow that has forgotten its account ends where the record says it has ended', async (t) => {
  const opened = await t.context.engine.open({}, () => ({ recordTransitions: async () => ({ endedAs: 'completed' }) }));
  await opened.rests('awaitingProof');
  t.is((await opened.update({ type: 'CANCEL', actor: 'operator' })).state, 'completed');
  t.deepEqual(await opened.result(), { state: 'completed' });
});
