import type { Database } from '../db/connection.js';

/** Milliseconds. */
const keptFor = 10_000;
/** Rows; to count fewer takes some milliseconds, and whoever looks sees at once what they have just done. */
const many = 20_000;

/**
 * A reading of figures over all registrations. Of many registrations each process reads them every ten seconds at most,
 * since it takes a pass over the whole table, and everybody who looks meanwhile is told the same.
 */
export function keptIfMany<Figures>(
  read: (db: Database) => Promise<Figures>,
  rowsOf: (figures: Figures) => number,
): (db: Database) => Promise<Figures> {
  const kept = new WeakMap<Database, { reading: Promise<Figures>; until: number }>();
  return (db) => {
    const known = kept.get(db);
    if (known && Date.now() < known.until) return known.reading;
    const reading = read(db);
    kept.set(db, { reading, until: Date.now() + keptFor });
    reading.then(
      (figures) => rowsOf(figures) < many && kept.delete(db),
      () => kept.delete(db),
    );
    return reading;
  };
}
