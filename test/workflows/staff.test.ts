import { WorkflowUpdateFailedError } from '@temporalio/client';
import anyTest, { type TestFn } from 'ava';
import { lifetimes, minute } from '../machines/paths.js';
import { type Activities, Engine, type Mocks } from './engine.js';
import { Held, notAtOnce, settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

const byOperator = (type: string) => ({ type, actor: 'operator' });
const proven = { type: 'PROVEN', actor: 'registrant' };

/** Notes which mails are sent; they end one after the other as told, and then well. */
const noteMails =
  (mails: string[], ...outcomes: 'mailRefused'[]): Mocks =>
  ({ records }) => ({
    sendActivationMail: (input) => {
      mails.push(`${input.sequence} ${input.purpose}`);
      return settle(records, input, outcomes.shift() ?? 'sent');
    },
  });

test.serial('staff send the link again at once, a person only after the cool-down', async (t) => {
  const mails: string[] = [];
  const opened = await t.context.engine.open({}, noteMails(mails));
  t.false((await opened.rests('awaitingProof')).allowed.includes('LINK_REQUESTED'));
  t.is((await opened.update(byOperator('RESEND'))).state, 'awaitingProof');
  t.is((await opened.update(proven)).state, 'awaitingDetails');
  const view = await opened.update(byOperator('RESEND'));
  t.is(view.state, 'awaitingDetails');
  t.true(view.proven, 'a link more takes no proof away');
  t.deepEqual(mails, ['1 activation', '2 activation', '3 activation']);
  t.like(opened.recorded()[1], { event: 'RESEND', actor: 'operator' });
  await opened.update(byOperator('CANCEL'));
});

test.serial('a corrected address is mailed a link of its own, and has to be proven anew', async (t) => {
  const mails: string[] = [];
  const opened = await t.context.engine.open({}, noteMails(mails));
  await opened.rests('awaitingProof');
  await opened.update(proven);
  const view = await opened.update(byOperator('CORRECT_EMAIL'));
  t.is(view.state, 'awaitingProof');
  t.false(view.proven);
  t.deepEqual(mails, ['1 activation', '2 activation']);
  t.is((await opened.update(proven)).state, 'awaitingDetails');
  await opened.update(byOperator('CANCEL'));
});

test.serial('an address that is refused is mended by a correction, without the cool-down', async (t) => {
  const mails: string[] = [];
  const opened = await t.context.engine.open({}, noteMails(mails, 'mailRefused'));
  t.is((await opened.rests('mailUndeliverable')).problem, 'mailRefused');
  const view = await opened.update(byOperator('CORRECT_EMAIL'));
  t.is(view.state, 'awaitingProof');
  t.is(view.problem, undefined);
  t.deepEqual(mails, ['1 activation', '2 activation']);
  await opened.update(byOperator('CANCEL'));
});

test.serial('an extension starts the lifetime anew, with a reminder again', async (t) => {
  const mails: string[] = [];
  const opened = await t.context.engine.open({}, noteMails(mails));
  const { env } = t.context.engine;
  await opened.rests('awaitingProof');
  await opened.pass('reminderOrExpiry');
  await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
  await env.sleep('2 days');
  const extendedAt = await env.currentTimeMs();
  const view = await opened.update(byOperator('EXTEND'));
  t.is(view.state, 'awaitingProof');
  t.true(Math.abs(view.deadlines.reminderOrExpiry! - extendedAt - lifetimes.reminder) < minute);

  await opened.pass('reminderOrExpiry');
  const reminded = await opened.viewWhen(({ mailsSent }) => mailsSent === 3);
  t.true(Math.abs(reminded.deadlines.reminderOrExpiry! - extendedAt - lifetimes.registration) < minute);
  await opened.pass('reminderOrExpiry');
  t.deepEqual(await opened.result(), { state: 'expired' });
  t.deepEqual(mails, ['1 activation', '2 reminder', '3 reminder']);
});

test.serial('an extension changes nothing about where the registration stands', async (t) => {
  const opened = await t.context.engine.open();
  await opened.rests('awaitingProof');
  const before = await opened.update(proven);
  const { deadlines: _, ...rest } = await opened.update(byOperator('EXTEND'));
  const { deadlines: __, ...wanted } = before;
  t.deepEqual(rest, wanted);
  t.is(opened.records.told().at(-1), '3 awaitingDetails EXTEND awaitingDetails');
  await opened.update(byOperator('CANCEL'));
});

test.serial('an extension while a mail is on its way lets the mail go out under its number', async (t) => {
  type Mail = Activities['sendActivationMail'];
  const held: Held<Parameters<Mail>[0], Awaited<ReturnType<Mail>>> = new Held();
  const opened = await t.context.engine.open({}, () => ({ sendActivationMail: notAtOnce(held.run) }));
  const first = await held.next();
  const extending = opened.update(byOperator('EXTEND'));
  const second = await held.next();
  t.deepEqual([first.input.sequence, second.input.sequence], [1, 1]);
  first.answer(settle(opened.records, first.input, 'sent'));
  second.answer(settle(opened.records, second.input, 'sent'));
  t.is((await extending).state, 'awaitingProof');
  t.deepEqual(opened.records.told(), [
    '1 sendingActivation EXTEND sendingActivation',
    '2 sendingActivation sendActivationMail.sent awaitingProof',
  ]);
  t.is((await opened.view()).mailsSent, 1);
  await opened.update(byOperator('CANCEL'));
});

test.serial('what staff may not do where the registration stands is refused, and leaves no step', async (t) => {
  const opened = await t.context.engine.open();
  await opened.rests('awaitingProof');
  for (const event of [
    byOperator('APPROVE'),
    byOperator('DECLINE'),
    byOperator('RETRY'),
    { ...byOperator('ASSIGN_PARTNER'), partnerId: 'partner-1' },
  ]) {
    await t.throwsAsync(opened.update(event), { instanceOf: WorkflowUpdateFailedError }, event.type);
    await opened.signal(event);
  }
  t.is((await opened.view()).state, 'awaitingProof');
  t.is(opened.records.lines.size, 1);
  await opened.update(byOperator('CANCEL'));
});
