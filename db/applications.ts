/** Applications of the platform that people sign in to with their account here. */
import { createHash } from 'node:crypto';
import type { Knex } from 'knex';

export interface Application {
  id: string;
  name: string;
  secret_hash: Buffer | null;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  first_party: boolean;
  disabled_at: Date | null;
  /** Counts changes; an edit names the one it was made from (security.md C19). */
  version: number;
  created_at: Date;
}

export type ApplicationValues = Pick<
  Application,
  'name' | 'redirect_uris' | 'post_logout_redirect_uris' | 'first_party'
>;

/** A secret has 256 bits that nobody chose: it needs no slow hash. */
export const hashOfSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

export const listApplications = (db: Knex): Promise<Application[]> =>
  db('applications').select('*').orderByRaw('disabled_at is not null, lower(name), id');

export const findApplication = (db: Knex, id: string): Promise<Application | undefined> =>
  db('applications').where({ id }).first();

/** Registers one under this id, unless it is there already; without a secret it is one that cannot keep any. */
export async function createApplication(
  trx: Knex,
  id: string,
  values: ApplicationValues,
  secret?: string,
): Promise<boolean> {
  const made = await trx('applications')
    .insert({ id, ...values, secret_hash: secret ? hashOfSecret(secret) : null })
    .onConflict('id')
    .ignore()
    .returning('id');
  return made.length > 0;
}

/** Changes it if it still is at `version`; returns it as it was, or undefined if somebody else was quicker. */
export async function changeApplication(
  trx: Knex,
  id: string,
  version: number,
  values: ApplicationValues,
): Promise<Application | undefined> {
  const before = await trx('applications').where({ id, version }).forUpdate().first();
  if (before)
    await trx('applications')
      .where({ id })
      .update({ ...values, version: version + 1 });
  return before;
}

/** Puts another secret in place of the one there is, which is dead at once; false if somebody else was quicker. */
export async function replaceSecret(trx: Knex, id: string, version: number, secret: string): Promise<boolean> {
  const changed = await trx('applications')
    .where({ id, version })
    .whereNotNull('secret_hash')
    .update({ secret_hash: hashOfSecret(secret), version: version + 1 });
  return changed > 0;
}

/** Lets an application in, or shuts it out and ends what it holds; true if that changed anything. */
export async function setApplicationDisabled(trx: Knex, id: string, disabled: boolean): Promise<boolean> {
  const changed = await trx('applications')
    .where({ id })
    .whereRaw(`disabled_at is ${disabled ? '' : 'not '}null`)
    .update({ disabled_at: disabled ? trx.fn.now() : null, version: trx.raw('version + 1') });
  if (changed && disabled) await trx('sign_in_records').where({ application_id: id }).delete();
  return changed > 0;
}
