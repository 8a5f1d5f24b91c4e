import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createTransport } from 'nodemailer';
import { type MailCatcher, type MailCatcherOptions, type SinkMode, startMailCatcher } from '../../dev/mail-catcher.js';
import { temporaryFolder } from './fixtures/folders.js';

const mail = {
  from: 'Vestibule <no-reply@vestibule.localhost>',
  to: 'Ada Lovelace <ada@example.com>',
  bcc: 'hidden@example.com',
  subject: 'Größe & activation',
  text: 'Open http://localhost:3000/activate/abc. Thanks.',
  html: '<p>Open <a href="http://localhost:3000/activate/abc">this</a></p>',
  messageId: '<fixed-id@vestibule.localhost>',
  headers: { 'X-Kind': 'activation' },
};

async function catcher(t: ExecutionContext, options?: MailCatcherOptions): Promise<MailCatcher> {
  const started = await startMailCatcher(options);
  t.teardown(started.stop);
  return started;
}

/** Sends with timeouts of a second, as a sender that does not wait long would. */
function send({ smtpUrl }: MailCatcher, message: object = mail, options: object = {}) {
  const { hostname, port } = new URL(smtpUrl);
  const timeouts = { connectionTimeout: 1000, greetingTimeout: 1000, socketTimeout: 1000 };
  return createTransport({ host: hostname, port: Number(port), ...timeouts, ...options }).sendMail(message);
}

test('a mail is kept with its envelope, its parts and its source', async (t) => {
  const mailbox = await catcher(t);
  await send(mailbox);
  const caught = await mailbox.waitForMail(({ subject }) => subject === mail.subject, 5000);
  t.like(caught, {
    from: '"Vestibule" <no-reply@vestibule.localhost>',
    envelopeFrom: 'no-reply@vestibule.localhost',
    to: ['ada@example.com', 'hidden@example.com'],
    html: mail.html,
    messageId: '<fixed-id@vestibule.localhost>',
  });
  t.is(caught.text.trim(), mail.text);
  t.is(caught.headers['x-kind'], 'activation');
  t.is(caught.headers.bcc, undefined);
  t.true(caught.raw.includes('X-Kind: activation\r\n'));
  t.true(Math.abs(Date.now() - Date.parse(caught.receivedAt)) < 10_000);
  t.deepEqual(mailbox.messages(), [caught]);
});

test('waiting finds a mail that comes later, and gives up after its time', async (t) => {
  const mailbox = await catcher(t);
  const waiting = mailbox.waitForMail(({ to }) => to.includes('second@example.com'), 5000);
  await send(mailbox);
  await send(mailbox, { ...mail, to: 'second@example.com' });
  t.deepEqual((await waiting).to, ['second@example.com', 'hidden@example.com']);
  await t.throwsAsync(
    mailbox.waitForMail(() => false, 50),
    { message: /did not come within 50 ms/ },
  );
});

test('mails and their order survive a restart as files', async (t) => {
  const folder = join(temporaryFolder(t), 'mails');
  const first = await startMailCatcher({ folder });
  for (const subject of ['one', 'two', 'three']) await send(first, { ...mail, subject });
  const before = first.messages();
  await first.stop();
  t.is(readFileSync(join(folder, `${before[0]?.id}.eml`), 'utf8'), before[0]?.raw ?? '');

  const second = await catcher(t, { folder });
  t.deepEqual(second.messages(), before);
  await fetch(`${second.inboxUrl}/api/messages`, { method: 'DELETE' });
  t.deepEqual(readdirSync(folder), []);
});

test('a mail that cannot be kept is not acknowledged', async (t) => {
  const folder = join(temporaryFolder(t), 'mails');
  const mailbox = await catcher(t, { folder });
  rmSync(folder, { recursive: true });
  await t.throwsAsync(send(mailbox), { message: /ENOENT/ });
  t.deepEqual(mailbox.messages(), []);
});

const broken = test.macro({
  exec: async (t, mode: SinkMode, expected: { code: string; responseCode?: number }) => {
    const mailbox = await catcher(t);
    mailbox.setMode(mode);
    const error = await t.throwsAsync<Error & { code?: string; responseCode?: number }>(send(mailbox));
    t.like(error, expected);
    t.is(mailbox.messages().length, mode === 'drop-after-data' ? 1 : 0);
    mailbox.setMode('ok');
    await send(mailbox);
    t.is(mailbox.messages().length, mode === 'drop-after-data' ? 2 : 1);
  },
  title: (_, mode) => `in mode ${mode} the sender fails as with such a server, and mode ok heals it`,
});

test(broken, 'refuse', { code: 'ECONNECTION' });
test(broken, 'hang-greeting', { code: 'ETIMEDOUT' });
test(broken, '421', { code: 'EPROTOCOL', responseCode: 421 });
test(broken, '4xx-rcpt', { code: 'EENVELOPE', responseCode: 450 });
test(broken, '5xx-rcpt', { code: 'EENVELOPE', responseCode: 550 });
test(broken, 'drop-after-data', { code: 'ECONNECTION' });
test(broken, 'slow', { code: 'ETIMEDOUT' });

test('a sender that keeps its connection meets the greeting that hangs, too', async (t) => {
  const mailbox = await catcher(t);
  const { hostname: host, port } = new URL(mailbox.smtpUrl);
  const sender = createTransport({ pool: true, maxRequeues: 1, host, port: Number(port), greetingTimeout: 1000 });
  t.teardown(() => sender.close());
  sender.on('error', () => {});
  await sender.sendMail(mail);
  mailbox.setMode('hang-greeting');
  await t.throwsAsync(sender.sendMail(mail), { code: 'ETIMEDOUT' });
  t.is(mailbox.messages().length, 1);
});

test('in mode slow the answers do come, a byte a second', async (t) => {
  const mailbox = await catcher(t);
  mailbox.setMode('slow');
  const socket = connect(Number(new URL(mailbox.smtpUrl).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  let received = '';
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk;
      if (received.length === 3) resolve();
    });
  });
  t.is(received, '220');
});

test('STARTTLS is offered only when asked for, and never in mode no-starttls', async (t) => {
  const requireTls = { requireTLS: true, tls: { rejectUnauthorized: false } };
  await t.throwsAsync(send(await catcher(t), mail, requireTls), { message: /STARTTLS/i });
  const mailbox = await catcher(t, { startTls: true });
  await send(mailbox, mail, requireTls);
  await t.throwsAsync(send(mailbox, mail, { requireTLS: true }), { message: /self-signed|certificate/i });
  mailbox.setMode('no-starttls');
  await t.throwsAsync(send(mailbox, mail, requireTls), { message: /STARTTLS/i });
  await send(mailbox);
  t.is(mailbox.messages().length, 2);
});

test('a login is accepted but not needed', async (t) => {
  const mailbox = await catcher(t);
  await send(mailbox, mail, { auth: { user: 'somebody', pass: 'secret' } });
  await send(mailbox);
  t.is(mailbox.messages().length, 2);
});
