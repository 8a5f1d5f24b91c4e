/** No job and no list reads a large table whole, as far as PostgreSQL's plans can tell. */
import anyTest, { type TestFn } from 'ava';
import { reconcile } from '../../api/reconciler.js';
import type { Services } from '../../api/registrations.js';
import { listAudit } from '../../db/audit-log.js';
import type { Database } from '../../db/connection.js';
import { searchUsers } from '../../db/console-users.js';
import { createLog } from '../../db/log.js';
import { listPartners } from '../../db/partners.js';
import { listForPlatform } from '../../db/platform-lists.js';
import { funnel } from '../../db/registration-statistics.js';
import { claimDeliveries, listDeliveries } from '../../db/webhook-deliveries.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { buildKeys } from './fixtures/rows.js';

const test = anyTest as TestFn<{ database: TestDatabase }>;
test.before(async (t) => {
  t.context.database = await startDatabase();
});
test.after.always((t) => t.context.database?.stop());

/** Those that grow with the people there are. Of sessions the rules are too many for an index. */
const large = [
  'customers',
  'invitations',
  'notices',
  'partners',
  'password_resets',
  'platform_events',
  'rate_limits',
  'registration_events',
  'registrations',
  'sign_in_records',
  'users',
  'webhook_deliveries',
];

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

const scanned = (plan: Plan): string[] => [
  ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : []),
  ...(plan.Plans ?? []).flatMap(scanned),
];

/** Large tables that statements read whole although they were told to do anything rather than that. */
async function wholeReads(db: Database, run: () => Promise<unknown>): Promise<string[]> {
  const statements: { sql: string; bindings: unknown[] }[] = [];
  const note = (statement: { sql: string; bindings: unknown[] }) => statements.push(statement);
  db.on('query', note);
  await run();
  db.off('query', note);
  const found: string[] = [];
  const trx = await db.transaction();
  await trx.raw('set local enable_seqscan = off');
  for (const { sql, bindings } of statements) {
    if (!/^\s*(select|with|update|delete|insert)\b/i.test(sql)) continue;
    const { rows } = await trx.raw(`explain (format json) ${sql.replace(/\$\d+/g, '?')}`, (bindings ?? []) as never);
    const tables = scanned(rows[0]['QUERY PLAN'][0].Plan).filter((table) => large.includes(table));
    found.push(...tables.map((table) => `${table}: ${sql.replace(/\s+/g, ' ').slice(0, 160)}`));
  }
  await trx.rollback();
  return found;
}

const nobody = '00000000-0000-4000-8000-000000000000';

test.serial('a round of the reconciler finds what is due by an index', async (t) => {
  const { db } = t.context.database;
  const services = {
    db,
    engine: { endedByHand: async () => ['RG-0000-0000'] },
    keys: buildKeys('one'),
    log: createLog('test', 'silent'),
  } as unknown as Services;
  t.deepEqual(await wholeReads(db, () => reconcile(services)), []);
});

test.serial('the dispatcher, the lists of staff and of the host platform find their page by an index', async (t) => {
  const { db } = t.context.database;
  const lists: (() => Promise<unknown>)[] = [
    () => claimDeliveries(db, 50),
    () => listDeliveries(db, { endpointId: nobody, limit: 50 }),
    () => listDeliveries(db, { endpointId: nobody, after: nobody, limit: 50 }),
    () => searchUsers(db, '', 50),
    () => searchUsers(db, 'ann@example.com', 50),
    () => listPartners(db, { prefix: '', limit: 50 }),
    () => listPartners(db, { prefix: 'north', after: nobody, limit: 50 }),
    () => listAudit(db, {}, { limit: 50 }),
    () => listForPlatform(db, 'users', { limit: 50, email: 'ann@example.com' }),
    () => listForPlatform(db, 'customers', { limit: 50, changedSince: new Date() }),
    () => funnel(db, 14),
  ];
  for (const list of lists) t.deepEqual(await wholeReads(db, list), []);
});
