/** Keys with which the host platform's programs call the API. */
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import type { SecretKeys } from './secret-keys.js';

/** What a key may be allowed to do; names are kept, for keys hold them. */
export const apiScopes = ['users:read', 'customers:read', 'partners:read', 'registrations:read'] as const;
export type ApiScope = (typeof apiScopes)[number];

/** Tells what it is to whoever finds one, and to programs that look for lost secrets. */
const prefix = 'vst_';
const keyBytes = 32;
/** Characters of a key that stay readable, to tell keys apart. */
const endingLength = 4;
const purpose = 'api-key';
const displayPurpose = 'api-key-display';
/** The form that is sent twice shows the key both times; later nobody sees it. */
const displayed = "interval '10 minutes'";

export interface NewApiKey {
  /** From the form, so that a form that is sent twice makes one key. */
  id: string;
  name: string;
  scopes: ApiScope[];
  expiresAt: Date | null;
  /** Staff. */
  createdBy: string;
}

/** Makes a key; false if the id is taken, which the first of two clicks has done. */
export async function createApiKey(trx: Knex, keys: SecretKeys, made: NewApiKey): Promise<boolean> {
  const key = prefix + randomBytes(keyBytes).toString('base64url');
  const rows = await trx('api_keys')
    .insert({
      id: made.id,
      name: made.name,
      key_hash: keys.hash(purpose, key),
      ending: key.slice(-endingLength),
      scopes: made.scopes,
      expires_at: made.expiresAt,
      sealed_key: keys.seal(displayPurpose, key),
      created_by: made.createdBy,
    })
    .onConflict('id')
    .ignore()
    .returning('id');
  return rows.length > 0;
}

/** The key itself, for the member of staff who made it just now, and for nobody else. */
export async function displayedApiKey(
  db: Knex,
  keys: SecretKeys,
  { id, staffId }: { id: string; staffId: string },
): Promise<string | undefined> {
  const row = await db('api_keys')
    .where({ id, created_by: staffId, revoked_at: null })
    .whereNotNull('sealed_key')
    .whereRaw(`created_at > now() - ${displayed}`)
    .first('sealed_key');
  return row && keys.unseal(displayPurpose, row.sealed_key);
}

export async function eraseDisplayedApiKeys(db: Knex): Promise<void> {
  await db('api_keys')
    .whereNotNull('sealed_key')
    .whereRaw(`created_at <= now() - ${displayed}`)
    .update({ sealed_key: null });
}

export interface ListedApiKey {
  id: string;
  name: string;
  ending: string;
  scopes: ApiScope[];
  createdBy: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  state: 'usable' | 'expired' | 'revoked';
}

/** Every key there was, usable ones first. */
export async function listApiKeys(db: Knex): Promise<ListedApiKey[]> {
  const { rows } = await db.raw<{ rows: ListedApiKey[] }>(`
    select k.id, k.name, k.ending, k.scopes, s.email as "createdBy", k.created_at as "createdAt",
        k.expires_at as "expiresAt", k.revoked_at as "revokedAt", k.last_used_at as "lastUsedAt",
        case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired' else 'usable' end
          as state
      from api_keys k join staff s on s.id = k.created_by
      order by k.revoked_at is not null or coalesce(k.expires_at <= now(), false), k.created_at desc, k.id`);
  return rows;
}

/** Ends a key at once; undefined if there is none, or it has ended before. */
export async function revokeApiKey(trx: Knex, id: string): Promise<{ name: string } | undefined> {
  const [row] = await trx('api_keys')
    .where({ id, revoked_at: null })
    .update({ revoked_at: trx.fn.now(), sealed_key: null })
    .returning('name');
  return row;
}

export interface Machine {
  keyId: string;
  scopes: ApiScope[];
}

/** Whose key this is, if it still works. Its last use is noted once a minute, so that reading costs no write. */
export async function findMachine(db: Knex, keys: SecretKeys, key: string): Promise<Machine | undefined> {
  if (!key.startsWith(prefix)) return undefined;
  const { rows } = await db.raw<{ rows: Machine[] }>(
    `
    with found as (
      select id, scopes, last_used_at from api_keys
        where key_hash = any (:hashes) and revoked_at is null and (expires_at is null or expires_at > now())
    ), used as (
      update api_keys set last_used_at = now()
        where id in (select id from found where last_used_at is null or last_used_at < now() - interval '1 minute')
    )
    select id as "keyId", scopes from found`,
    { hashes: keys.hashes(purpose, key) },
  );
  return rows[0];
}
