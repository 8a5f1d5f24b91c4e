import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/connection.js';
import { mostFrequent } from './statistics.js';

/** Of one registration. */
export interface SqlFigures {
  /** BEGIN and COMMIT included, for each is a round trip. */
  statements: number;
  /** A statement on its own is one as well. */
  transactions: number;
  /** Who sent what, in order; beginnings only. */
  sent: string[];
}

/** The first few open connections and fill caches. */
const ignored = 4;
const counted = 15;
const mostTries = 40;
/** Milliseconds in which PostgreSQL reads its configuration again. */
const reloadTime = 500;
/** Milliseconds until the last statement of a registration is in the log. */
const logTime = 150;
/** Characters of a statement that are kept. */
const keptText = 160;
const linePrefix = '%a|%c|%v|';

/**
 * Counts by letting PostgreSQL log every statement of the product's two processes while a few registrations run, one
 * after the other: exact, tells transactions too, and burdens no measured run as pg_stat_statements would.
 */
export async function countSql(db: Database, log: string, register: () => Promise<unknown>): Promise<SqlFigures> {
  await setLogging(db, 'all');
  const registrations: SqlFigures[] = [];
  for (let number = 0; number < mostTries && registrations.length < counted; number++) {
    const from = statSync(log).size;
    // One that fails has not sent all that a registration does.
    const finished = await register().then(
      () => true,
      () => false,
    );
    await delay(logTime);
    if (finished && number >= ignored) registrations.push(figuresOf(readFrom(log, from)));
  }
  await setLogging(db, 'none');
  // The reconciler's round, once a minute, may fall into one of them.
  const usual = mostFrequent(registrations.map(({ statements }) => statements));
  const found = registrations.find(({ statements }) => statements === usual);
  if (!found) throw new Error(`none of ${mostTries} registrations finished while SQL was counted`);
  return found;
}

async function setLogging(db: Database, statements: 'all' | 'none'): Promise<void> {
  await db.raw(`alter system set log_statement = '${statements}'`);
  await db.raw(`alter system set log_line_prefix = '${linePrefix}'`);
  await db.raw('select pg_reload_conf()');
  await delay(reloadTime);
}

function figuresOf(logged: string): SqlFigures {
  const entries = [
    ...logged.matchAll(/^vestibule-(api|worker)\|(\S+)\|(\S+)\|LOG: {2}(?:statement|execute \S+): (.*(?:\n\t.*)*)/gm),
  ];
  const transactions = new Set(entries.map(([, , session, transaction]) => `${session} ${transaction}`));
  return {
    statements: entries.length,
    transactions: transactions.size,
    sent: entries.map(([, who, , , text = '']) => `${who}: ${text.replace(/\s+/g, ' ').trim().slice(0, keptText)}`),
  };
}

function readFrom(file: string, from: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(statSync(file).size - from);
    readSync(descriptor, buffer, 0, buffer.length, from);
    return buffer.toString();
  } finally {
    closeSync(descriptor);
  }
}
