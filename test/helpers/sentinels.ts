import type { Database } from '../../db/connection.js';

/**
 * Where in the database one of these words stands, as "table.column: word": every column of every table is read as text,
 * upper and lower case alike, so that a new table is looked through without anybody thinking of it.
 */
export async function columnsHolding(db: Database, words: string[]): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { table: string; column: string }[] }>(`
    select table_name as table, column_name as column from information_schema.columns
      join information_schema.tables using (table_schema, table_name)
      where table_schema = 'public' and table_type = 'BASE TABLE' order by 1, 2`);
  const found: string[] = [];
  for (const { table, column } of rows) {
    const held = await db.raw<{ rows: { word: string }[] }>(
      `select word from unnest(?::text[]) word
        where exists (select from ?? where strpos(lower(??::text), lower(word)) > 0)`,
      [words, table, column],
    );
    found.push(...held.rows.map(({ word }) => `${table}.${column}: ${word}`));
  }
  return found;
}
