import anyTest, { type TestFn } from 'ava';
import type { Knex } from 'knex';
import { startDatabase, type TestDatabase } from '../helpers/database.js';

const test = anyTest as TestFn<{ postgres: TestDatabase }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase();
});
test.after.always((t) => t.context.postgres?.stop());

test('of two transactions that wait for each other, one is made again and both come true (C20)', async (t) => {
  const { db } = t.context.postgres;
  await db.raw('create table counters (name text primary key, count int not null default 0)');
  await db('counters').insert([{ name: 'a' }, { name: 'b' }]);
  let begun = 0;
  const countBoth = (names: string[]) =>
    db.transaction(async (trx) => {
      begun += 1;
      for (const name of names) {
        await trx('counters').where({ name }).increment('count');
        // Until the other one has its first as well, or is being made again.
        while (begun < 2) await trx.raw('select pg_sleep(0.01)');
      }
    });
  await Promise.all([countBoth(['a', 'b']), countBoth(['b', 'a'])]);
  t.true(begun > 2, `${begun} begun`);
  t.deepEqual(await db('counters').orderBy('name').pluck('count'), [2, 2]);
});

test('what loses again and again is told after three tries, everything else at once (C20)', async (t) => {
  const { db } = t.context.postgres;
  const tries: Record<string, number> = {};
  const failing = (code: string) => (trx: Knex.Transaction) => {
    tries[code] = (tries[code] ?? 0) + 1;
    return trx.raw(`do $$ begin raise exception using errcode = '${code}'; end $$`);
  };
  for (const code of ['40001', '40P01', '23505']) t.like(await t.throwsAsync(db.transaction(failing(code))), { code });
  t.deepEqual(tries, { '40001': 3, '40P01': 3, '23505': 1 });
});
