import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Envelope } from './caught-mail.js';

/** How the sink behaves, so that tests can meet every kind of broken mail server. */
export const sinkModes = [
  'ok',
  /** The connection is closed at once. */
  'refuse',
  /** Each new connection is taken, and nothing is ever said; open ones end. */
  'hang-greeting',
  /** "421 try again later" instead of a greeting. */
  '421',
  /** Each recipient is refused for now. */
  '4xx-rcpt',
  /** Each recipient is refused for good. */
  '5xx-rcpt',
  /** The mail is kept, but the connection breaks before the sender hears so. */
  'drop-after-data',
  /** Every answer trickles in, a byte a second. */
  'slow',
  /** STARTTLS is not offered, also when the sink was started with it. */
  'no-starttls',
] as const;

export type SinkMode = (typeof sinkModes)[number];

export interface SinkOptions {
  /** 0: any free one. */
  port: number;
  /** Offers STARTTLS with a self-signed certificate. */
  startTls: boolean;
  /** Gets each whole mail; when it throws, the sender is told that the mail was not taken. */
  receive(source: Buffer, envelope: Envelope): Promise<unknown>;
}

export interface SmtpSink {
  port: number;
  mode(): SinkMode;
  setMode(mode: SinkMode): void;
  stop(): Promise<void>;
}

/** Beyond this a mail is refused, in bytes. */
const sizeLimit = 25 * 1024 * 1024;
/** Time between two bytes in mode `slow`, in milliseconds. */
const slowBytePause = 1000;

/** A real SMTP server on loopback that keeps every mail and delivers none. */
export async function startSmtpSink({ port, startTls, receive }: SinkOptions): Promise<SmtpSink> {
  let mode: SinkMode = 'ok';
  const sockets = new Set<Socket>();
  const take = async (stream: SMTPServerDataStream, session: SMTPServerSession) => {
    const source = Buffer.concat(await stream.toArray());
    if (stream.sizeExceeded) throw smtpError(552, 'Message is too large');
    await receive(source, envelopeOf(session));
    if (mode !== 'drop-after-data') return;
    for (const socket of sockets) if (socket.remotePort === session.remotePort) socket.destroy();
  };
  const withTls = startTls ? createSmtpServer([], () => mode, take) : undefined;
  const plain = createSmtpServer(['STARTTLS'], () => mode, take);
  const inner = plain.listen(0, '127.0.0.1');
  // Connections come in here, where a mode can spoil them before the SMTP server sees them.
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    if (mode === 'refuse') socket.destroy();
    else if (mode === 'slow') void trickle(connect((inner.address() as AddressInfo).port, '127.0.0.1'), socket);
    else if (mode === 'hang-greeting') socket.resume();
    else (mode === 'no-starttls' ? plain : (withTls ?? plain)).server.emit('connection', socket);
  });
  front.listen(port, '127.0.0.1');
  await Promise.all([once(front, 'listening'), once(inner, 'listening')]);
  return {
    port: (front.address() as AddressInfo).port,
    mode: () => mode,
    setMode: (next) => {
      mode = next;
      // A client that keeps connections would never meet the greeting.
      if (mode === 'hang-greeting') for (const socket of sockets) socket.destroy();
    },
    stop: async () => {
      const closed = [front, inner].map((server) => once(server, 'close'));
      front.close();
      inner.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function createSmtpServer(
  disabledCommands: string[],
  mode: () => SinkMode,
  take: (stream: SMTPServerDataStream, session: SMTPServerSession) => Promise<void>,
): SMTPServer {
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands,
    disableReverseLookup: true,
    size: sizeLimit,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anybody' }),
    onConnect: (_session, callback) => callback(mode() === '421' ? smtpError(421, 'Try again later') : null),
    onRcptTo: (_address, _session, callback) => {
      if (mode() === '4xx-rcpt') callback(smtpError(450, 'Mailbox is busy'));
      else if (mode() === '5xx-rcpt') callback(smtpError(550, 'No such mailbox'));
      else callback();
    },
    onData: (stream, session, callback) => {
      take(stream, session).then(() => callback(), callback);
    },
  });
  // A sender that goes away in the middle, as tests do on purpose, is no failure of the sink.
  server.on('error', () => {});
  return server;
}

async function trickle(inner: Socket, client: Socket) {
  inner.on('error', () => client.destroy());
  client.on('close', () => inner.destroy());
  client.pipe(inner);
  try {
    for await (const chunk of inner as AsyncIterable<Buffer>) {
      for (const byte of chunk) {
        client.write(Buffer.of(byte));
        await delay(slowBytePause);
        if (client.destroyed) return;
      }
    }
    client.end();
  } catch {
    client.destroy();
  }
}

function envelopeOf({ envelope }: SMTPServerSession): Envelope {
  const from = envelope.mailFrom ? envelope.mailFrom.address : '';
  return { from, to: envelope.rcptTo.map(({ address }) => address) };
}

const smtpError = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });
