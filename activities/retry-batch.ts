import { finishBatch, markSent, unsentReferences } from '../db/batches.js';
import type { ActivityContext } from './activities.js';

/** As many as are signalled at a time: a provider that has just come back must not be run over. */
const atOnce = 20;

/** The next registrations of a batch that RETRY has not been sent to; none left: the batch is finished. */
export const nextOfBatch =
  ({ db }: ActivityContext) =>
  async ({ batchId }: { batchId: string }): Promise<{ references: string[] }> => {
    const references = await unsentReferences(db, batchId, atOnce);
    if (references.length === 0) await finishBatch(db, batchId);
    return { references };
  };

export const noteSent =
  ({ db }: ActivityContext) =>
  ({ batchId, references }: { batchId: string; references: string[] }): Promise<void> =>
    markSent(db, batchId, references);
