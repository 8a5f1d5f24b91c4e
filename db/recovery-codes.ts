/** Codes that stand in once each for a second factor that is out of reach. */
import type { Knex } from 'knex';
import { canonicalCode, makeCode } from './partner-codes.js';
import { type FactorOwner, ownerColumn, ownerKey } from './second-factors.js';
import type { SecretKeys } from './secret-keys.js';

const codeCount = 10;
/** Five bits each: 60 in all. */
const symbols = 12;
const purposeOf = (owner: FactorOwner) => `recovery-code ${ownerKey(owner)}`;
/** How long the page that shows new codes can be loaded again. */
const shownFor = "interval '10 minutes'";

/** Makes new codes; whatever was left of earlier ones opens nothing any more. */
export async function makeRecoveryCodes(trx: Knex.Transaction, keys: SecretKeys, owner: FactorOwner): Promise<void> {
  await trx('recovery_codes').where(ownerColumn(owner)).delete();
  const purpose = purposeOf(owner);
  const codes = Array.from({ length: codeCount }, () => makeCode(symbols));
  await trx('recovery_codes').insert(
    codes.map((code) => ({
      ...ownerColumn(owner),
      code_hash: keys.hash(purpose, canonicalCode(code)),
      sealed_code: keys.seal(purpose, code),
    })),
  );
}

/** The codes, as long as they were made just now and the person has not put them away yet. */
export async function shownRecoveryCodes(db: Knex, keys: SecretKeys, owner: FactorOwner): Promise<string[]> {
  const rows = await db('recovery_codes')
    .where(ownerColumn(owner))
    .whereNotNull('sealed_code')
    .whereRaw(`created_at > now() - ${shownFor}`)
    .orderBy('id')
    .select('sealed_code');
  return rows.map(({ sealed_code }) => keys.unseal(purposeOf(owner), sealed_code));
}

/** The person has put the codes away. */
export async function hideRecoveryCodes(db: Knex, owner: FactorOwner): Promise<void> {
  await db('recovery_codes').where(ownerColumn(owner)).update({ sealed_code: null });
}

/** The same for pages that nobody has closed. */
export async function eraseShownFactors(db: Knex): Promise<void> {
  await db('recovery_codes')
    .whereNotNull('sealed_code')
    .whereRaw(`created_at <= now() - ${shownFor}`)
    .update({ sealed_code: null });
}

/** Uses a code up, once (security.md T5). Undefined when it is none of this owner's; else how many are left. */
export async function spendRecoveryCode(
  db: Knex,
  keys: SecretKeys,
  owner: FactorOwner,
  typed: string,
): Promise<number | undefined> {
  const spent = await db('recovery_codes')
    .where({ ...ownerColumn(owner), used_at: null })
    .whereIn('code_hash', keys.hashes(purposeOf(owner), canonicalCode(typed)))
    .update({ used_at: db.fn.now(), sealed_code: null });
  if (spent !== 1) return undefined;
  const left = await db('recovery_codes')
    .where({ ...ownerColumn(owner), used_at: null })
    .count('* as count')
    .first();
  return Number(left?.count);
}
