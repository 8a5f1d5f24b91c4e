import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';

/** A mail as the catcher received it; the same shape in its JSON API. */
export interface CaughtMail {
  /** Sorts by time of receipt. */
  id: string;
  /** The header From, for people. */
  from: string;
  /** MAIL FROM of the envelope. */
  envelopeFrom: string;
  /** RCPT TO of the envelope: who really gets it, whatever the headers say. */
  to: string[];
  subject: string;
  text: string;
  html: string;
  /** By lower-case name; several of one name are joined with ", ". */
  headers: Record<string, string>;
  messageId: string;
  /** The whole source. */
  raw: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
}

export interface Envelope {
  from: string;
  to: string[];
}

export interface MailStore {
  /** Oldest first. */
  list(): CaughtMail[];
  find(id: string): CaughtMail | undefined;
  add(source: Buffer, envelope: Envelope): Promise<CaughtMail>;
  clear(): void;
}

/** Older mails are dropped beyond this number, so that a load test does not fill memory and disk. */
const mailsKept = 5000;

/**
 * Keeps mails in memory and, when there is a folder, as `<id>.eml` with the envelope beside it in `<id>.json`, from which
 * they are read again at the next start.
 */
export async function openMailStore(folder?: string): Promise<MailStore> {
  if (folder) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mails: CaughtMail[] = folder ? await readAll(folder) : [];
  return {
    list: () => [...mails],
    find: (id) => mails.find((mail) => mail.id === id),
    add: async (source, envelope) => {
      const receivedAt = new Date().toISOString();
      const id = `${receivedAt.replaceAll(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`;
      const mail = await readMail(id, source, envelope, receivedAt);
      if (folder) writeMail(folder, id, source, { ...envelope, receivedAt });
      mails.push(mail);
      while (mails.length > mailsKept) remove(folder, mails.shift());
      return mail;
    },
    clear: () => {
      for (const mail of mails.splice(0)) remove(folder, mail);
    },
  };
}

async function readAll(folder: string): Promise<CaughtMail[]> {
  const ids = readdirSync(folder).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []));
  const mails: CaughtMail[] = [];
  for (const id of ids.sort()) {
    const { receivedAt, ...envelope } = JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8'));
    mails.push(await readMail(id, readFileSync(join(folder, `${id}.eml`)), envelope, receivedAt));
  }
  return mails;
}

async function readMail(id: string, source: Buffer, envelope: Envelope, receivedAt: string): Promise<CaughtMail> {
  const parsed = await simpleParser(source);
  const headers: Record<string, string> = {};
  for (const { key, line } of parsed.headerLines) {
    const value = line
      .slice(line.indexOf(':') + 1)
      .replaceAll(/\r?\n\s+/g, ' ')
      .trim();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return {
    id,
    from: parsed.from?.text ?? envelope.from,
    envelopeFrom: envelope.from,
    to: envelope.to,
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html || '',
    headers,
    messageId: parsed.messageId ?? '',
    raw: source.toString('utf8'),
    receivedAt,
  };
}

function writeMail(folder: string, id: string, source: Buffer, envelope: Envelope & { receivedAt: string }) {
  writeFileSync(join(folder, `${id}.eml`), source, { mode: 0o600 });
  // Its appearance makes the mail exist, so it comes last and whole.
  const unfinished = join(folder, `${id}.unfinished`);
  writeFileSync(unfinished, JSON.stringify(envelope), { mode: 0o600 });
  renameSync(unfinished, join(folder, `${id}.json`));
}

function remove(folder: string | undefined, mail: CaughtMail | undefined) {
  if (!folder || !mail) return;
  for (const ending of ['json', 'eml']) rmSync(join(folder, `${mail.id}.${ending}`), { force: true });
}
