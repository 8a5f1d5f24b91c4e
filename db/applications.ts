/** Applications of the platform that people sign in to with their account here. */
import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';

export interface Application {
  id: string;
  name: string;
  secret_hash: Buffer | null;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  first_party: boolean;
  disabled_at: Date | null;
  version: number;
  created_at: Date;
}

export type ApplicationValues = Pick<
  Application,
  'name' | 'redirect_uris' | 'post_logout_redirect_uris' | 'first_party'
>;

/** 256 random bits need no slow hash. */
export const hashOfSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();
const makeSecret = () => randomBytes(32).toString('base64url');

export const findApplication = (db: Knex, id: string): Promise<Application | undefined> =>
  db('applications').where({ id }).first();

/** Registers one; `secret` is there this once, and only for one that can keep it (not `isPublic`). */
export async function createApplication(
  trx: Knex,
  values: ApplicationValues,
  isPublic: boolean,
): Promise<{ id: string; secret?: string }> {
  const secret = isPublic ? undefined : makeSecret();
  const [row] = await trx('applications')
    .insert({ ...values, secret_hash: secret ? hashOfSecret(secret) : null })
    .returning('id');
  return { id: row.id, secret };
}

/** Shuts an application out, and ends what it holds; true if that changed anything. */
export async function setApplicationDisabled(trx: Knex, id: string, disabled: boolean): Promise<boolean> {
  const changed = await trx('applications')
    .where({ id })
    .whereRaw(`disabled_at is ${disabled ? '' : 'not '}null`)
    .update({ disabled_at: disabled ? trx.fn.now() : null });
  if (changed && disabled) await trx('sign_in_records').where({ application_id: id }).delete();
  return changed > 0;
}
