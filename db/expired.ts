import type { Knex } from 'knex';

/** Rows that open nothing and tell nothing any more. */
export interface Expired {
  table: string;
  /** Which rows, as SQL. */
  sql: string;
  bindings?: Record<string, number>;
}

/** What is over by a time that stands in the row itself, or by its age; sessions, which know theirs by rules of the API, are not here. */
export const expired: Expired[] = [
  // Of the column's own type: against a numeric, its index would be of no use.
  { table: 'rate_limits', sql: 'expire < (extract(epoch from now()) * 1000)::bigint' },
  { table: 'password_resets', sql: 'expires_at < now()' },
  { table: 'email_changes', sql: 'expires_at < now()' },
  { table: 'webauthn_challenges', sql: "created_at <= now() - interval '1 hour'" },
  { table: 'totp_secrets', sql: "confirmed_at is null and created_at <= now() - interval '1 day'" },
  { table: 'provider_tests', sql: "created_at < now() - interval '1 day'" },
  // Whom staff invited stays in the audit log.
  { table: 'notices', sql: "template <> 'staff-invitation' and created_at < now() - interval '30 days'" },
  { table: 'erased_consents', sql: 'kept_until <= now()' },
];

/** Deletes at most so many; returns how many. What somebody works with this moment is left for the next time. */
export async function eraseExpired(db: Knex, { table, sql, bindings }: Expired, limit: number): Promise<number> {
  const { rowCount } = await db.raw(
    `delete from :table: where ctid in (select ctid from :table: where ${sql} limit :limit for update skip locked)`,
    { ...bindings, table, limit },
  );
  return rowCount;
}
