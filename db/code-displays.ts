/**
 * The code that was just made, for the answer to the form that made it. A double click sends that form twice, and the
 * browser shows the second answer: without this, the code would be lost in the first.
 */
import type { Knex } from 'knex';
import type { SecretKeys } from './secret-keys.js';

const purpose = 'code-display';
const keptFor = "interval '10 minutes'";

export interface CodeDisplay {
  codeId: string;
  /** Who made it: nobody else is shown it. */
  staffId: string;
}

/** Keeps a code encrypted, in the transaction that makes it. */
export async function keepForDisplay(
  trx: Knex,
  keys: SecretKeys,
  { codeId, staffId, code }: CodeDisplay & { code: string },
): Promise<void> {
  await trx('code_displays').insert({ code_id: codeId, staff_id: staffId, sealed_code: keys.seal(purpose, code) });
}

/** The code, if this member of staff made it just now. */
export async function displayedCode(
  db: Knex,
  keys: SecretKeys,
  { codeId, staffId }: CodeDisplay,
): Promise<string | undefined> {
  const kept = await db('code_displays')
    .where({ code_id: codeId, staff_id: staffId })
    .whereRaw(`created_at > now() - ${keptFor}`)
    .first('sealed_code');
  return kept && keys.unseal(purpose, kept.sealed_code);
}

export async function eraseDisplays(db: Knex): Promise<void> {
  await db('code_displays').whereRaw(`created_at <= now() - ${keptFor}`).delete();
}
