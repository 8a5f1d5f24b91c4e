/** Secrets that a person's authenticator app shares with us. */
import type { Knex } from 'knex';
import { type FactorOwner, ownerColumn, ownerKey } from './second-factors.js';
import type { SecretKeys } from './secret-keys.js';

const purposeOf = (owner: FactorOwner) => `totp-secret ${ownerKey(owner)}`;
/** In which a set-up must be finished; a secret that lay about for longer is not confirmed any more. */
const setUpWithin = "interval '1 hour'";

/**
 * Keeps a secret that the person's app is to be given; a set-up already begun goes on with its own, so that what one tab
 * shows is what another confirms. A confirmed secret stays until the new one is confirmed.
 */
export async function startTotp(
  trx: Knex.Transaction,
  keys: SecretKeys,
  owner: FactorOwner,
  secret: string,
): Promise<void> {
  const where = { ...ownerColumn(owner), confirmed_at: null };
  await trx('totp_secrets').where(where).whereRaw(`created_at <= now() - ${setUpWithin}`).delete();
  await trx('totp_secrets')
    .insert({ ...ownerColumn(owner), sealed_secret: keys.seal(purposeOf(owner), secret) })
    .onConflict()
    .ignore();
}

export interface TotpSecret {
  id: string;
  /** Base32. */
  secret: string;
}

/** The secret being set up. */
export async function pendingTotp(db: Knex, keys: SecretKeys, owner: FactorOwner): Promise<TotpSecret | undefined> {
  const query = db('totp_secrets')
    .where({ ...ownerColumn(owner), confirmed_at: null })
    .whereRaw(`created_at > now() - ${setUpWithin}`);
  return opened(keys, owner, await query.first('id', 'sealed_secret'));
}

/** The secret whose codes count. */
export async function confirmedTotp(db: Knex, keys: SecretKeys, owner: FactorOwner): Promise<TotpSecret | undefined> {
  const query = db('totp_secrets').where(ownerColumn(owner)).whereNotNull('confirmed_at');
  return opened(keys, owner, await query.first('id', 'sealed_secret'));
}

const opened = (keys: SecretKeys, owner: FactorOwner, row?: { id: string; sealed_secret: Buffer }) =>
  row && { id: row.id, secret: keys.unseal(purposeOf(owner), row.sealed_secret) };

/** Puts a secret in force in place of the one before; its first code, of this time step, is used up. False if it is gone. */
export async function confirmTotp(
  trx: Knex.Transaction,
  owner: FactorOwner,
  { id }: TotpSecret,
  step: number,
): Promise<boolean> {
  await trx('totp_secrets').where(ownerColumn(owner)).whereNotNull('confirmed_at').delete();
  const changed = await trx('totp_secrets')
    .where({ ...ownerColumn(owner), id, confirmed_at: null })
    .update({ confirmed_at: trx.fn.now(), last_step: step });
  return changed === 1;
}

/**
 * Uses up the code of a time step, and with it all earlier ones; false when one as new was used before. Seals the secret
 * anew, so that it is under the newest key as long as its owner logs in.
 */
export async function useTotpStep(
  db: Knex,
  keys: SecretKeys,
  owner: FactorOwner,
  { id, secret }: TotpSecret,
  step: number,
): Promise<boolean> {
  const used = await db('totp_secrets')
    .where({ id })
    .where((query) => query.whereNull('last_step').orWhere('last_step', '<', step))
    .update({ last_step: step, sealed_secret: keys.seal(purposeOf(owner), secret) });
  return used === 1;
}

export const removeTotp = (trx: Knex.Transaction, owner: FactorOwner): Promise<number> =>
  trx('totp_secrets').where(ownerColumn(owner)).delete();
