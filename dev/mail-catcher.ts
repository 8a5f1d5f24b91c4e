import { type CaughtMail, openMailStore } from './caught-mail.js';
import { startInbox } from './inbox/server.js';
import { type SinkMode, startSmtpSink } from './smtp-sink.js';

export type { CaughtMail } from './caught-mail.js';
export type { SinkMode } from './smtp-sink.js';

export interface MailCatcherOptions {
  /** Default: any free one. */
  smtpPort?: number;
  /** Port of the inbox page and JSON API; default: any free one. */
  webPort?: number;
  /** Keeps the mails as files in this folder across restarts; without it they live in memory only. */
  folder?: string;
  /** Offers STARTTLS with a self-signed certificate. */
  startTls?: boolean;
}

export interface MailCatcher {
  smtpUrl: string;
  inboxUrl: string;
  /** Oldest first. */
  messages(): CaughtMail[];
  /** The first mail, caught before or from now on, that the predicate likes; rejects after `timeoutMs`. */
  waitForMail(predicate: (mail: CaughtMail) => boolean, timeoutMs: number): Promise<CaughtMail>;
  /** For new connections, and for the next command of open ones; see each mode. */
  setMode(mode: SinkMode): void;
  stop(): Promise<void>;
}

/** Starts a real SMTP server on loopback that delivers nothing, with a web page that shows what it caught. */
export async function startMailCatcher(options: MailCatcherOptions = {}): Promise<MailCatcher> {
  const { smtpPort = 0, webPort = 0, folder, startTls = false } = options;
  const store = await openMailStore(folder);
  const waiting = new Set<(mail: CaughtMail) => void>();
  const sink = await startSmtpSink({
    port: smtpPort,
    startTls,
    receive: async (source, envelope) => {
      const mail = await store.add(source, envelope);
      for (const notify of waiting) notify(mail);
    },
  });
  const inbox = await startInbox({ port: webPort, store, sink });
  return {
    smtpUrl: `smtp://127.0.0.1:${sink.port}`,
    inboxUrl: `http://localhost:${inbox.port}`,
    messages: store.list,
    waitForMail: (predicate, timeoutMs) => {
      const caught = store.list().find(predicate);
      return caught ? Promise.resolve(caught) : waitFor(predicate, timeoutMs, waiting);
    },
    setMode: sink.setMode,
    stop: async () => {
      await Promise.all([sink.stop(), inbox.stop()]);
    },
  };
}

function waitFor(
  predicate: (mail: CaughtMail) => boolean,
  timeoutMs: number,
  waiting: Set<(mail: CaughtMail) => void>,
): Promise<CaughtMail> {
  return new Promise((resolve, reject) => {
    const notify = (mail: CaughtMail) => {
      if (!predicate(mail)) return;
      finish();
      resolve(mail);
    };
    const timer = setTimeout(() => {
      finish();
      reject(new Error(`The mail that was waited for did not come within ${timeoutMs} ms.`));
    }, timeoutMs);
    const finish = () => {
      clearTimeout(timer);
      waiting.delete(notify);
    };
    waiting.add(notify);
  });
}
