import anyTest, { type TestFn } from 'ava';
import type { Database } from '../../db/connection.js';
import { searchUsers } from '../../db/console-users.js';
import {
  type Cursor,
  countInStates,
  listRegistrations,
  pageQuery,
  type RegistrationFilter,
} from '../../db/registration-list.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { mostRowsRead } from './fixtures/rows-read.js';

const test = anyTest as TestFn<{ database: TestDatabase }>;

const total = 100_000;
const size = 50;

/**
 * One registration every five minutes for a year: nine of ten have ended, most of them with an account (whose e-mail is
 * known by the account only), the rest are spread over the open states.
 */
const generate = `
  insert into registrations (id, reference, kind, email, language, state, attention, draft, created_at, state_since, expires_at, ended_at, erased_at)
  select gen_random_uuid(), 'RG-' || lpad(to_hex(n), 8, '0'), case when n % 10 = 0 then 'partner' else 'customer' end,
      case when state <> 'completed' then 'person' || n || '@example.com' end, 'en', state,
      state in ('mailUndeliverable', 'lookupParked', 'awaitingApproval', 'creationBlocked'),
      case when state <> 'completed' then jsonb_build_object('companyName', 'Company ' || n) end,
      started, started + interval '10 minutes', started + interval '7 days',
      case when n % 10 < 9 then started + interval '1 day' end, case when state = 'completed' then now() end
    from (
      select n, now() - n * interval '5 minutes' as started, case
          when n % 10 < 6 then 'completed' when n % 10 < 9 then 'expired'
          else (array['awaitingProof', 'awaitingDetails', 'lookupParked', 'awaitingApproval', 'mailUndeliverable'])[1 + (n / 10) % 5]
        end as state
      from generate_series(1, ${total}) as n
    ) as made`;
const generateAccounts = `
  with made as (
    insert into customers (id, name, country)
      select id, 'Made ' || reference, 'DE' from registrations where state = 'completed' and kind = 'customer' returning id
  )
  insert into users (customer_id, user_type_id, email, given_name, family_name, language, password_hash, registration_id)
    select id, (select id from user_types where kind = 'customer' limit 1), 'user' || row_number() over () || '@example.com',
        'Ann', 'Bee', 'en', '-', id from made`;

test.before(async (t) => {
  const database = await startDatabase();
  t.context.database = database;
  await database.db.raw(generate);
  // Customers share the id of their registration, so that one statement makes both.
  await database.db.raw(generateAccounts);
  // A plan must not hang on which rows a coarse sample happened to meet.
  await database.db.raw('alter index registrations_company alter column 1 set statistics 1000');
  await database.db.raw('vacuum analyze registrations, users, customers');
});
test.after.always((t) => t.context.database?.stop());

const referenceOf = (n: number) => `RG-${n.toString(16).padStart(8, '0')}`;

const filters: Record<string, RegistrationFilter> = {
  'no filter': {},
  'the kind': { kind: 'partner' },
  'a state that many are in': { state: 'completed' },
  'a state that few are in': { state: 'lookupParked' },
  'a state that none is in': { state: 'creationBlocked' },
  'all that are open': { state: 'open' },
  'all that have ended': { state: 'ended' },
  'all that need attention': { state: 'attention' },
  'being stuck for an hour': { stuckHours: 1 },
  'being stuck for most of a year': { stuckHours: 8_000 },
  'being stuck for longer than anything is': { stuckHours: 9_000 },
  'the e-mail of a person': { email: 'person5009@example.com' },
  "the e-mail of an account's user": { email: 'user4711@example.com' },
  'the start of an e-mail': { email: 'person50' },
  'what the e-mails of all open ones start with': { email: 'person' },
  'what the e-mails of all accounts start with': { email: 'user' },
  'an e-mail that nobody has': { email: 'nobody@' },
  'a reference': { reference: referenceOf(99) },
  'a company': { company: 'company 5009' },
  'the start of a company': { company: 'Company 500' },
  'what all companies start with': { company: 'company' },
  'what the names of all customers start with': { company: 'made' },
  'a company that nobody has': { company: 'nobody' },
  'an e-mail and a company': { email: 'person50', company: 'company' },
  'the name of a customer': { company: `Made ${referenceOf(4_711)}` },
};

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

for (const [name, filter] of Object.entries(filters))
  test.serial(`of 100,000 registrations, none is read for nothing when the list is narrowed to: ${name}`, async (t) => {
    const { db } = t.context.database;
    for (const cursor of [{}, { older: referenceOf(50_000) }, { newer: referenceOf(50_000) }] as Cursor[]) {
      const { sql, bindings } = pageQuery(db, filter, cursor, size + 1).toSQL();
      const { rows } = await db.raw(`explain (format json) ${sql}`, bindings as never);
      t.deepEqual(sequentialScans(rows[0]['QUERY PLAN'][0].Plan), [], JSON.stringify(rows[0]['QUERY PLAN'], null, 1));
    }
  });

const sequentialScans = (plan: Plan): string[] => [
  ...(plan['Node Type'] === 'Seq Scan' && plan['Relation Name'] === 'registrations' ? ['registrations'] : []),
  ...(plan.Plans ?? []).flatMap(sequentialScans),
];

const common: Record<string, (db: Database) => Promise<unknown>> = {
  'the e-mails of all open ones': (db) => listRegistrations(db, { email: 'person' }, {}, size),
  'the e-mails of all accounts': (db) => listRegistrations(db, { email: 'user' }, {}, size),
  'all companies': (db) => listRegistrations(db, { company: 'company' }, {}, size),
  'the names of all customers': (db) => listRegistrations(db, { company: 'made' }, {}, size),
  'the e-mails of all users': (db) => searchUsers(db, 'user', size),
  'the customers of all users': (db) => searchUsers(db, 'made', size),
};
/** Of each table, where tens of thousands match. */
const fewRows = 1_000;

for (const [name, search] of Object.entries(common))
  test.serial(`a search for what is at the start of ${name} reads little more than it shows`, async (t) => {
    await t.context.database.db.transaction(async (trx) => {
      await search(trx);
      const read = await mostRowsRead(trx, ['registrations', 'users', 'customers']);
      t.true(read >= size && read < fewRows, `${read} rows read`);
    });
  });

const page = (t: { context: { database: TestDatabase } }, filter: RegistrationFilter, cursor: Cursor = {}, of = size) =>
  listRegistrations(t.context.database.db, filter, cursor, of);
const numbers = ({ rows }: { rows: { reference: string }[] }) =>
  rows.map(({ reference }) => Number.parseInt(reference.slice(3), 16));

test('the newest stand first, and each filter leaves what it says', async (t) => {
  t.deepEqual(numbers(await page(t, {}, {}, 3)), [1, 2, 3]);
  t.deepEqual(numbers(await page(t, { kind: 'partner' }, {}, 3)), [10, 20, 30]);
  t.deepEqual(numbers(await page(t, { state: 'lookupParked' }, {}, 2)), [29, 79]);
  t.deepEqual(numbers(await page(t, { state: 'open' }, {}, 3)), [9, 19, 29]);
  t.deepEqual(numbers(await page(t, { state: 'ended' }, {}, 3)), [1, 2, 3]);
  t.deepEqual(numbers(await page(t, { state: 'attention' }, {}, 4)), [29, 39, 49, 79]);
  t.deepEqual(numbers(await page(t, { stuckHours: 24 }, {}, 2)), [299, 309]);
  t.deepEqual(numbers(await page(t, { email: 'person5009@' })), [5_009]);
  t.deepEqual(numbers(await page(t, { reference: referenceOf(77) })), [77]);
  t.deepEqual(numbers(await page(t, { company: 'COMPANY 5009' })), [5_009, 50_096, 50_097, 50_098, 50_099]);
  const both = { email: 'person5009', company: 'company 500' };
  t.deepEqual(numbers(await page(t, both)), [5_009, 50_096, 50_097, 50_098, 50_099]);
  t.deepEqual(numbers(await page(t, { ...both, company: 'company 6' })), []);
  t.deepEqual(numbers(await page(t, { kind: 'partner', state: 'attention' }, {}, 3)), []);
});

test('what an account was made of is found by the account once its own data is erased', async (t) => {
  const { rows } = await t.context.database.db.raw(`
    select r.reference, u.email from users u join registrations r on r.id = u.registration_id limit 1`);
  const found = (await page(t, { email: rows[0].email })).rows;
  t.deepEqual(
    found.map(({ reference, email }) => ({ reference, email })),
    [{ reference: rows[0].reference, email: null }],
  );
  t.is((await page(t, { company: `made ${rows[0].reference}` })).rows[0]?.reference, rows[0].reference);
});

test('what is found by its own data and by its account stands there once', async (t) => {
  await t.context.database.db.transaction(async (trx) => {
    const [{ reference, id, name }] = (
      await trx.raw(`
        select r.reference, r.id, c.name from customers c join users u on u.customer_id = c.id
          join registrations r on r.id = u.registration_id limit 1`)
    ).rows;
    await trx('registrations')
      .where({ id })
      .update({ draft: JSON.stringify({ companyName: name }) });
    const { rows } = await listRegistrations(trx, { company: name }, {}, size);
    t.deepEqual(
      rows.map((row) => row.reference),
      [reference],
    );
    await trx.rollback();
  });
});

test('signs of a pattern are letters like any other', async (t) => {
  for (const typed of ['%', '_erson', 'person5%', '\\', "'; drop table registrations; --"]) {
    t.deepEqual(numbers(await page(t, { email: typed })), [], typed);
    t.deepEqual(numbers(await page(t, { company: typed })), [], typed);
  }
});

test('pages lead to one another without a gap, and back again', async (t) => {
  const first = await page(t, { state: 'attention' }, {}, 3);
  t.is(first.newer, undefined);
  const second = await page(t, { state: 'attention' }, { older: first.older }, 3);
  t.deepEqual([...numbers(first), ...numbers(second)], [29, 39, 49, 79, 89, 99]);
  const back = await page(t, { state: 'attention' }, { newer: second.newer }, 3);
  t.deepEqual(numbers(back), numbers(first));
  t.deepEqual([back.newer, back.older], [undefined, first.older]);
  const last = await page(t, {}, { older: referenceOf(total - 2) });
  t.deepEqual([numbers(last), last.older], [[total - 1, total], undefined]);
  t.deepEqual(numbers(await page(t, {}, { older: 'RG-NOTHING' })), []);
});

test('of what matches, those in some states are counted', async (t) => {
  const { db } = t.context.database;
  t.is(await countInStates(db, {}, ['lookupParked', 'mailUndeliverable']), 4_000);
  t.is(await countInStates(db, { stuckHours: 8_000 }, ['lookupParked']), 80);
  t.is(await countInStates(db, { email: 'person29@' }, ['lookupParked']), 1);
  t.is(await countInStates(db, {}, []), 0);
});
