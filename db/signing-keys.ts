import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Knex } from 'knex';
import type { Logger } from './log.js';
import type { SecretKeys } from './secret-keys.js';

const purpose = 'signing-key';
/** RS256 is the one algorithm that every client must know. */
const modulusLength = 2048;
/** Days that a key signs. */
const signingDays = 90;
/** Days that it is published before: by then every process and every application's copy of the keys has it. */
const leadDays = 1;
/** Days that it stays published after: the hint with which an application logs somebody out is an old ID token. */
const keptDays = 30;
/** Any number that no other program uses as an advisory lock in this database. */
const keysLock = 7_310_248;

export interface SigningKey {
  kid: string;
  /** The private key as a JWK. */
  jwk: Record<string, unknown>;
}

interface KeyRow {
  kid: string;
  sealed_jwk: Buffer;
}

/** Every published key, the one that signs now first. Makes the first one when there is none that can be read. */
export async function loadSigningKeys(db: Knex, keys: SecretKeys, log: Logger): Promise<SigningKey[]> {
  const usable = open(await publishedKeys(db), keys, log);
  if (usable.length > 0) return usable;
  return db.transaction(async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(?)', [keysLock]);
    const made = open(await publishedKeys(trx), keys, log);
    if (made.length > 0) return made;
    await insertKey(trx, keys, 0);
    return open(await publishedKeys(trx), keys, log);
  });
}

/** Those that sign already before those to come, and among these the newest first. */
const publishedKeys = (db: Knex): Promise<KeyRow[]> =>
  db('signing_keys').orderByRaw('signs_from > now(), signs_from desc, kid').select('kid', 'sealed_jwk');

function open(rows: KeyRow[], keys: SecretKeys, log: Logger): SigningKey[] {
  return rows.flatMap(({ kid, sealed_jwk }) => {
    try {
      return [{ kid, jwk: JSON.parse(keys.unseal(purpose, sealed_jwk)) }];
    } catch (error) {
      // Its secret key was taken out of SECRET_KEYS: what it has signed cannot be verified any more, but people can go on.
      log.error({ err: error, kid }, 'a signing key cannot be read and is left out');
      return [];
    }
  });
}

/**
 * Makes the next key a day before the present one has signed its 90 days, and deletes those that another has followed
 * 30 days ago. Said by several processes at once it is done once.
 */
export async function rotateSigningKeys(db: Knex, keys: SecretKeys): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(?)', [keysLock]);
    const { rows } = await trx.raw<{ rows: { due: boolean }[] }>(
      'select max(signs_from) <= now() - make_interval(days => ?) as due from signing_keys',
      [signingDays - leadDays],
    );
    if (rows[0]?.due) await insertKey(trx, keys, leadDays);
    await trx('signing_keys as old')
      .whereExists(
        trx('signing_keys as next')
          .whereRaw('next.signs_from > old.signs_from')
          .whereRaw('next.signs_from < now() - make_interval(days => ?)', [keptDays]),
      )
      .delete();
  });
}

async function insertKey(trx: Knex.Transaction, keys: SecretKeys, days: number): Promise<void> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength });
  const kid = randomBytes(16).toString('base64url');
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
  await trx('signing_keys').insert({
    kid,
    sealed_jwk: keys.seal(purpose, JSON.stringify(jwk)),
    signs_from: trx.raw('now() + make_interval(days => ?)', [days]),
  });
}
