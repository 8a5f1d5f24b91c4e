/** What users and staff prove besides their password. One design for both: each row names its one owner. */
import type { Knex } from 'knex';
import type { ListedPasskey } from './passkeys.js';
import { endSignIns } from './sign-in-records.js';

export type FactorOwner = { userId: string } | { staffId: string };

export const ownerColumn = (owner: FactorOwner): { user_id: string } | { staff_id: string } =>
  'userId' in owner ? { user_id: owner.userId } : { staff_id: owner.staffId };

/** Binds what is sealed or hashed to its owner, so that a row moved to another one opens nothing. */
export const ownerKey = (owner: FactorOwner): string =>
  'userId' in owner ? `user ${owner.userId}` : `staff ${owner.staffId}`;

/** One change of somebody's factors at a time. */
export const lockFactors = (trx: Knex.Transaction, owner: FactorOwner) =>
  trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`second-factor ${ownerKey(owner)}`]);

export interface Factors {
  /** Since when an authenticator app is connected. */
  totpSince: Date | null;
  passkeys: ListedPasskey[];
  /** Recovery codes not used yet. */
  codesLeft: number;
}

export async function loadFactors(db: Knex, owner: FactorOwner): Promise<Factors> {
  const where = ownerColumn(owner);
  const [totp, passkeys, codes] = await Promise.all([
    db('totp_secrets').where(where).whereNotNull('confirmed_at').first('confirmed_at'),
    db('passkeys')
      .where(where)
      .orderBy('created_at')
      .select('id', 'name', 'created_at as createdAt', 'last_used_at as lastUsedAt'),
    db('recovery_codes')
      .where({ ...where, used_at: null })
      .count('* as left')
      .first(),
  ]);
  return { totpSince: totp?.confirmed_at ?? null, passkeys, codesLeft: Number(codes?.left ?? 0) };
}

/** Takes the recovery codes away when nothing is left for which they could stand in; true when that was so. */
export async function endWithLastFactor(trx: Knex.Transaction, owner: FactorOwner): Promise<boolean> {
  const { totpSince, passkeys } = await loadFactors(trx, owner);
  if (totpSince || passkeys.length > 0) return false;
  await trx('recovery_codes').where(ownerColumn(owner)).delete();
  return true;
}

/** Takes everything away that stands in for the second factor, and ends the sessions; false when there was nothing. */
export async function removeFactors(trx: Knex.Transaction, owner: FactorOwner): Promise<boolean> {
  await lockFactors(trx, owner);
  const where = ownerColumn(owner);
  const removed = await Promise.all([
    trx('totp_secrets').where(where).delete(),
    trx('passkeys').where(where).delete(),
    trx('recovery_codes').where(where).delete(),
  ]);
  if (removed.every((rows) => rows === 0)) return false;
  await endSessions(trx, owner);
  if ('userId' in owner) await endSignIns(trx, owner.userId);
  return true;
}

/** Whose second factor is set up, as SQL on the alias of users or staff. */
export const hasFactorSql = (column: 'user_id' | 'staff_id', owner: string): string =>
  `(exists (select from totp_secrets where ${column} = ${owner}.id and confirmed_at is not null)
    or exists (select from passkeys where ${column} = ${owner}.id))`;

const sessionsOf = (owner: FactorOwner) => ('userId' in owner ? 'sessions' : 'staff_sessions');

/** Ends the owner's sessions, except the one in which something was just changed (security.md S3). */
export async function endSessions(trx: Knex, owner: FactorOwner, except?: Buffer): Promise<void> {
  const query = trx(sessionsOf(owner)).where(ownerColumn(owner));
  if (except) query.whereNot({ token_hash: except });
  await query.delete();
}
