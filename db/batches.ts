import type { Knex } from 'knex';
import { matching, type RegistrationFilter } from './registration-list.js';

export interface NewBatch {
  /** From the form, so that a double click is one batch. */
  id: string;
  staffId: string;
  reason?: string;
  /** Which registrations: those that match now, or these. */
  choice: { filter: RegistrationFilter } | { references: string[] };
  /** Of them, those that stand in one of these states. */
  states: string[];
}

/**
 * Writes down a batch with what it is for at this moment; a later change of the filter's matches changes nothing.
 * Returns how many registrations it has; none: there is no batch. Undefined when the batch is there already.
 */
export async function createBatch(trx: Knex, batch: NewBatch): Promise<number | undefined> {
  const { id, staffId, reason, choice, states } = batch;
  const inserted = await trx('batches')
    .insert({ id, staff_id: staffId, reason: reason || null })
    .onConflict('id')
    .ignore()
    .returning('id');
  if (inserted.length === 0) return undefined;
  const chosen =
    'filter' in choice
      ? matching(trx, choice.filter)
      : trx('registrations as r').whereIn('r.reference', choice.references);
  const items = chosen
    .where('r.attention', true)
    .whereIn('r.state', states)
    .select(trx.raw('?::uuid', [id]), 'r.id');
  const { rowCount } = await trx.raw('insert into batch_items (batch_id, registration_id) ?', [items]);
  if (rowCount === 0) await trx('batches').where({ id }).delete();
  return rowCount;
}

export interface BatchSummary {
  id: string;
  reason: string | null;
  /** Who asked for it: their e-mail. */
  staff: string;
  createdAt: Date;
  finishedAt: Date | null;
  total: number;
  sent: number;
}

const summaries = (db: Knex) =>
  db('batches as b')
    .join('staff as s', 's.id', 'b.staff_id')
    .select('b.id', 'b.reason', 's.email as staff', 'b.created_at as createdAt', 'b.finished_at as finishedAt')
    .select(
      db.raw('(select count(*)::int from batch_items i where i.batch_id = b.id) as total'),
      db.raw('(select count(i.sent_at)::int from batch_items i where i.batch_id = b.id) as sent'),
    );

/** The newest batches first. */
export const recentBatches = async (db: Knex, limit: number): Promise<BatchSummary[]> =>
  summaries(db).orderBy('b.created_at', 'desc').limit(limit);

export async function findBatch(db: Knex, id: string): Promise<BatchSummary | undefined> {
  return (await summaries(db).where('b.id', id))[0];
}

/** Where the registrations of a batch stand now, the most frequent state first. */
export const statesOfBatch = async (db: Knex, id: string): Promise<{ state: string; count: number }[]> =>
  db('batch_items as i')
    .join('registrations as r', 'r.id', 'i.registration_id')
    .where('i.batch_id', id)
    .groupBy('r.state')
    .select('r.state', db.raw('count(*)::int as count'))
    .orderBy([{ column: 'count', order: 'desc' }, 'r.state']);

/** References of the batch that RETRY has not been sent to, as many as the limit. */
export async function unsentReferences(db: Knex, batchId: string, limit: number): Promise<string[]> {
  const rows = await db('batch_items as i')
    .join('registrations as r', 'r.id', 'i.registration_id')
    .where('i.batch_id', batchId)
    .whereNull('i.sent_at')
    .orderBy('i.registration_id')
    .limit(limit)
    .select('r.reference');
  return rows.map(({ reference }) => reference);
}

/** Notes that RETRY was sent to these; may be repeated. */
export async function markSent(db: Knex, batchId: string, references: string[]): Promise<void> {
  await db('batch_items')
    .where({ batch_id: batchId })
    .whereNull('sent_at')
    .whereIn('registration_id', db('registrations').whereIn('reference', references).select('id'))
    .update({ sent_at: db.fn.now() });
}

/** Notes that everything of the batch was sent; the first time counts. */
export async function finishBatch(db: Knex, batchId: string): Promise<void> {
  await db('batches').where({ id: batchId }).whereNull('finished_at').update({ finished_at: db.fn.now() });
}

/** Batches that nobody has finished this long after they were asked for: Temporal may have been away. */
export async function unfinishedBatches(db: Knex, olderThanSeconds: number, limit: number): Promise<string[]> {
  const rows = await db('batches')
    .whereNull('finished_at')
    .whereRaw('created_at < now() - make_interval(secs => ?)', [olderThanSeconds])
    .orderBy('created_at')
    .limit(limit)
    .select('id');
  return rows.map(({ id }) => id);
}
