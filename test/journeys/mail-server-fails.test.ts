/** The mail server refuses, hangs, breaks off (security.md X10, X11, X12, O4, INV-6). */
import anyTest, { type TestFn } from 'ava';
import type { SinkMode } from '../../dev/mail-catcher.js';
import { registrationEventUpdate, registrationWorkflowId } from '../../workflows/messages.js';
import {
  askForLink,
  buildKnownLink,
  changeSettings,
  fillIn,
  inState,
  linksTo,
  mailsTo,
  says,
} from '../builders/journeys.js';
import { buildEmail, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
  await t.context.stack.db('settings').update({ mail_retry_seconds: 1 });
});
test.after.always((t) => t.context.stack?.stop());

const mailRow = (stack: Stack, email: string) =>
  stack.db('mails').join('registrations as r', 'r.id', 'registration_id').where({ email }).first('mails.*');

/** Starts a registration while the mail server fails in this way; resolves when the first try has failed. */
async function startWhile(stack: Stack, mode: SinkMode) {
  stack.mail.setMode(mode);
  const email = buildEmail(mode);
  const answer = await askForLink(stack, email);
  await eventually(`a try has failed by ${mode}`, async () => (await mailRow(stack, email))?.state === 'failing');
  return { email, answer };
}

test.serial(
  'a mail server that refuses connections and then service for a while: the mail comes by itself (X10)',
  async (t) => {
    const { stack } = t.context;
    const { email, answer } = await startWhile(stack, 'refuse');
    t.is(answer.location, '/register/sent');
    stack.mail.setMode('421');
    await eventually('a try has met 421', async () => (await mailRow(stack, email))?.reply.includes('421'));
    stack.mail.setMode('ok');
    const [link] = await linksTo(stack, email);
    t.is((await submitLink(new BrowserSession(stack.url), link!)).location, '/login');
    t.is(mailsTo(stack, email).length, 1);
    await inv(stack.db, stack.temporal);
  },
);

test.serial('a recipient refused for now: the mail comes by itself, once (X10)', async (t) => {
  const { stack } = t.context;
  const { email } = await startWhile(stack, '4xx-rcpt');
  stack.mail.setMode('ok');
  await linksTo(stack, email);
  await inState(stack, email, 'awaitingProof');
  t.is(mailsTo(stack, email).length, 1);
  await inv(stack.db, stack.temporal);
});

test.serial(
  'a connection lost after the mail was taken: sent again with the same link and Message-ID (X12, O4)',
  async (t) => {
    const { stack } = t.context;
    const { email } = await startWhile(stack, 'drop-after-data');
    stack.mail.setMode('ok');
    const [first, second] = await linksTo(stack, email, 2);
    t.is(first, second);
    const [one, two] = mailsTo(stack, email);
    t.is(one?.messageId, two?.messageId);
    await inState(stack, email, 'awaitingProof');
    await inv(stack.db, stack.temporal);
  },
);

test.serial(
  'a refused address is shown to staff at once, not retried, and goes out after RETRY (X11, INV-6)',
  async (t) => {
    const { stack } = t.context;
    stack.mail.setMode('5xx-rcpt');
    const email = buildEmail('refused');
    t.is((await askForLink(stack, email)).location, '/register/sent');
    const row = await inState(stack, email, 'mailUndeliverable');
    t.true(row.attention);
    t.is(row.problem, 'mailRefused');
    t.is((await mailRow(stack, email)).attempts, 1);
    await inv(stack.db, stack.temporal);

    stack.mail.setMode('ok');
    const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(row.reference));
    const view = await handle.executeUpdate(registrationEventUpdate, { args: [{ type: 'RETRY', actor: 'operator' }] });
    t.is(view.state, 'awaitingProof');
    const told = await inState(stack, email, 'awaitingProof');
    t.false(told.attention);
    t.is(told.problem, null);
    const [link] = await linksTo(stack, email);
    t.is((await submitLink(new BrowserSession(stack.url), link!)).location, '/login');
    await inv(stack.db, stack.temporal);
  },
);

test.serial('who was refused and starts again with the same e-mail gets the mail then (X11)', async (t) => {
  const { stack } = t.context;
  const putBack = await changeSettings(stack, { resend_cooldown_seconds: 0 });
  stack.mail.setMode('5xx-rcpt');
  const email = buildEmail('again');
  await askForLink(stack, email);
  await inState(stack, email, 'mailUndeliverable');
  stack.mail.setMode('ok');
  await askForLink(stack, email);
  t.is((await linksTo(stack, email)).length, 1);
  await inState(stack, email, 'awaitingProof');
  await putBack();
  await inv(stack.db, stack.temporal);
});

test.serial(
  'who has to wait for approval is told so on the page, without waiting for the mail that says it too',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail('approval');
    const link = await buildKnownLink(stack, email);
    const putBack = await changeSettings(stack, { customer_approval: true });
    stack.mail.setMode('hang-greeting');
    const answer = await submitLink(new BrowserSession(stack.url), link);
    t.is(answer.status, 200, 'the outcome, not "under way"');
    t.true(says(answer, 'linkEnd.awaitingApproval.text'));
    const { reference, attention } = await inState(stack, email, 'awaitingApproval');
    t.true(attention);
    t.is(mailsTo(stack, email).length, 1, 'the mail still hangs');
    // Approved meanwhile: that mail is given up, and only the one about the account comes.
    const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(reference));
    const view = await handle.executeUpdate(registrationEventUpdate, {
      args: [{ type: 'APPROVE', actor: 'operator' }],
    });
    t.is(view.state, 'completed');
    stack.mail.setMode('ok');
    await eventually('the outcome is mailed', () =>
      mailsTo(stack, email).some(({ subject }) => subject.includes('is ready')),
    );
    t.is(mailsTo(stack, email).length, 2);
    await putBack();
    await inv(stack.db, stack.temporal);
  },
);

test.serial('a mail server that hangs does not keep others from finishing their registration (X10)', async (t) => {
  const { stack } = t.context;
  const people = await Promise.all(
    Array.from({ length: 4 }, async () => fillIn(new BrowserSession(stack.url), await buildKnownLink(stack))),
  );
  stack.mail.setMode('hang-greeting');
  const hanging = Array.from({ length: 30 }, () => buildEmail('hanging'));
  await Promise.all(hanging.map((email) => askForLink(stack, email)));
  const startedAt = Date.now();
  const answers = await Promise.all(people.map(({ send }) => send()));
  t.true(
    answers.every(({ location }) => location === '/login'),
    answers.map(({ status }) => status).join(),
  );
  t.true(Date.now() - startedAt < 8_000);
  stack.mail.setMode('ok');
  for (const email of hanging) await linksTo(stack, email, 1, 60_000);
  for (const email of hanging) await inState(stack, email, 'awaitingProof');
  await inv(stack.db, stack.temporal);
});
