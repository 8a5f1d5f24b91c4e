import { createHash } from 'node:crypto';
import type { Knex } from 'knex';

/** Ids of records are what cookies, codes and tokens carry; only their hashes are kept, like those of sessions (S1). */
export const recordHash = (id: string): Buffer => createHash('sha256').update(id).digest();

/** What is kept of one thing that the OpenID provider wants to find again. */
export interface SignInRecord {
  model: string;
  id_hash: Buffer;
  sealed_payload: Buffer;
  user_id: string | null;
  application_id: string | null;
  /** Of the session here with which it ends. */
  session_hash: Buffer | null;
  grant_hash: Buffer | null;
  uid_hash: Buffer | null;
}

/** Puts it in or over the one there is. What was used up stays so. */
export async function saveRecord(db: Knex, record: SignInRecord, lifetimeSeconds: number): Promise<void> {
  await db('sign_in_records')
    .insert({
      ...record,
      // A session that was ended this moment is no error: it is looked at again before the record is used.
      session_hash: db.raw('(select token_hash from sessions where token_hash = ?)', [record.session_hash]),
      expires_at: db.raw('now() + make_interval(secs => ?)', [lifetimeSeconds]),
    })
    .onConflict(['model', 'id_hash'])
    .merge();
}

type FoundRecord = Pick<SignInRecord, 'sealed_payload' | 'id_hash'> & { consumed_at: Date | null };

/** By the hash of its id, or of its `uid`; what has expired is not there. */
export const findRecord = (
  db: Knex,
  model: string,
  by: { id_hash: Buffer } | { uid_hash: Buffer },
): Promise<FoundRecord | undefined> =>
  db('sign_in_records')
    .where({ model, ...by })
    .whereRaw('expires_at > now()')
    .first('sealed_payload', 'id_hash', 'consumed_at');

/** Uses it up; false when somebody else has done so, for a code or a refresh token is good for one. */
export const consumeRecord = async (db: Knex, model: string, idHash: Buffer): Promise<boolean> =>
  (await db('sign_in_records')
    .where({ model, id_hash: idHash, consumed_at: null })
    .update({ consumed_at: db.fn.now() })) > 0;

export async function deleteRecord(db: Knex, model: string, idHash: Buffer): Promise<void> {
  await db('sign_in_records').where({ model, id_hash: idHash }).delete();
}

export async function deleteRecordsOfGrant(db: Knex, model: string, grantHash: Buffer): Promise<void> {
  await db('sign_in_records').where({ model, grant_hash: grantHash }).delete();
}

/**
 * Ends what a user has with every application: consents, codes, tokens, the provider's sessions. Belongs wherever all of
 * a user's sessions are ended.
 */
export async function endSignIns(trx: Knex, userId: string): Promise<void> {
  await trx('sign_in_records').where({ user_id: userId }).delete();
}

/** The same, but for the request of an application that the person may be on the way to. */
export async function endSignInsHeld(trx: Knex, userId: string): Promise<void> {
  await trx('sign_in_records').where({ user_id: userId }).whereNot({ model: 'Interaction' }).delete();
}

/** The same for all of a partner's users. */
export async function endSignInsOfPartner(trx: Knex, partnerId: string): Promise<void> {
  await trx('sign_in_records')
    .whereIn('user_id', trx('users').where({ partner_id: partnerId }).select('id'))
    .delete();
}

/** Deletes at most so many that have expired; returns how many. */
export async function eraseExpiredRecords(db: Knex, limit: number): Promise<number> {
  const { rowCount } = await db.raw(
    `delete from sign_in_records where ctid in (
       select ctid from sign_in_records where expires_at < now() limit ? for update skip locked)`,
    [limit],
  );
  return rowCount;
}
