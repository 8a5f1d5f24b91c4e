/** WebAuthn credentials that serve as second factor, and what they are asked to sign. */
import type { Knex } from 'knex';
import { type FactorOwner, ownerColumn } from './second-factors.js';

export interface ListedPasskey {
  id: string;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface Passkey {
  id: string;
  credentialId: string;
  publicKey: Buffer;
  counter: number;
  transports: string[];
}

const columns = ['id', 'credential_id as credentialId', 'public_key as publicKey', 'counter', 'transports'] as const;

/** Every passkey of the owner, to ask a browser for one of them. */
export async function passkeysOf(db: Knex, owner: FactorOwner): Promise<Passkey[]> {
  const rows: Passkey[] = await db('passkeys').where(ownerColumn(owner)).select(columns);
  return rows.map((row) => ({ ...row, counter: Number(row.counter) }));
}

/** Keeps a new passkey; false when its credential is known already. */
export async function insertPasskey(
  trx: Knex,
  owner: FactorOwner,
  { name, credentialId, publicKey, counter, transports }: Omit<Passkey, 'id'> & { name: string },
): Promise<boolean> {
  const rows = await trx('passkeys')
    .insert({
      ...ownerColumn(owner),
      credential_id: credentialId,
      public_key: publicKey,
      counter,
      transports,
      name,
      last_used_at: null,
    })
    .onConflict('credential_id')
    .ignore()
    .returning('id');
  return rows.length === 1;
}

/**
 * Notes a use. False when the counter has gone past it meanwhile: of two answers with one counter, one is a copy's. Many
 * authenticators do not count, and say 0 for ever.
 */
export async function notePasskeyUse(db: Knex, { id }: Passkey, counter: number): Promise<boolean> {
  const noted = await db('passkeys')
    .where({ id })
    .where((query) => query.where('counter', '<', counter).orWhere({ counter: 0 }))
    .update({ counter, last_used_at: db.fn.now() });
  return noted === 1;
}

/** Undefined when there is none of this id; else its name before. */
export async function renamePasskey(trx: Knex, owner: FactorOwner, id: string, name: string): Promise<boolean> {
  return (
    (await trx('passkeys')
      .where({ ...ownerColumn(owner), id })
      .update({ name })) === 1
  );
}

/** Takes a passkey away; its name, or undefined when there is none of this id. */
export async function removePasskey(trx: Knex, owner: FactorOwner, id: string): Promise<string | undefined> {
  const [row] = await trx('passkeys')
    .where({ ...ownerColumn(owner), id })
    .delete()
    .returning('name');
  return row?.name;
}

export type ChallengePurpose = 'registration' | 'authentication';

/** Keeps what this session's browser is to sign; of several the last one counts. */
export async function keepChallenge(
  db: Knex,
  sessionHash: Buffer,
  purpose: ChallengePurpose,
  challenge: string,
): Promise<void> {
  await db('webauthn_challenges')
    .insert({ session_hash: sessionHash, purpose, challenge, created_at: db.fn.now() })
    .onConflict(['session_hash', 'purpose'])
    .merge();
}

/** Uses the challenge up, whatever becomes of the answer; undefined when there is none, or it is five minutes old. */
export async function takeChallenge(
  db: Knex,
  sessionHash: Buffer,
  purpose: ChallengePurpose,
): Promise<string | undefined> {
  const [row] = await db('webauthn_challenges')
    .where({ session_hash: sessionHash, purpose })
    .delete()
    .returning(['challenge', db.raw("created_at > now() - interval '5 minutes' as live")]);
  return row?.live ? row.challenge : undefined;
}
