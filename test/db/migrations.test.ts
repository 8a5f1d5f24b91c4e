import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import { type Database, openDatabase } from '../../db/connection.js';
import { migrate } from '../../db/migrate.js';
import { migrationSource } from '../../db/migrations/index.js';
import { startDatabase, type TestDatabase } from '../helpers/database.js';

const test = anyTest as TestFn<{ postgres: TestDatabase }>;

test.before(async (t) => {
  t.context.postgres = await startDatabase({ migrated: false });
});
test.after.always((t) => t.context.postgres?.stop());

/** A database of its own on the test's server. */
async function createDatabase(postgres: TestDatabase, name: string): Promise<{ db: Database; url: string }> {
  await postgres.db.raw('create database ??', [name]);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return { db: openDatabase({ url: url.href, applicationName: 'vestibule-test' }), url: url.href };
}

/** Everything of a schema that a person could have meant, in words. */
async function describeSchema(db: Database): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { line: string }[] }>(`
    select format('column %s.%s %s %s %s', table_name, column_name, udt_name, is_nullable, column_default) as line
      from information_schema.columns where table_schema = 'public'
    union all
    select format('constraint %s %s: %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      from pg_constraint where connamespace = 'public'::regnamespace
    union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all
    select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger
      where not tgisinternal and tgrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    union all select 'function ' || pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select format('comment %s: %s', relname, obj_description(oid)) from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r'
    order by 1`);
  return rows.map(({ line }) => line).filter((line) => !line.includes('knex_migrations'));
}

test('migrations go up, down to nothing, and up again to the schema of a fresh database', async (t) => {
  const { db } = await createDatabase(t.context.postgres, 'up_and_down');
  const { db: fresh } = await createDatabase(t.context.postgres, 'fresh');
  t.teardown(() => Promise.all([db.destroy(), fresh.destroy()]));
  await Promise.all([migrate(db), migrate(fresh)]);
  const expected = await describeSchema(fresh);
  t.true(expected.length > 100);
  t.deepEqual(await describeSchema(db), expected);

  await db.migrate.rollback({ migrationSource }, true);
  t.deepEqual(await describeSchema(db), []);

  await migrate(db);
  t.deepEqual(await describeSchema(db), expected);
});

test('each migration can be taken back and put in again on its own', async (t) => {
  const { db } = await createDatabase(t.context.postgres, 'one_by_one');
  t.teardown(() => db.destroy());
  const names = await migrationSource.getMigrations([]);
  const after: string[][] = [await describeSchema(db)];
  for (const _ of names) {
    await db.migrate.up({ migrationSource });
    after.push(await describeSchema(db));
  }
  for (const expected of after.slice(0, -1).reverse()) {
    await db.migrate.down({ migrationSource });
    t.deepEqual(await describeSchema(db), expected);
  }
});

test('two migrate processes at once: one migrates, both end well, and the seeds are there once', async (t) => {
  const { db, url } = await createDatabase(t.context.postgres, 'at_once');
  t.teardown(() => db.destroy());
  const script = fileURLToPath(new URL('../../db/migrate.js', import.meta.url));
  const env = { PATH: process.env.PATH, DATABASE_URL: url, VESTIBULE_MODE: 'development' };
  const runs = [1, 2, 3].map(() => fork(script, { env, silent: true }));
  const codes = await Promise.all(runs.map(async (run) => (await once(run, 'exit'))[0]));
  t.deepEqual(codes, [0, 0, 0]);
  t.is((await db('settings')).length, 1);
  t.is((await db('user_types')).length, 2);
  t.is((await db('knex_migrations')).length, (await migrationSource.getMigrations([])).length);
});

test('the migrate process names the variable it misses, and exits with an error', async (t) => {
  const script = fileURLToPath(new URL('../../db/migrate.js', import.meta.url));
  const run = fork(script, { env: { PATH: process.env.PATH }, silent: true });
  const said: Buffer[] = [];
  run.stderr?.on('data', (chunk) => said.push(chunk));
  const [code] = await once(run, 'close');
  t.not(code, 0);
  t.regex(Buffer.concat(said).toString(), /DATABASE_URL/);
});

test('a first start gives an administrating user type as the default, and both agreements in both languages', async (t) => {
  const { db } = await createDatabase(t.context.postgres, 'seeded');
  t.teardown(() => db.destroy());
  await migrate(db);
  await migrate(db);
  const settings = await db('settings').first();
  const userType = await db('user_types').where({ id: settings.default_customer_user_type_id }).first();
  t.is(userType.kind, 'customer');
  t.deepEqual(userType.permissions, ['customer_account_administrator']);
  t.true(settings.customer_onboarding);
  t.true(settings.password_minimum >= 12);
  const texts = await db('agreement_texts as t')
    .join('agreement_versions as v', 'v.id', 't.agreement_version_id')
    .select('document', 'version', 'language')
    .orderBy(['document', 'language']);
  t.deepEqual(texts, [
    { document: 'privacy', version: 1, language: 'de' },
    { document: 'privacy', version: 1, language: 'en' },
    { document: 'terms', version: 1, language: 'de' },
    { document: 'terms', version: 1, language: 'en' },
  ]);
});

test('what operators have changed is not seeded over by the next start', async (t) => {
  const { db } = await createDatabase(t.context.postgres, 'changed');
  t.teardown(() => db.destroy());
  await migrate(db);
  await db('settings').update({ customer_onboarding: false, password_minimum: 15 });
  await migrate(db);
  t.like(await db('settings').first(), { customer_onboarding: false, password_minimum: 15 });
});
