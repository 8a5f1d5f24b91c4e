/** Codes with which people join a partner (security.md D8). For the Console, and for the worker that uses them up. */
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { PartnerCode } from './models.js';
import type { SecretKeys } from './secret-keys.js';

/** Crockford's base32: without I, L, O and U, which are misread or make words. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 100 bits; 80 are needed (D8). */
const partnerCodeSymbols = 20;
const groupSize = 4;
const purpose = 'partner-code';

/** "XXXX-XXXX-XXXX-XXXX-XXXX". */
export const makePartnerCode = (): string => makeCode(partnerCodeSymbols);

/** A code to be typed, in groups of four, from the CSPRNG; five bits a symbol. */
export function makeCode(symbols: number): string {
  // 32 divides 256: each symbol is equally likely.
  const text = [...randomBytes(symbols)].map((byte) => alphabet[byte % alphabet.length]).join('');
  return text.match(new RegExp(`.{${groupSize}}`, 'g'))!.join('-');
}

/** How codes are compared: whatever of case, spaces, dashes and look-alikes a person typed. */
export const canonicalCode = (typed: string): string =>
  typed
    .normalize('NFKC')
    .replace(/[\s\p{Pd}]/gu, '')
    .toUpperCase()
    .replace(/[IL]/g, '1')
    .replaceAll('O', '0');

export interface NewPartnerCode {
  /** From the form, so that a form that is sent twice makes one code. */
  id?: string;
  partnerId: string;
  label?: string | null;
  maxUses?: number;
  expiresAt?: Date | null;
  /** Staff. */
  createdBy?: string | null;
}

/** Makes a code. What it returns is the only time that the code itself is known; undefined if the id is taken. */
export async function createPartnerCode(
  trx: Knex,
  keys: SecretKeys,
  { id, partnerId, label, maxUses = 1, expiresAt, createdBy }: NewPartnerCode,
): Promise<{ id: string; code: string } | undefined> {
  const code = makePartnerCode();
  const [row] = await trx('partner_codes')
    .insert({
      ...(id ? { id } : {}),
      partner_id: partnerId,
      code_hash: keys.hash(purpose, canonicalCode(code)),
      label: label || null,
      max_uses: maxUses,
      expires_at: expiresAt ?? null,
      created_by: createdBy ?? null,
    })
    .onConflict('id')
    .ignore()
    .returning('id');
  return row && { id: row.id, code };
}

export interface FoundCode {
  id: string;
  partnerId: string;
  /** Not revoked, not expired, not used up, and its partner is enabled. */
  usable: boolean;
}

/** Conditions under which a code may be used, in the words of SQL; `code` and `partner` are the tables' names. */
const usableSql = `(code.uses < code.max_uses and code.revoked_at is null
  and (code.expires_at is null or code.expires_at > now()) and partner.disabled_at is null)`;

/** The code that somebody typed, usable or not; undefined if it is none of ours. Nobody outside is told which (E7). */
export async function findCode(db: Knex, keys: SecretKeys, typed: string): Promise<FoundCode | undefined> {
  return db('partner_codes as code')
    .join('partners as partner', 'partner.id', 'code.partner_id')
    .whereIn('code.code_hash', keys.hashes(purpose, canonicalCode(typed)))
    .first('code.id', 'code.partner_id as partnerId', db.raw(`${usableSql} as usable`));
}

export async function findUsableCode(
  db: Knex,
  keys: SecretKeys,
  typed: string,
): Promise<Omit<FoundCode, 'usable'> | undefined> {
  const code = await findCode(db, keys, typed);
  return code?.usable ? { id: code.id, partnerId: code.partnerId } : undefined;
}

/**
 * Uses the code up by one, in the transaction that makes the account; false if it may not be used (any more). The row
 * count decides, so of any number at once no more than are allowed get through (security.md C7). The partner is locked:
 * one that is being disabled is disabled first, or ends the session of this account too.
 */
export async function countUse(trx: Knex, codeId: string): Promise<boolean> {
  const { rowCount } = await trx.raw(
    `
    with partner as (
      select id, disabled_at from partners
        where id = (select partner_id from partner_codes where id = :codeId) and disabled_at is null
        for share
    )
    update partner_codes as code set uses = code.uses + 1, last_used_at = now()
      from partner where code.id = :codeId and code.partner_id = partner.id and ${usableSql}`,
    { codeId },
  );
  return rowCount === 1;
}

/** All codes of a partner, newest first, with what the Console says of each. */
export interface CodeSummary extends Pick<PartnerCode, 'id' | 'label' | 'max_uses' | 'uses' | 'created_at'> {
  expires_at: Date | null;
  last_used_at: Date | null;
  state: 'usable' | 'usedUp' | 'expired' | 'revoked';
}

export async function listCodes(db: Knex, partnerId: string, limit: number): Promise<CodeSummary[]> {
  return db('partner_codes')
    .where({ partner_id: partnerId })
    .select('id', 'label', 'max_uses', 'uses', 'created_at', 'expires_at', 'last_used_at')
    .select(
      db.raw(`case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired'
        when uses >= max_uses then 'usedUp' else 'usable' end as state`),
    )
    .orderByRaw('created_at desc, id desc')
    .limit(limit);
}

/** Ends a code at once; false if it was ended already, or is not this partner's. */
export async function revokeCode(trx: Knex, partnerId: string, codeId: string): Promise<boolean> {
  return (await endCode(trx, partnerId, codeId)) !== undefined;
}

/**
 * Ends a code and makes another of the same label, number of uses and time to live, in the caller's transaction.
 * Undefined if the old one was ended already, or the new one's id is taken: then the caller must roll back.
 */
export async function rotateCode(
  trx: Knex,
  keys: SecretKeys,
  rotation: { partnerId: string; codeId: string; newId?: string; createdBy?: string },
): Promise<{ id: string; code: string } | undefined> {
  const { partnerId, codeId, newId, createdBy } = rotation;
  const old = await endCode(trx, partnerId, codeId);
  if (!old) return undefined;
  return createPartnerCode(trx, keys, {
    id: newId,
    partnerId,
    label: old.label,
    maxUses: old.max_uses,
    expiresAt: old.expires_at && endOfDay(Date.now() + old.expires_at.getTime() - old.created_at.getTime()),
    createdBy,
  });
}

/** Codes end with a day, in UTC: their last day is what people are told. */
const endOfDay = (at: number) => new Date(new Date(at).setUTCHours(23, 59, 59, 0));

async function endCode(trx: Knex, partnerId: string, codeId: string): Promise<PartnerCode | undefined> {
  const [ended] = await PartnerCode.query(trx)
    .where({ id: codeId, partner_id: partnerId })
    .whereNull('revoked_at')
    .patch({ revoked_at: new Date() })
    .returning('*');
  return ended;
}

export const findCodeById = async (db: Knex, partnerId: string, codeId: string): Promise<PartnerCode | undefined> =>
  PartnerCode.query(db).findOne({ id: codeId, partner_id: partnerId });
