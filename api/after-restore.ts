/**
 * One-shot, run on the server after a backup was restored and before `api` and `worker` start (docs/operating.md,
 * docs/decisions/022): ends whatever the backup would revive, erases again whoever was erased since, and ends every
 * registration whose row and workflow disagree. May be run again.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { connectedParts, type Settled, settleRestored } from '../db/after-restore.js';
import { type Database, openDatabase } from '../db/connection.js';
import { needsTls, parseEnvironment, sharedEnvironment, temporalConnection } from '../db/environment.js';
import { errorCode } from '../db/error-code.js';
import { compareAll, type Mismatch, terminateWorkflows } from './registration-mismatches.js';

/** Milliseconds: a hundred thousand rows change in one statement. */
const statementTimeout = 600_000;
const connectTimeout = 5_000;
const reason = 'A backup was restored: row and workflow disagreed, or the registration was ended (after-restore)';

const words: Record<keyof Settled['counts'], string> = {
  sessions: 'sessions of users and staff, and sign-ins to applications, ended',
  links: 'links in mails made invalid',
  invitations: 'invitations run out; their administrators can send them again',
  joinRequests: 'requests to join a company ended; people can ask again',
  mails: 'mails withdrawn that had not gone out by the time of the backup',
  partnerCodes: 'partner codes revoked',
  apiKeys: 'API keys revoked',
  recoveryCodes: 'recovery codes made void',
  retries: 'retries of many registrations ended',
  webhookDeliveries: 'deliveries of webhooks begun anew',
  registrations: 'registrations ended; people can start again',
  erasedAccounts: 'accounts erased again',
  erasedRegistrations: 'registrations erased again',
};

const { DATABASE_URL, DATABASE_TLS, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS, TEMPORAL_API_KEY } =
  sharedEnvironment;
const environment = z.object({
  ...{ DATABASE_URL, DATABASE_TLS, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS, TEMPORAL_API_KEY },
  VESTIBULE_MODE: sharedEnvironment.VESTIBULE_MODE,
});

const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { erased: { type: 'string' } } });
  const erased = values.erased === undefined ? [] : await readIds(values.erased);
  const env = parseEnvironment(environment, process.env);
  const db = openDatabase({
    url: env.DATABASE_URL,
    tls: needsTls(env.DATABASE_TLS, env.VESTIBULE_MODE),
    applicationName: 'vestibule-after-restore',
    statementTimeout,
  });
  let connection: Connection | undefined;
  try {
    await assertAlone(db);
    connection = await Connection.connect({ ...temporalConnection(env), connectTimeout }).catch((cause) => {
      throw new Error(`Temporal does not answer at ${env.TEMPORAL_ADDRESS}; nothing was changed`, { cause });
    });
    await settle(db, new Client({ connection, namespace: env.TEMPORAL_NAMESPACE }), erased);
  } finally {
    await Promise.all([connection?.close(), db.destroy()]);
  }
}

async function assertAlone(db: Database): Promise<void> {
  const parts = await connectedParts(db).catch((cause) => {
    throw new Error(`the database does not answer (${errorCode(cause) ?? 'no reason given'}); nothing was changed`, {
      cause,
    });
  });
  if (parts.length > 0) throw new Error(`stop these first, they use the database: ${parts.join(', ')}`);
}

/** Ids of accounts or registrations, one a line; "-" is the standard input, for containers. */
async function readIds(file: string): Promise<string[]> {
  const lines = (file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')).split('\n');
  const ids = lines.map((line) => line.trim());
  const wrong = ids.findIndex((id) => id !== '' && !z.uuid().safeParse(id).success);
  if (wrong !== -1) throw new Error(`line ${wrong + 1} of the erasure list is not an id; nothing was changed`);
  return ids.filter(Boolean);
}

/** Temporal last: what is terminated there is ended in the database by then, so that a second run finds what is left. */
async function settle(db: Database, client: Client, erased: string[]): Promise<void> {
  const { mismatches, running } = await compareAll(db, client);
  const references = mismatches.map(({ reference }) => reference);
  const { counts, ended, withoutAdministrator } = await db.transaction((trx) =>
    settleRestored(trx, { references, erased }),
  );
  const disowned = new Set([...references, ...ended].filter((reference) => running.has(reference)));
  await terminateWorkflows(client, [...disowned], reason);
  for (const mismatch of mismatches) say(inWords(mismatch));
  say(`${mismatches.length} registrations whose row and workflow disagreed; what was open of them was ended`);
  for (const [name, count] of Object.entries(counts)) say(`${count} ${words[name as keyof typeof words]}`);
  for (const id of withoutAdministrator) say(`the customer ${id} has no administrator any more: appoint one`);
}

const inWords = ({ reference, row, workflow, workflowIsBehind }: Mismatch) =>
  `${reference}: row ${row ?? 'missing'}, workflow ${workflow ?? 'not running'}${workflowIsBehind ? ', but behind' : ''}`;

await run().catch((error) => {
  process.stderr.write(`after-restore: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
