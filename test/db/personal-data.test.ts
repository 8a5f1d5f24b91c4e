/** The inventory of personal data is whole (security.md D9). */
import test from 'ava';
import { startDatabase } from '../helpers/database.js';
import { notPersonal, personal } from '../helpers/personal-data.js';

test('every column that can hold words, JSON or bytes is in the inventory, once', async (t) => {
  const database = await startDatabase();
  t.teardown(() => database.stop());
  const { rows } = await database.db.raw<{ rows: { table: string; column: string }[] }>(`
    select table_name as table, column_name as column from information_schema.columns
      join information_schema.tables using (table_schema, table_name)
      where table_schema = 'public' and table_type = 'BASE TABLE'
        and data_type in ('text', 'character varying', 'json', 'jsonb', 'bytea', 'inet', 'cidr', 'ARRAY', 'USER-DEFINED')`);
  const columns = rows.map(({ table, column }) => `${table}.${column}`);
  const listed = [...personal, ...notPersonal];
  t.is(new Set(listed).size, listed.length);
  const isListed = (column: string) => listed.includes(column) || listed.includes(`${column.split('.')[0]}.*`);
  t.deepEqual(
    columns.filter((column) => !isListed(column)),
    [],
    'say in docs/personal-data.md what it is',
  );
  const isThere = (name: string) => columns.some((column) => column === name || `${column.split('.')[0]}.*` === name);
  t.deepEqual(
    listed.filter((name) => !isThere(name)),
    [],
    'no longer there',
  );
});
