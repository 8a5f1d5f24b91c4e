import { ApplicationFailure } from '@temporalio/common';
import anyTest, { type TestFn } from 'ava';
import { day, lifetimes, minute } from '../machines/paths.js';
import { type Activities, Engine, type Opened } from './engine.js';
import { Held, notAtOnce, settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;
type Mail = Parameters<Activities['sendActivationMail']>[0];
type Sent = Awaited<ReturnType<Activities['sendActivationMail']>>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

const down = () => Promise.reject(ApplicationFailure.retryable('mail server: ECONNREFUSED', 'MailServerUnavailable'));
const noteMails = (mails: Mail[]) => (opened: Opened) => ({
  sendActivationMail: (input: Mail) => {
    mails.push(input);
    return settle(opened.records, input, 'sent');
  },
});

test.serial('a registration that nobody finishes ends after its lifetime, with one reminder on the way', async (t) => {
  const { engine } = t.context;
  const mails: Mail[] = [];
  const opened = await engine.open({}, noteMails(mails));
  const { deadlines, since } = await opened.rests('awaitingProof');
  const started = deadlines.reminderOrExpiry! - lifetimes.reminder;
  t.true(since - started < minute, 'counted from the start');

  await opened.pass('reminderOrExpiry');
  const reminded = await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
  t.true(Math.abs(reminded.deadlines.reminderOrExpiry! - started - lifetimes.registration) < minute);
  await opened.pass('reminderOrExpiry');
  t.deepEqual(await opened.result(), { state: 'expired' });
  t.deepEqual(
    mails.map(({ purpose, sequence }) => [purpose, sequence]),
    [
      ['activation', 1],
      ['reminder', 2],
    ],
  );
  t.deepEqual(opened.records.told(), [
    '1 sendingActivation sendActivationMail.sent awaitingProof',
    '2 awaitingProof after reminderOrExpiry sendingActivation',
    '3 sendingActivation sendActivationMail.sent awaitingProof',
    '4 awaitingProof after reminderOrExpiry expired',
  ]);
});

test.serial('without a reminder it ends after seven days and mails once', async (t) => {
  const mails: Mail[] = [];
  const opened = await t.context.engine.open({ reminder: undefined }, noteMails(mails));
  const { deadlines } = await opened.rests('awaitingProof');
  await opened.pass('reminderOrExpiry');
  t.deepEqual(await opened.result(), { state: 'expired' });
  t.is(mails.length, 1);
  const [end] = [...opened.records.lines.values()].slice(-1);
  t.true(Math.abs(end!.at - deadlines.reminderOrExpiry!) < minute);
});

test.serial('a fresh link is mailed only after the cool-down', async (t) => {
  const mails: Mail[] = [];
  const opened = await t.context.engine.open({}, noteMails(mails));
  await opened.rests('awaitingProof');
  await opened.handle.signal('requestLink');
  t.false((await opened.view()).allowed.includes('LINK_REQUESTED'));
  t.is(mails.length, 1);

  await t.context.engine.sleep(lifetimes.resendCooldown + 1000);
  await opened.handle.signal('requestLink');
  await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
  t.deepEqual(
    mails.map(({ sequence }) => sequence),
    [1, 2],
  );
  t.is(opened.recorded()[1]?.actor, 'registrant');
  await opened.update({ type: 'CANCEL' });
});

test.serial(
  'a mail server that is away for a minute makes a state that support sees, and RETRY sends the same mail',
  async (t) => {
    const sequences: number[] = [];
    let isUp = false;
    const opened = await t.context.engine.open({}, ({ records }) => ({
      sendActivationMail: (input) => {
        sequences.push(input.sequence);
        return isUp ? settle(records, input, 'sent') : down();
      },
    }));
    const before = await t.context.engine.env.currentTimeMs();
    await t.context.engine.sleep(90_000);
    const view = await opened.rests('mailUndeliverable');
    t.true(view.since - before >= 30_000 && view.since - before <= 90_000, `${view.since - before} ms of retries`);
    t.true(sequences.length >= 4, `${sequences.length} tries`);
    t.is(view.problem, 'mailServerUnavailable');
    t.deepEqual(view.failures, { mail: 1, creation: 0, lookup: 0 });
    t.deepEqual(view.tags, ['attention']);

    isUp = true;
    t.is((await opened.update({ type: 'RETRY', actor: 'operator' })).state, 'awaitingProof');
    t.deepEqual([...new Set(sequences)], [1]);
    t.is((await opened.view()).problem, undefined);
    await opened.update({ type: 'CANCEL' });
  },
);

test.serial('an undelivered mail is tried again by itself, each time after twice the pause', async (t) => {
  const failOnce = () => Promise.reject(ApplicationFailure.nonRetryable('mail server: away', 'MailServerUnavailable'));
  const opened = await t.context.engine.open({ reminder: undefined }, () => ({ sendActivationMail: failOnce }));
  const pauses: number[] = [];
  for (let failures = 1; failures <= 4; failures++) {
    const view = await opened.viewWhen(({ failures: { mail } }) => mail === failures);
    pauses.push(Math.round((view.deadlines.mailRetry! - view.since) / minute));
    await opened.pass('mailRetry');
  }
  t.deepEqual(pauses, [5, 10, 20, 40]);
  await opened.viewWhen(({ failures: { mail } }) => mail === 5);
  await opened.update({ type: 'CANCEL' });
});

test.serial('a refused address waits for an operator: its pause ends without a step and without a mail', async (t) => {
  let mails = 0;
  const opened = await t.context.engine.open({}, ({ records }) => ({
    sendActivationMail: (input) => {
      mails++;
      return settle(records, input, 'mailRefused');
    },
  }));
  t.is((await opened.rests('mailUndeliverable')).problem, 'mailRefused');
  await opened.pass('mailRetry');
  const view = await opened.viewWhen(({ deadlines }) => deadlines.mailRetry === undefined);
  t.is(view.state, 'mailUndeliverable');
  t.is(mails, 1);
  t.deepEqual(opened.records.told(), ['1 sendingActivation sendActivationMail.mailRefused mailUndeliverable']);
  await opened.update({ type: 'CANCEL' });
  t.deepEqual(await opened.result(), { state: 'cancelled' });
});

test.serial('who has an account is told by mail, and the registration ends', async (t) => {
  const opened = await t.context.engine.open({}, ({ records }) => ({
    sendActivationMail: (input) => settle(records, input, 'accountExists'),
  }));
  t.deepEqual(await opened.result(), { state: 'alreadyRegistered' });
  t.is(opened.records.row?.final, true);
});

test.serial('a proof that comes while another mail is being sent is kept, and recorded before the mail', async (t) => {
  const held = new Held<Mail, Sent>();
  const opened = await t.context.engine.open({}, () => ({ sendActivationMail: notAtOnce(held.run) }));
  const { records } = opened;
  const answer = async () => {
    const call = await held.next();
    call.answer(settle(records, call.input, 'sent'));
  };
  await answer();
  await opened.rests('awaitingProof');
  await t.context.engine.sleep(lifetimes.resendCooldown + 1000);
  await opened.signal({ type: 'LINK_REQUESTED' });
  await held.waiting();
  await opened.signal({ type: 'PROVEN', actor: 'registrant' });
  await opened.viewWhen(({ proven }) => proven);
  await answer();
  await opened.rests('awaitingDetails');
  t.deepEqual(records.told().slice(1), [
    '2 awaitingProof LINK_REQUESTED sendingActivation',
    '3 sendingActivation PROVEN sendingActivation',
    '4 sendingActivation sendActivationMail.sent awaitingDetails',
  ]);
  t.is(records.row?.sequence, 4);
  await opened.update({ type: 'CANCEL' });
});

test.serial('the reminder that is due while a mail is on its way takes its place', async (t) => {
  const held = new Held<Mail, Sent>();
  const times = { registration: 2 * day, reminder: 1_000 };
  const opened = await t.context.engine.open(times, () => ({ sendActivationMail: notAtOnce(held.run) }));
  const first = await held.next();
  const second = await held.next();
  t.deepEqual(
    [first, second].map(({ input }) => [input.purpose, input.sequence]),
    [
      ['activation', 1],
      ['reminder', 2],
    ],
  );
  first.answer(settle(opened.records, first.input, 'sent'));
  second.answer(settle(opened.records, second.input, 'sent'));
  await opened.rests('awaitingProof');
  t.deepEqual(opened.records.told(), [
    '1 sendingActivation after reminderOrExpiry sendingActivation',
    '2 sendingActivation sendActivationMail.sent awaitingProof',
  ]);
  t.is((await opened.view()).mailsSent, 1, 'the mail that was overtaken is not counted');
  await opened.update({ type: 'CANCEL' });
});
