import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import {
  createMailer,
  type MailerOptions,
  MailServerUnavailable,
  type OutgoingMail,
  RecipientRefused,
} from '../../activities/mailer.js';

/** Made for this test only, for localhost, valid until 2126. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUPIiQXL7rw9SKD7+Mc+IhAJhtJd0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE3MDM0M1oYDzIxMjYxMDMw
MTcwMzQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATMA4m+v42AjjJZmYgZB7uW4E6tQqEjPdM3RGvy3eC1AIJsUdHtVI6l
kI/Gd74dUbhtm09+S6t4IpRoY2S956IFo28wbTAdBgNVHQ4EFgQUp1FpReWFpNs+
pIUw24MCYJYrq+4wHwYDVR0jBBgwFoAUp1FpReWFpNs+pIUw24MCYJYrq+4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgdnS+v0YIUr9MDdN3iUedKnaTV7FJp/LfV6PtP8ZtqOMCICqa
a5l4u4a6Qv8BIaNmBEUF/nMU5Ib+nBIn/1j34MHn
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDNdHWYWLScaFqGgu
0p3CmbV1Q1mNgB58pi751/OMFP+hRANCAATMA4m+v42AjjJZmYgZB7uW4E6tQqEj
PdM3RGvy3eC1AIJsUdHtVI6lkI/Gd74dUbhtm09+S6t4IpRoY2S956IF
-----END PRIVATE KEY-----`;

/** For servers that hang; elsewhere the timeouts are the real ones, so that a busy machine fails no test. */
const quick = { connection: 300, greeting: 300, socket: 300, overall: 1_000 };
const secretSentence = 'SENT-EMAIL maria@example.com rejected';

interface Received {
  rcpt: string[];
  raw: string;
  secure: boolean;
}

interface Smtp {
  port: number;
  received: Received[];
  connections: () => number;
}

const answer = (responseCode: number, sentence = secretSentence) =>
  Object.assign(new Error(sentence), { responseCode });

/** A real SMTP server on a free port; `options` script its answers. */
async function startSmtp(t: ExecutionContext, options: SMTPServerOptions = {}): Promise<Smtp> {
  const received: Received[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const rcpt = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ rcpt, raw: Buffer.concat(chunks).toString(), secure: session.secure });
        callback(null, '2.0.0 queued as 4711');
      });
    },
    ...options,
  });
  server.on('error', () => {});
  server.server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, received, connections: () => connections };
}

const mailerTo = (t: ExecutionContext, port: number, options: Partial<MailerOptions> = {}) => {
  const mailer = createMailer({
    smtpUrl: `smtp://127.0.0.1:${port}`,
    from: 'Vestibule <no-reply@vestibule.example>',
    tls: 'off',
    ...options,
  });
  t.teardown(() => mailer.close());
  return mailer;
};

const mail = (changes: Partial<OutgoingMail> = {}): OutgoingMail => ({
  to: 'maria@example.com',
  messageId: '<rg-7k3f-2m9t.1@vestibule.example>',
  subject: 'Your link: grüße',
  html: '<!doctype html><p>Hello</p>',
  text: 'Hello\nhttps://register.example/register/abc\n',
  language: 'de',
  ...changes,
});

const headerLines = (raw: string) =>
  raw
    .slice(0, raw.indexOf('\r\n\r\n'))
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
const header = (raw: string, name: string) =>
  headerLines(raw)
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim());

test('An accepted mail has one recipient, both parts, the given Message-ID and the marks of an automatic mail.', async (t) => {
  const smtp = await startSmtp(t);
  t.deepEqual(await mailerTo(t, smtp.port).send(mail()), { reply: '250 2.0.0' });

  const [{ rcpt, raw } = { rcpt: [], raw: '' }] = smtp.received;
  t.deepEqual(rcpt, ['maria@example.com']);
  t.deepEqual(header(raw, 'To'), ['maria@example.com']);
  t.deepEqual(header(raw, 'From'), ['Vestibule <no-reply@vestibule.example>']);
  t.deepEqual(header(raw, 'Message-ID'), ['<rg-7k3f-2m9t.1@vestibule.example>']);
  t.deepEqual(header(raw, 'Auto-Submitted'), ['auto-generated']);
  t.deepEqual(header(raw, 'X-Auto-Response-Suppress'), ['OOF, AutoReply']);
  t.deepEqual(header(raw, 'Content-Language'), ['de']);
  t.regex(raw, /Content-Type: text\/plain/);
  t.regex(raw, /Content-Type: text\/html/);
  t.is(header(raw, 'X-Mailer').length, 0);
});

test('A server that says nothing but its reply code gives just that code.', async (t) => {
  const smtp = await startSmtp(t, {
    onData: (stream, _, done) => void stream.on('end', () => done(null, 'ok')).resume(),
  });
  t.deepEqual(await mailerTo(t, smtp.port).send(mail()), { reply: '250' });
});

const refusedAt = (at: 'MAIL FROM' | 'RCPT TO' | 'DATA', error: Error): SMTPServerOptions => {
  if (at === 'MAIL FROM') return { onMailFrom: (_address, _session, callback) => callback(error) };
  if (at === 'RCPT TO') return { onRcptTo: (_address, _session, callback) => callback(error) };
  return { onData: (stream, _, callback) => void stream.on('end', () => callback(error)).resume() };
};

const classifies = test.macro<
  ['MAIL FROM' | 'RCPT TO' | 'DATA', number, string, RecipientRefused | MailServerUnavailable]
>({
  title: (_, at, code, enhanced, { message }) =>
    `The answer ${`${code} ${enhanced}`.trim()} to ${at} means: ${message}.`,
  exec: async (t, at, code, enhanced, expected) => {
    const smtp = await startSmtp(t, refusedAt(at, answer(code, `${enhanced} ${secretSentence}`.trim())));
    const logged: unknown[] = [];
    const log = { warn: (...line: unknown[]) => void logged.push(line) };
    const error = await t.throwsAsync<Error>(mailerTo(t, smtp.port, { log }).send(mail()));
    t.is(error?.constructor, expected.constructor);
    t.is(error?.message, expected.message);
    t.notRegex(JSON.stringify([{ ...error }, error?.stack, logged]), /maria|SENT-EMAIL|rejected/);
    t.is(error?.cause, undefined);
    t.is(logged.length, 1);
  },
});

// About this mailbox: no endless retry.
for (const code of [501, 550, 551, 552, 553, 556])
  test(classifies, 'RCPT TO', code, '', new RecipientRefused(`${code}`));
test(classifies, 'RCPT TO', 550, '5.1.1', new RecipientRefused('550 5.1.1'));
test(classifies, 'RCPT TO', 550, '5.4.1', new RecipientRefused('550 5.4.1'));
test(classifies, 'RCPT TO', 554, '5.2.1', new RecipientRefused('554 5.2.1'));
test(classifies, 'DATA', 550, '5.1.1', new RecipientRefused('550 5.1.1'));
// About us, or for now: retried.
test(classifies, 'RCPT TO', 550, '5.7.1', new MailServerUnavailable('EENVELOPE 550 5.7.1'));
test(classifies, 'RCPT TO', 553, '5.1.8', new MailServerUnavailable('EENVELOPE 553 5.1.8'));
test(classifies, 'RCPT TO', 554, '', new MailServerUnavailable('EENVELOPE 554'));
test(classifies, 'RCPT TO', 530, '', new MailServerUnavailable('EENVELOPE 530'));
test(classifies, 'RCPT TO', 451, '', new MailServerUnavailable('EENVELOPE 451'));
test(classifies, 'RCPT TO', 452, '4.2.2', new MailServerUnavailable('EENVELOPE 452 4.2.2'));
test(classifies, 'MAIL FROM', 550, '5.1.1', new MailServerUnavailable('EENVELOPE 550 5.1.1'));
test(classifies, 'DATA', 554, '', new MailServerUnavailable('EMESSAGE 554'));
test(classifies, 'DATA', 550, '', new MailServerUnavailable('EMESSAGE 550'));

const unavailable = async (t: ExecutionContext, work: Promise<unknown>, code: string | RegExp) => {
  const error = await t.throwsAsync<MailServerUnavailable>(work, { instanceOf: MailServerUnavailable });
  if (typeof code === 'string') t.is(error?.code, code);
  else t.regex(error?.code ?? '', code);
};

test('A server that greets with 421 is unavailable, for sending and for the check at start.', async (t) => {
  const smtp = await startSmtp(t, { onConnect: (_, callback) => callback(answer(421)) });
  const mailer = mailerTo(t, smtp.port);
  await unavailable(t, mailer.send(mail()), /^E[A-Z]+ 421/);
  await unavailable(t, mailer.verify(), /^E[A-Z]+ 421/);
});

test('A server that never greets is given up in time.', async (t) => {
  const smtp = await startSmtp(t, { onConnect: () => {} });
  const startedAt = Date.now();
  await unavailable(t, mailerTo(t, smtp.port, { timeouts: quick }).send(mail()), 'ETIMEDOUT');
  await unavailable(t, mailerTo(t, smtp.port, { timeouts: quick }).verify(), 'ETIMEDOUT');
  t.true(Date.now() - startedAt < 5_000);
});

test('A server that keeps the connection alive without getting on is given up by the overall timeout.', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.write('220 slow\r\n');
    const timer = setInterval(() => socket.write('250-still here\r\n'), 50);
    socket.on('close', () => clearInterval(timer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const startedAt = Date.now();
  await unavailable(
    t,
    mailerTo(t, (server.address() as AddressInfo).port, { timeouts: quick }).send(mail()),
    'ETIMEDOUT',
  );
  t.true(Date.now() - startedAt < 5_000);
});

test('What is to be sent at once is given up early, and not tried while the server has just failed.', async (t) => {
  let answers = false;
  const smtp = await startSmtp(t, {
    onMailFrom: (_address, _session, callback) => void (answers && callback()),
  });
  const mailer = mailerTo(t, smtp.port, { timeouts: { overall: 60_000, socket: 60_000, atOnce: 300 } });
  const failure = { instanceOf: MailServerUnavailable, message: 'mail server unavailable: ETIMEDOUT' };
  await t.throwsAsync(mailer.send(mail({ atOnce: true })), failure);
  answers = true;
  await t.throwsAsync(mailer.send(mail({ atOnce: true })), failure, 'not tried');
  t.is(smtp.received.length, 0);
  t.deepEqual(await mailer.send(mail()), { reply: '250 2.0.0' }, 'what may take its time is tried all the same');
  t.deepEqual(await mailer.send(mail({ atOnce: true })), { reply: '250 2.0.0' }, 'and shows that the server is back');
});

test('A connection lost after DATA and before the answer counts as not accepted, and the mail is not sent again by itself.', async (t) => {
  const sockets: Socket[] = [];
  let mails = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData: (stream) => {
      stream.on('end', () => {
        mails += 1;
        for (const socket of sockets) socket.destroy();
      });
      stream.resume();
    },
  });
  server.on('error', () => {});
  server.server.on('connection', (socket: Socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));

  await unavailable(
    t,
    mailerTo(t, (server.server.address() as AddressInfo).port).send(mail()),
    /^(ECONNECTION|ECONNRESET)$/,
  );
  t.is(mails, 1);
});

test('A server that is not there is unavailable.', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await unavailable(t, mailerTo(t, port).send(mail()), 'ECONNREFUSED');
  await unavailable(t, mailerTo(t, port).verify(), 'ECONNREFUSED');
});

test('Where TLS is required, a server without STARTTLS gets no mail.', async (t) => {
  const smtp = await startSmtp(t);
  await unavailable(t, mailerTo(t, smtp.port, { tls: 'required' }).send(mail()), /^E(TLS|ENVELOPE|PROTOCOL)/);
  t.deepEqual(smtp.received, []);
});

test('Where TLS is required, a server with a certificate that nobody vouches for gets no mail.', async (t) => {
  const smtp = await startSmtp(t, { disabledCommands: [], cert, key });
  await unavailable(t, mailerTo(t, smtp.port, { tls: 'required' }).send(mail()), /^[A-Z_]+$/);
  t.deepEqual(smtp.received, []);
});

test('Where TLS is required, the mail goes encrypted to a server with a valid certificate, by STARTTLS and by smtps.', async (t) => {
  const starttls = await startSmtp(t, { disabledCommands: [], cert, key });
  const smtps = await startSmtp(t, { secure: true, cert, key });
  const options = { tls: 'required', ca: cert } as const;
  await mailerTo(t, starttls.port, { ...options, smtpUrl: `smtp://localhost:${starttls.port}` }).send(mail());
  await mailerTo(t, smtps.port, { ...options, smtpUrl: `smtps://localhost:${smtps.port}` }).send(mail());
  t.deepEqual(
    [...starttls.received, ...smtps.received].map(({ secure }) => secure),
    [true, true],
  );
});

test('A refused log-in is about us, not about the recipient.', async (t) => {
  const smtp = await startSmtp(t, {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, callback) => callback(answer(535)),
  });
  const mailer = mailerTo(t, smtp.port, { smtpUrl: `smtp://user:p%40ss@127.0.0.1:${smtp.port}` });
  await unavailable(t, mailer.send(mail()), 'EAUTH 535');
  await unavailable(t, mailer.verify(), 'EAUTH 535');
});

test('The check at start passes on a server that works, and after a refused mail the next one goes out.', async (t) => {
  let first = true;
  const smtp = await startSmtp(t, {
    onRcptTo: (_address, _session, callback) => {
      callback(first ? answer(550) : null);
      first = false;
    },
  });
  const mailer = mailerTo(t, smtp.port);
  await mailer.verify();
  await t.throwsAsync(mailer.send(mail()), { instanceOf: RecipientRefused });
  await t.notThrowsAsync(mailer.send(mail()));
  t.is(smtp.received.length, 1);
});

for (const to of [
  'victim@example.com\r\nBcc: x@evil.test',
  'a@x.example, b@y.example',
  'a@x.example;b@y.example',
  'victim@example.com <attacker@evil.test>',
  '"victim@example.com"@evil.test',
  'a@x.example b@y.example',
  'a@x.example\n',
  '=?utf-8?q?a?=@x.example',
  'a@[127.0.0.1]',
  'jürgen@example.com',
  `${'a'.repeat(250)}@example.com`,
  '<a@x.example>',
  'nobody',
  '',
])
  test(`The recipient ${JSON.stringify(to).slice(0, 50)} is refused before anything is sent.`, async (t) => {
    const smtp = await startSmtp(t);
    const error = await t.throwsAsync<RecipientRefused>(mailerTo(t, smtp.port).send(mail({ to })), {
      instanceOf: RecipientRefused,
    });
    t.is(error?.replyCode, '501 5.1.3');
    t.is(smtp.connections(), 0);
  });

test('Line breaks in subject, Message-ID and language add no header and no recipient.', async (t) => {
  const smtp = await startSmtp(t);
  const mailer = mailerTo(t, smtp.port);
  const inject = '\r\nBcc: x@evil.test\r\n\r\nbody';
  await mailer.send(mail());
  await mailer.send(mail({ subject: `Hello${inject}` }));
  await mailer.send(mail({ language: `de${inject}` }));
  await mailer.send(mail({ messageId: `<a@b.example>${inject}` }));
  const [plain, ...hostile] = smtp.received;
  for (const { rcpt, raw } of hostile) {
    t.deepEqual(rcpt, ['maria@example.com']);
    t.is(headerLines(raw).length, headerLines(plain!.raw).length);
    t.deepEqual(header(raw, 'Bcc'), []);
  }
});

test('Nothing in a mail makes the mailer read a file or fetch an address.', async (t) => {
  const smtp = await startSmtp(t);
  const hostile = { path: '/etc/hostname' } as unknown as string;
  await unavailable(t, mailerTo(t, smtp.port).send(mail({ html: hostile })), 'EFILEACCESS');
  await unavailable(
    t,
    mailerTo(t, smtp.port).send(mail({ text: { href: 'http://127.0.0.1:1/' } as unknown as string })),
    'EURLACCESS',
  );
  t.deepEqual(smtp.received, []);
});

for (const from of [
  '',
  'nobody',
  'a@x.example, b@y.example',
  'Team: a@x.example;',
  'A\r\nBcc: x@evil.test <a@x.example>',
])
  test(`A sender that is not exactly one mailbox stops the start: ${JSON.stringify(from)}.`, (t) => {
    t.throws(() => createMailer({ smtpUrl: 'smtp://127.0.0.1:25', from, tls: 'off' }), {
      message: /exactly one mailbox/,
    });
  });

for (const smtpUrl of ['', 'localhost:25', 'http://mail.example', 'smtps://mail.example/?tls.rejectUnauthorized=false'])
  test(`A mail server address that is not plain smtp or smtps stops the start: ${JSON.stringify(smtpUrl)}.`, (t) => {
    t.throws(() => createMailer({ smtpUrl, from: 'a@x.example', tls: 'required' }), { message: /smtp:\/\// });
  });
