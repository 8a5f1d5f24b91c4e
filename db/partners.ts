/** Partner organisations, as the Console lists and changes them. */
import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { UniqueViolationError } from 'objection';
import { Partner } from './models.js';
import { endSignInsOfPartner } from './sign-in-records.js';

export interface PartnerSummary extends Pick<Partner, 'id' | 'name' | 'city' | 'country' | 'origin' | 'disabled_at'> {
  users: number;
  /** Codes with which somebody can still join. */
  codes: number;
}

/** A page of partners by name; `after` is the id of the last one on the page before. */
export async function listPartners(
  db: Knex,
  { prefix, after, limit }: { prefix: string; after?: string; limit: number },
): Promise<PartnerSummary[]> {
  const { rows } = await db.raw<{ rows: PartnerSummary[] }>(
    `
    select p.id, p.name, p.city, p.country, p.origin, p.disabled_at,
        (select count(*)::integer from users where partner_id = p.id) as users,
        (select count(*)::integer from partner_codes where partner_id = p.id and revoked_at is null
          and uses < max_uses and (expires_at is null or expires_at > now()) and p.disabled_at is null) as codes
      from partners p
      where lower(p.name) like lower(:pattern)
        and lower(p.name) ~>=~ coalesce((select lower(name) from partners where id = :after), '')
        and not exists (select 1 from partners last
          where last.id = :after and lower(last.name) = lower(p.name) and p.id <= last.id)
      order by lower(p.name) using ~<~, p.id limit :limit`,
    { pattern: prefixPattern(prefix), after: after ?? null, limit },
  );
  return rows;
}

/** Partners to choose from, by name; the one that is chosen already always among them. */
export async function partnerChoices(
  db: Knex,
  { prefix, chosen, limit }: { prefix: string; chosen?: string; limit: number },
): Promise<Pick<Partner, 'id' | 'name' | 'city'>[]> {
  return db('partners')
    .where((either) => either.whereRaw('lower(name) like lower(?)', [prefixPattern(prefix)]).whereNull('disabled_at'))
    .orWhere('id', chosen ?? null)
    .select('id', 'name', 'city')
    .orderByRaw('id = ? desc, lower(name) using ~<~, id', [chosen ?? null])
    .limit(limit);
}

/** What was typed is text, not a pattern. */
const prefixPattern = (prefix: string) => `${prefix.replace(/[\\%_]/g, '\\$&')}%`;

export const findPartner = async (db: Knex, id: string): Promise<Partner | undefined> => Partner.query(db).findById(id);

export interface PartnerUser {
  id: string;
  email: string;
  userType: string;
  /** Label of the code with which they joined. */
  codeLabel: string | null;
  disabled_at: Date | null;
  created_at: Date;
}

/** Newest users of a partner, and how many there are in all. */
export async function partnerUsers(
  db: Knex,
  partnerId: string,
  limit: number,
): Promise<{ users: PartnerUser[]; total: number }> {
  const [users, count] = await Promise.all([
    db('users as u')
      .join('user_types as type', 'type.id', 'u.user_type_id')
      .leftJoin('partner_codes as code', 'code.id', 'u.partner_code_id')
      .where('u.partner_id', partnerId)
      .select('u.id', 'u.email', 'type.name as userType', 'code.label as codeLabel', 'u.disabled_at', 'u.created_at')
      .orderByRaw('u.created_at desc, u.id')
      .limit(limit),
    db('users').where({ partner_id: partnerId }).count('* as total').first(),
  ]);
  return { users, total: Number(count?.total ?? 0) };
}

/** What staff may change of a partner; a missing value is an empty one. */
export type PartnerValues = Partial<
  Record<
    'name' | 'street' | 'postal_code' | 'city' | 'country' | 'vat_number' | 'external_id' | 'parent_id',
    string | null
  >
> & { name: string };

const columns = ['name', 'street', 'postal_code', 'city', 'country', 'vat_number', 'external_id', 'parent_id'] as const;

/** Says by which values a form was filled: it changes when any of them does (security.md C19). */
export const partnerVersion = (partner: Partner): string =>
  createHash('sha256')
    .update(JSON.stringify(columns.map((column) => partner[column] ?? null)))
    .digest('base64url');

export async function createPartner(trx: Knex, values: PartnerValues): Promise<Partner> {
  return Partner.query(trx)
    .insert({ ...row(values), origin: 'console' } as Partner)
    .returning('*');
}

/**
 * Changes a partner if it still is what `version` says; returns it as it was, or undefined if somebody else was quicker.
 */
export async function changePartner(
  trx: Knex,
  id: string,
  version: string,
  values: PartnerValues,
): Promise<Partner | undefined> {
  const before = await Partner.query(trx).findById(id).forUpdate();
  if (!before || partnerVersion(before) !== version) return undefined;
  await Partner.query(trx).findById(id).patch(row(values));
  return before;
}

const row = (values: PartnerValues): Partial<Partner> =>
  Object.fromEntries(columns.map((column) => [column, values[column] || null]));

/** Whether an insert or update failed because another partner has this external id. */
export const isExternalIdTaken = (error: unknown): boolean =>
  error instanceof UniqueViolationError && error.constraint === 'partners_external_id_key';

/** Any number that no other program uses as an advisory lock in this database. */
const treeLock = 7_310_248;

/** Whether a partner would come to stand under itself. Holds off other changes of parents until the transaction ends. */
export async function wouldBeCircular(trx: Knex, id: string, parentId: string): Promise<boolean> {
  await trx.raw('select pg_advisory_xact_lock(?)', [treeLock]);
  const { rows } = await trx.raw(
    `
    with recursive above as (
      select id, parent_id from partners where id = :parentId
      union select p.id, p.parent_id from partners p join above on above.parent_id = p.id
    )
    select 1 from above where id = :id`,
    { id, parentId },
  );
  return rows.length > 0;
}

/** Disables a partner and ends its users' sessions, here and with applications; false if it is disabled already. */
export async function disablePartner(trx: Knex, id: string): Promise<boolean> {
  const changed = await Partner.query(trx).findById(id).whereNull('disabled_at').patch({ disabled_at: new Date() });
  if (changed === 0) return false;
  await trx('sessions')
    .whereIn('user_id', trx('users').where({ partner_id: id }).select('id'))
    .delete();
  await endSignInsOfPartner(trx, id);
  return true;
}

export async function enablePartner(trx: Knex, id: string): Promise<boolean> {
  return (await Partner.query(trx).findById(id).whereNotNull('disabled_at').patch({ disabled_at: null })) > 0;
}
