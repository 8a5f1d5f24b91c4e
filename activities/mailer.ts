import { rootCertificates } from 'node:tls';
import { createTransport } from 'nodemailer';
import addressparser from 'nodemailer/lib/addressparser';

/** The answer of the mail server says that this mailbox does not take the mail, now or later: nothing to retry. */
export class RecipientRefused extends Error {
  override readonly name = 'RecipientRefused';
  /** @param replyCode such as `550 5.1.1` */
  constructor(readonly replyCode: string) {
    super(`recipient refused: ${replyCode}`);
  }
}

/** The mail was not accepted for a reason that lies with the mail server or with us: send it again later. */
export class MailServerUnavailable extends Error {
  override readonly name = 'MailServerUnavailable';
  /** @param code where it broke and, if the server answered, with what: `ECONNREFUSED`, `ETIMEDOUT`, `EAUTH 535`, `EENVELOPE 451 4.3.0` */
  constructor(readonly code: string) {
    super(`mail server unavailable: ${code}`);
  }
}

export interface OutgoingMail {
  /** One canonical address. */
  to: string;
  messageId: string;
  subject: string;
  html: string;
  text: string;
  language: string;
  /** Rather fail than take long: fails without a try while the mail server has just failed. */
  atOnce?: boolean;
}

/** In milliseconds. `overall` covers waiting for a free connection too, and stays below the activity's own timeout (30 s). */
export interface MailTimeouts {
  connection: number;
  greeting: number;
  socket: number;
  overall: number;
  /** Instead of `overall` for what is sent at once. */
  atOnce: number;
}

export interface MailerOptions {
  /** `smtp://` (STARTTLS where TLS is required) or `smtps://`, with user and password where the server wants them. */
  smtpUrl: string;
  /** One mailbox, e.g. `Vestibule <no-reply@example.com>`. */
  from: string;
  /** `off` is for a mail catcher on the same machine: plain text, also where the server offers TLS. */
  tls: 'required' | 'off';
  /** Certificates (PEM) of a private authority that signs the mail server's, besides the well-known ones. */
  ca?: string;
  timeouts?: Partial<MailTimeouts>;
  /** Gets codes and durations, never an address, a subject or the server's sentence. */
  log?: { warn(fields: Record<string, unknown>, message: string): void };
}

export interface Mailer {
  /** Resolves when the server has taken the mail; throws `RecipientRefused` or `MailServerUnavailable`, nothing else. */
  send(mail: OutgoingMail): Promise<{ reply: string }>;
  /** Connects and logs in, sends nothing; throws `MailServerUnavailable`. */
  verify(): Promise<void>;
  /** Mails on their way are finished; what waits for a connection is refused. */
  close(): void;
}

const defaultTimeouts: MailTimeouts = {
  connection: 5_000,
  greeting: 5_000,
  socket: 10_000,
  overall: 18_000,
  atOnce: 2_000,
};
/** How long nothing is sent at once after the mail server has failed. */
const failingFor = 10_000;
/** Short, so that a server that closes idle connections early is seldom met with a dead one. */
const idleConnectionTtl = 60_000;
const socketCloseTimeout = 1_000;

export const createMailer = ({ smtpUrl, from, tls, ca, log, timeouts: given }: MailerOptions): Mailer => {
  const timeouts = { ...defaultTimeouts, ...given };
  const sender = parseSender(from);
  const transport = createTransport({
    ...parseSmtpUrl(smtpUrl),
    pool: true,
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'off',
    tls: { minVersion: 'TLSv1.2', ...(ca ? { ca: [...rootCertificates, ca] } : {}) },
    connectionTimeout: timeouts.connection,
    dnsTimeout: timeouts.connection,
    greetingTimeout: timeouts.greeting,
    socketTimeout: timeouts.socket,
    socketCloseTimeout,
    idleTimeout: idleConnectionTtl,
    // Only for a pooled connection found dead before a byte of the mail was sent; every other retry is the engine's.
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
    // nodemailer's own log lines carry recipients and the server's sentences.
    logger: false,
  });
  // An 'error' event without a listener would end the process; each failed send is told to its caller anyway.
  transport.on('error', (error) => log?.warn({ failure: classify(error).message }, 'mail connection failed'));

  let failed: { at: number; failure: MailServerUnavailable } | undefined;
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const startedAt = Date.now();
    try {
      const result = await work();
      failed = undefined;
      return result;
    } catch (error) {
      const failure = classify(error);
      failed = failure instanceof MailServerUnavailable ? { at: Date.now(), failure } : undefined;
      log?.warn({ failure: failure.message, durationMs: Date.now() - startedAt }, 'mail not accepted');
      throw failure;
    }
  };

  return {
    send: async (mail) => {
      if (mail.atOnce && failed && Date.now() - failed.at < failingFor) throw failed.failure;
      return attempt(async () => {
        // Never reaches the server: nodemailer would read some such strings as several recipients, or as another one.
        if (!isAddress(mail.to)) throw new RecipientRefused(unusableAddress);
        const info = await transport.sendMail({
          from: sender,
          to: { name: '', address: mail.to },
          envelope: { from: sender.address, to: [mail.to] },
          messageId: mail.messageId,
          subject: oneLine(mail.subject),
          html: mail.html,
          text: mail.text,
          textEncoding: 'quoted-printable',
          xMailer: false,
          headers: {
            'Auto-Submitted': 'auto-generated',
            // Not `All`: that would suppress the bounces as well, and they are wanted.
            'X-Auto-Response-Suppress': 'OOF, AutoReply',
            'Content-Language': oneLine(mail.language),
          },
          signal: AbortSignal.timeout(mail.atOnce ? timeouts.atOnce : timeouts.overall),
        });
        return { reply: replyOf(info.response) };
      });
    },
    verify: () =>
      attempt(async () => {
        await within(timeouts.overall, transport.verify());
      }),
    close: () => transport.close(),
  };
};

/** "Bad destination mailbox address syntax", as a server would say it. */
const unusableAddress = '501 5.1.3';

// Exactly one addr-spec of dot-atom form. The edge is stricter (security.md V4); this is the second line.
const address = /^(?!.*=\?)[a-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[a-z0-9#$&'*+/=?^_`{|}~-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;
const longestAddress = 254;
const isAddress = (value: string): boolean => value.length <= longestAddress && address.test(value);

const oneLine = (value: string): string => value.replace(/\p{Cc}+/gu, ' ').trim();

function parseSender(from: string): { name: string; address: string } {
  const [sender, ...others] = addressparser(from);
  if (!sender?.address || others.length > 0 || !isAddress(sender.address) || /\p{Cc}/u.test(from))
    throw new Error('The sender of mails must be exactly one mailbox, such as "Vestibule <no-reply@example.com>".');
  return { name: sender.name, address: sender.address };
}

/** By hand: nodemailer takes any option from a URL's query, among them the one that accepts every certificate. */
function parseSmtpUrl(smtpUrl: string) {
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : undefined;
  const secure = url?.protocol === 'smtps:';
  if (
    !url?.hostname ||
    !(secure || url.protocol === 'smtp:') ||
    url.search ||
    url.hash ||
    !['', '/'].includes(url.pathname)
  )
    throw new Error('The mail server must be given as smtp://host:port or smtps://user:password@host:port.');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    ...(url.username
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
  };
}

function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MailServerUnavailable('ETIMEDOUT')), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

interface SmtpError {
  code?: unknown;
  originalCode?: unknown;
  command?: unknown;
  responseCode?: unknown;
  response?: unknown;
}

function classify(error: unknown): RecipientRefused | MailServerUnavailable {
  if (error instanceof RecipientRefused || error instanceof MailServerUnavailable) return error;
  const { code, originalCode, command, responseCode, response } = (error ?? {}) as SmtpError;
  const replyCode = typeof responseCode === 'number' ? responseCode : 0;
  const enhancedCode = typeof response === 'string' ? replyPattern.exec(response)?.[2] : undefined;
  if (speaksOfMailbox(command, replyCode, enhancedCode)) return new RecipientRefused(join(replyCode, enhancedCode));
  // These two only say that something broke; what it was is beside them (`ECONNREFUSED`, `EFILEACCESS`).
  const cause = code === 'ESOCKET' || code === 'ESTREAM' ? (originalCode ?? code) : code;
  // The send was given up by its overall timeout: one name for all that was too slow.
  const reason = cause === 'EABORT' ? 'ETIMEDOUT' : cause;
  const known = typeof reason === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(reason);
  return new MailServerUnavailable(join(known ? reason : 'EUNKNOWN', replyCode, enhancedCode));
}

/** Basic codes at RCPT TO that say something about the mailbox; 530, 535, 554 and the rest speak of us (security.md X11). */
const mailboxReplies = new Set([501, 550, 551, 552, 553, 556]);
/** RFC 3463: addressing status (not 5.1.7 and 5.1.8, which are about the sender) and mailbox status. */
const mailboxStatus = /^5\.(1\.(?![78]$)|2\.)/;
/** At RCPT TO also routing status: this address's domain cannot be reached, and Exchange Online says 5.4.1 of an unknown mailbox. */
const routingStatus = /^5\.4\.[14]$/;

/**
 * An enhanced code decides where there is one, for 550 is also what a server says that does not like *us* (5.7.1).
 * After DATA only an enhanced code can mean the mailbox: there the basic ones speak of the message.
 */
function speaksOfMailbox(command: unknown, replyCode: number, enhancedCode?: string): boolean {
  if (replyCode < 500) return false;
  if (command === 'RCPT TO')
    return enhancedCode
      ? mailboxStatus.test(enhancedCode) || routingStatus.test(enhancedCode)
      : mailboxReplies.has(replyCode);
  return command === 'DATA' && enhancedCode !== undefined && mailboxStatus.test(enhancedCode);
}

const replyPattern = /^(\d{3})(?:[ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?!\S))?/;

/** What of the server's answer may be kept: the codes, never the sentence, which may hold the address. */
const replyOf = (response: string): string => join(...(replyPattern.exec(response)?.slice(1) ?? []));

const join = (...codes: (string | number | undefined)[]): string => codes.filter(Boolean).join(' ');
