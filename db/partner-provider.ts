/** The Partner Provider's settings, its uploaded list and its trials; what a provider is asked is the worker's business. */
import type { Knex } from 'knex';
import type { SecretKeys } from './secret-keys.js';

export interface ProviderRow {
  enabled: boolean;
  plugin: 'http-json' | 'csv-file';
  /** As the plugin's guard made it, or, while it is not enabled, as far as it was filled in. */
  config: Record<string, unknown>;
  /** Name of the provider's field by our own. */
  mapping: Record<string, string>;
  sealed_secrets: Buffer | null;
  /** New partners stand under it; null for the OEM itself. */
  target_partner_id: string | null;
  version: number;
  updated_at: Date;
}

const secretsPurpose = 'provider-secrets';
const listPurpose = 'listed-code';
/** Sample codes of "Test provider" are sealed for this purpose. */
export const providerTestPurpose = 'provider-test';

export const loadProvider = async (db: Knex): Promise<ProviderRow> =>
  (await db('partner_provider').where({ id: true }).first())!;

/** Secrets by the name of their field (security.md F10). */
export const providerSecrets = (row: ProviderRow, keys: SecretKeys): Record<string, string> =>
  row.sealed_secrets ? JSON.parse(keys.unseal(secretsPurpose, row.sealed_secrets)) : {};

export interface ProviderChange extends Pick<ProviderRow, 'enabled' | 'plugin' | 'config' | 'mapping'> {
  secrets: Record<string, string>;
  targetPartnerId: string | null;
}

/** Changes the settings if they are still of this version (security.md C19); false if somebody else was quicker. */
export async function saveProvider(
  trx: Knex,
  keys: SecretKeys,
  version: number,
  { enabled, plugin, config, mapping, secrets, targetPartnerId }: ProviderChange,
): Promise<boolean> {
  const hasSecrets = Object.keys(secrets).length > 0;
  const changed = await trx('partner_provider')
    .where({ id: true, version })
    .update({
      enabled,
      plugin,
      config: JSON.stringify(config),
      mapping: JSON.stringify(mapping),
      sealed_secrets: hasSecrets ? keys.seal(secretsPurpose, JSON.stringify(secrets)) : null,
      target_partner_id: targetPartnerId,
      version: trx.raw('version + 1'),
      updated_at: trx.fn.now(),
    });
  return changed === 1;
}

export interface ListedPartner {
  /** As the plugin compares codes. */
  code: string;
  record: Record<string, string>;
}

/** Rows a statement: PostgreSQL takes 65,535 values. */
const chunk = 1_000;

/**
 * Puts another list in the place of the stored one, all or nothing; false if the settings have changed since this
 * version. The codes themselves are not kept, not even in their rows.
 */
export async function replaceList(
  trx: Knex.Transaction,
  keys: SecretKeys,
  version: number,
  rows: ListedPartner[],
): Promise<boolean> {
  // Locks out another upload, and counts as a change of the settings.
  const changed = await trx('partner_provider')
    .where({ id: true, version })
    .update({ version: trx.raw('version + 1'), updated_at: trx.fn.now() });
  if (changed === 0) return false;
  await trx('provider_list').delete();
  const stored = rows.map(({ code, record }) => ({
    code_hash: keys.hash(listPurpose, code),
    record: JSON.stringify(withoutCode(record)),
  }));
  await trx.batchInsert('provider_list', stored, chunk);
  return true;
}

const withoutCode = (record: Record<string, string>) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name.trim().toLowerCase() !== 'code'));

/** The uploaded row of a code, which is given as the plugin compares codes. */
export async function findListed(
  db: Knex,
  keys: SecretKeys,
  code: string,
): Promise<Record<string, string> | undefined> {
  const row = await db('provider_list').whereIn('code_hash', keys.hashes(listPurpose, code)).first('record');
  return row?.record;
}

/** The action under which an upload stands in the audit log, which is also what says when the last one was. */
export const listUploadedAction = 'provider.listUploaded';

export async function listSummary(db: Knex): Promise<{ rows: number; uploadedAt: Date | null }> {
  const { rows } = await db.raw(
    `select (select count(*)::integer from provider_list) as rows,
      (select max(at) from audit_log where subject_type = 'provider' and subject = 'list' and action = ?) as "uploadedAt"`,
    [listUploadedAction],
  );
  return rows[0];
}

/** A trial of the provider with a sample code; filled in by the worker. */
export interface ProviderTest {
  id: string;
  outcome: 'found' | 'notFound' | 'temporary' | 'misconfigured' | null;
  reason: string | null;
  partner: Record<string, string> | null;
  missing: string[] | null;
  created_at: Date;
  finished_at: Date | null;
}

export async function createProviderTest(
  trx: Knex,
  keys: SecretKeys,
  { code, staffId }: { code: string; staffId: string },
): Promise<string> {
  const [row] = await trx('provider_tests')
    .insert({ sealed_code: keys.seal(providerTestPurpose, code), staff_id: staffId })
    .returning('id');
  return row.id;
}

export const findProviderTest = async (db: Knex, id: string): Promise<ProviderTest | undefined> =>
  db('provider_tests')
    .where({ id })
    .first('id', 'outcome', 'reason', 'partner', 'missing', 'created_at', 'finished_at');
