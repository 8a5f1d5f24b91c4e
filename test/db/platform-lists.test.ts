import anyTest, { type TestFn } from 'ava';
import { type Listed, listForPlatform } from '../../db/platform-lists.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';
import { buildUser } from './fixtures/rows.js';
import { mostRowsRead } from './fixtures/rows-read.js';

const test = anyTest as TestFn<{ postgres: TestDatabase }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
});
test.after.always((t) => t.context.postgres?.stop());

/** Rows; a page by its index reads its own, one by sorting them reads all. */
const fewRows = 1_000;

test('a hundred thousand users are paged through by an index, in the order in which they changed', async (t) => {
  const { db } = t.context.postgres;
  const { id } = await buildUser(db);
  await db.transaction(async (trx) => {
    await trx.raw('set local session_replication_role = replica'); // without a look at the customer for each
    await trx.raw(
      `insert into users (customer_id, user_type_id, email, given_name, family_name, language, password_hash, changed_at)
       select customer_id, user_type_id, n || '@example.com', 'A', 'B', 'en', 'x', now() - make_interval(secs => n)
         from users, generate_series(1, 100000) n where id = ?`,
      [id],
    );
  });
  await db.raw('vacuum analyze users');
  const [start] = await listForPlatform<Listed>(db, 'users', { limit: 1, email: '50000@example.com' });
  let after = { changed: start!.changed, id: start!.id };
  for (let page = 0; page < 9; page++) {
    await db.transaction(async (trx) => {
      const rows = await listForPlatform<Listed>(trx, 'users', { limit: 100, after });
      const read = await mostRowsRead(trx, ['users']);
      t.true(read >= 101 && read < fewRows, `${read} rows read`);
      t.is(rows.length, 101);
      t.true(BigInt(rows[0]!.changed) > BigInt(after.changed));
      after = { changed: rows[99]!.changed, id: rows[99]!.id };
    });
  }
});

test('users who changed in the same moment, to the microsecond, are told apart by their ids', async (t) => {
  const { db } = t.context.postgres;
  const { id } = await buildUser(db);
  const { customer_id: customerId } = await db('users').where({ id }).first();
  await db.raw(
    `insert into users (customer_id, user_type_id, email, given_name, family_name, language, password_hash, changed_at)
     select customer_id, user_type_id, n || '@example.org', 'A', 'B', 'en', 'x', '2026-01-02T03:04:05.678901Z'
       from users, generate_series(1, 7) n where id = ?`,
    [id],
  );
  const met = new Set<string>();
  let after: { changed: string; id: string } | undefined;
  for (let page = 0; page < 4; page++) {
    const rows = await listForPlatform<Listed>(db, 'users', { limit: 2, after, customerId });
    for (const row of rows.slice(0, 2)) met.add(row.id);
    after = { changed: rows[1]!.changed, id: rows[1]!.id };
  }
  t.is(met.size, 8);
});
