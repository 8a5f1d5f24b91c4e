import { readFileSync } from 'node:fs';

/** The build holds no documents. */
const inventory = readFileSync(new URL('../../../docs/personal-data.md', import.meta.url), 'utf8');
const [first = '', second = ''] = inventory.split('## Not personal');

/** "table.column" of each that a part of the inventory names; of a whole table "table.*". */
const namedIn = (part: string): string[] =>
  [...part.matchAll(/`([a-z_]+)\.([a-z_*]+(?:, [a-z_]+)*)`/g)].flatMap(([, table, columns = '']) =>
    columns.split(', ').map((column) => `${table}.${column}`),
  );

/** What docs/personal-data.md says of the columns of the database. */
export const personal = namedIn(first);
export const notPersonal = namedIn(second);
