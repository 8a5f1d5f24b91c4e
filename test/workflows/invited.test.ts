/** What time, the inviter and the person do to a registration of the kind `invited`. */
import anyTest, { type TestFn } from 'ava';
import { day, lifetimes as usual } from '../machines/paths.js';
import { Engine, type Mocks } from './engine.js';
import { settle } from './records.js';

const test = anyTest as TestFn<{ engine: Engine }>;
/** As the API sets them for an invitation. */
const lifetimes = { ...usual, registration: 3 * day, reminder: 2 * day };

test.before(async (t) => {
  t.context.engine = await Engine.start();
});
test.after.always((t) => t.context.engine?.stop());

/** Notes the mails, by number and purpose. */
const mailsInto =
  (mails: [number, string][]): Mocks =>
  ({ records }) => ({
    sendActivationMail: (input) => {
      mails.push([input.sequence, input.purpose]);
      return settle(records, input, 'sent');
    },
  });
const accept = { type: 'SUBMITTED', submissionId: 'submission-1', kind: 'invited', actor: 'registrant' } as const;

test.serial('who does not answer is reminded once, after two days, and the invitation ends after three', async (t) => {
  const mails: [number, string][] = [];
  const opened = await t.context.engine.open(lifetimes, mailsInto(mails), 'invited');
  const started = await t.context.engine.env.currentTimeMs();
  await opened.rests('awaitingProof');
  await opened.pass('reminderOrExpiry');
  await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
  t.deepEqual(mails, [
    [1, 'activation'],
    [2, 'reminder'],
  ]);
  const { reminderOrExpiry } = (await opened.view()).deadlines;
  t.true(Math.abs(reminderOrExpiry! - started - lifetimes.registration) < 60_000);
  await opened.pass('reminderOrExpiry');
  t.deepEqual(await opened.result(), { state: 'expired' });
});

test.serial('sent again after the reminder it has its whole time anew, and is reminded of anew', async (t) => {
  const mails: [number, string][] = [];
  const opened = await t.context.engine.open(lifetimes, mailsInto(mails), 'invited');
  await opened.rests('awaitingProof');
  await opened.pass('reminderOrExpiry');
  await opened.viewWhen(({ mailsSent }) => mailsSent === 2);
  await opened.signal({ type: 'RENEW', actor: 'administrator' });
  const { deadlines } = await opened.viewWhen(({ mailsSent }) => mailsSent === 3);
  const left = deadlines.reminderOrExpiry! - (await t.context.engine.env.currentTimeMs());
  t.true(Math.abs(left - lifetimes.reminder) < 60_000);
  await opened.pass('reminderOrExpiry');
  await opened.viewWhen(({ mailsSent }) => mailsSent === 4);
  t.deepEqual(mails.at(-1), [4, 'reminder']);
  await opened.update(accept);
  t.deepEqual(await opened.result(), { state: 'completed' });
});

test.serial(
  'revoked it ends at once, whoever is in the middle of it; what does not hold any more ends it as void',
  async (t) => {
    const revoked = await t.context.engine.open(lifetimes, () => ({}), 'invited');
    await revoked.rests('awaitingProof');
    await revoked.update({ type: 'PROVEN', actor: 'registrant' });
    await revoked.signal({ type: 'CANCEL', actor: 'administrator' });
    t.deepEqual(await revoked.result(), { state: 'cancelled' });
    t.like(revoked.recorded().at(-1), { event: 'CANCEL', actor: 'administrator', final: true });
    await t.throwsAsync(revoked.update(accept), undefined, 'a submission comes too late');

    const vain: Mocks = ({ records }) => ({ createAccount: (input) => settle(records, input, 'invitationVoid') });
    const opened = await t.context.engine.open(lifetimes, vain, 'invited');
    await opened.rests('awaitingProof');
    t.like(await opened.update(accept), { state: 'cancelled', problem: 'invitationVoid' });
    t.deepEqual(await opened.result(), { state: 'cancelled' });
  },
);
