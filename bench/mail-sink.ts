import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A mail as far as a registration needs it. */
export interface SunkMail {
  /** Path of the activation link. */
  link: string;
  /** When its last byte was here, on the clock of `performance.now()`. */
  receivedAt: number;
}

export interface MailSink {
  smtpUrl: string;
  /** The next mail to this address; must be asked for before the mail can come. */
  waitFor(address: string): Promise<SunkMail>;
  stop(): Promise<void>;
}

const endOfData = '\r\n.\r\n';
/** Milliseconds after which a mail is taken for lost. */
const mailTimeout = 60_000;

/** A mail server that answers at once, takes everything and keeps nothing; smtp-server waits 100 ms before it greets. */
export async function startMailSink(): Promise<MailSink> {
  const waiting = new Map<string, (mail: SunkMail) => void>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A worker that is stopped drops its connections.
    socket.on('error', () => {});
    converse(socket, (recipient, message) => {
      const receivedAt = performance.now();
      waiting.get(recipient)?.({ link: linkIn(message), receivedAt });
      waiting.delete(recipient);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    smtpUrl: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waitFor: (address) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no mail within ${mailTimeout} ms`)), mailTimeout);
        waiting.set(address, (mail) => {
          clearTimeout(timer);
          resolve(mail);
        });
      }),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Speaks SMTP with one client that waits for each answer (no PIPELINING is offered). */
function converse(socket: Socket, take: (recipient: string, message: string) => void): void {
  let unread = '';
  let recipient = '';
  let inData = false;
  const answer = (line: string) => socket.write(`${line}\r\n`);
  socket.setEncoding('latin1');
  answer('220 bench ESMTP');
  socket.on('data', (chunk: string) => {
    unread += chunk;
    for (;;) {
      const end = unread.indexOf(inData ? endOfData : '\r\n');
      if (end < 0) return;
      const text = unread.slice(0, end);
      unread = unread.slice(end + (inData ? endOfData.length : 2));
      if (inData) {
        take(recipient, text);
        inData = false;
        answer('250 2.0.0 taken');
        continue;
      }
      const verb = text.slice(0, 4).toUpperCase();
      if (verb === 'RCPT') recipient = /<([^>]*)>/.exec(text)?.[1] ?? '';
      inData = verb === 'DATA';
      if (inData) answer('354 go on');
      else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n');
      else answer(verb === 'EHLO' ? '250-bench\r\n250 8BITMIME' : '250 2.0.0 ok');
    }
  });
}

/** Both parts of the mail are quoted-printable; the link stands alone in the text, and nothing in it is dot-stuffed. */
function linkIn(message: string): string {
  const decoded = message
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const link = /https?:\/\/[^\s/]+(\/register\/[\w-]{43})(?=\s|$)/.exec(decoded)?.[1];
  if (!link) throw new Error('a mail without an activation link');
  return link;
}
