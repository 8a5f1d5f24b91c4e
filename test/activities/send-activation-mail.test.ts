import anyTest, { type TestFn } from 'ava';
import { createMailer, type Mailer } from '../../activities/mailer.js';
import { sendActivationMail } from '../../activities/send-activation-mail.js';
import type { Registration } from '../../db/models.js';
import { type MailCatcher, startMailCatcher } from '../../dev/mail-catcher.js';
import { buildEmail, linkIn } from '../builders/registrations.js';
import { buildKeys, buildRegistration, buildStep, buildUser, endRegistration } from '../db/fixtures/rows.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';

interface Context {
  database: TestDatabase;
  mail: MailCatcher;
  mailer: Mailer;
}
const test = anyTest as TestFn<Context>;
const publicUrl = 'https://register.example.com';

test.before(async (t) => {
  const [database, mail] = await Promise.all([startDatabase(), startMailCatcher()]);
  const mailer = createMailer({ smtpUrl: mail.smtpUrl, from: 'Vestibule <no-reply@example.com>', tls: 'off' });
  Object.assign(t.context, { database, mail, mailer });
});
test.after.always(async (t) => {
  t.context.mailer?.close();
  await Promise.all([t.context.mail?.stop(), t.context.database?.stop()]);
});

/** Runs the activity as the worker does; every outcome leads somewhere. */
function run({ database: { db }, mailer }: Context, { id }: Registration, sequence = 1, from = mailer) {
  const activity = sendActivationMail({
    db,
    mailer: from,
    keys: buildKeys('k1'),
    publicUrl,
    providerOrigins: [],
    webhookOrigins: [],
  });
  const next = {
    sent: buildStep(sequence, { to: 'awaitingProof' }),
    accountExists: buildStep(sequence, { to: 'alreadyRegistered', final: true }),
    mailRefused: buildStep(sequence, { to: 'mailUndeliverable', attention: true, problem: 'mailRefused' }),
  };
  return activity({ registrationId: id, sequence, purpose: 'activation', record: { pending: [], next } });
}
const mailsTo = ({ mail }: Context, { email }: Registration) =>
  mail.messages().filter(({ to }) => to.includes(email ?? ''));
const rowOf = ({ database: { db } }: Context, { id }: Registration) => db('registrations').where({ id }).first();
const deliveryOf = ({ database: { db } }: Context, { id }: Registration) =>
  db('mails').where({ registration_id: id }).first();

test.serial('the mail carries the link to the configured address, and the step is recorded with it', async (t) => {
  const registration = await buildRegistration(t.context.database.db);
  t.deepEqual(await run(t.context, registration), { outcome: 'sent' });
  const [mail] = mailsTo(t.context, registration);
  t.regex(linkIn(mail?.text ?? '', publicUrl), /^\/register\/[\w-]{43}$/);
  t.like(await rowOf(t.context, registration), { state: 'awaitingProof', sequence: 1, link_requested_at: null });
  t.like(await deliveryOf(t.context, registration), { state: 'sent', attempts: 1, message_id: mail?.messageId });
});

test.serial('a run that is repeated after success sends nothing more (O4)', async (t) => {
  const registration = await buildRegistration(t.context.database.db);
  for (const _ of [1, 2, 3]) t.deepEqual(await run(t.context, registration), { outcome: 'sent' });
  t.is(mailsTo(t.context, registration).length, 1);
});

test.serial('a run that died after the mail was taken sends the same mail again (O4, X12)', async (t) => {
  const { mailer } = t.context;
  const registration = await buildRegistration(t.context.database.db);
  const dying = {
    ...mailer,
    send: async (mail: Parameters<Mailer['send']>[0]) => {
      await mailer.send(mail);
      throw new Error('the process ends here');
    },
  };
  await t.throwsAsync(run(t.context, registration, 1, dying));
  t.like(await rowOf(t.context, registration), { state: 'sendingActivation' });
  t.deepEqual(await run(t.context, registration), { outcome: 'sent' });
  const [one, two] = mailsTo(t.context, registration);
  t.is(one?.messageId, two?.messageId);
  t.is(linkIn(one?.text ?? '', publicUrl), linkIn(two?.text ?? '', publicUrl));
});

test.serial(
  'a mail server that is away fails the attempt with a code, and the next one goes through (X10)',
  async (t) => {
    const registration = await buildRegistration(t.context.database.db);
    t.context.mail.setMode('4xx-rcpt');
    const failure = await t.throwsAsync(run(t.context, registration));
    t.context.mail.setMode('ok');
    t.like(failure, { type: 'MailServerUnavailable', nonRetryable: false });
    t.false(failure?.message.includes('@'));
    t.like(await deliveryOf(t.context, registration), { state: 'failing', attempts: 1 });
    t.deepEqual(await run(t.context, registration), { outcome: 'sent' });
    t.like(await deliveryOf(t.context, registration), { state: 'sent', attempts: 2 });
  },
);

test.serial('a refused recipient is an outcome, with the code and without the words (X11, D5)', async (t) => {
  const registration = await buildRegistration(t.context.database.db);
  t.context.mail.setMode('5xx-rcpt');
  const result = await run(t.context, registration);
  t.context.mail.setMode('ok');
  t.deepEqual(result, { outcome: 'mailRefused' });
  const delivery = await deliveryOf(t.context, registration);
  t.is(delivery.state, 'refused');
  t.regex(delivery.reply, /^5\d\d( 5\.\d+\.\d+)?$/);
  t.like(await rowOf(t.context, registration), { state: 'mailUndeliverable', attention: true, problem: 'mailRefused' });
});

test.serial('an address with an account is told so, without a link, and the registration ends (D6)', async (t) => {
  const { db } = t.context.database;
  const registration = await buildRegistration(db);
  await buildUser(db, { email: registration.email });
  t.deepEqual(await run(t.context, registration), { outcome: 'accountExists' });
  const [mail] = mailsTo(t.context, registration);
  t.true(mail?.text.includes(`${publicUrl}/login`));
  t.false(`${mail?.text}${mail?.html}`.includes('/register/'));
  t.like(await rowOf(t.context, registration), { state: 'alreadyRegistered' });
});

test.serial('nobody is mailed about a registration that has ended', async (t) => {
  const { db } = t.context.database;
  const registration = await buildRegistration(db, buildEmail('late'));
  await endRegistration(db, registration.id, 0, 'cancelled');
  t.deepEqual(await run(t.context, registration), { outcome: 'sent' });
  t.is(mailsTo(t.context, registration).length, 0);
  t.like(await rowOf(t.context, registration), { state: 'cancelled' });
});
