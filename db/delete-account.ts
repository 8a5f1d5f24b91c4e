import type { Knex } from 'knex';
import { type ErasedUser, eraseUser } from './erase-user.js';
import { lockAdministrators, type Organisation, organisationOf, type Tenant } from './organisations.js';

/** What becomes of the organisation when a user leaves it: a customer goes with its last user, a partner is the OEM's. */
export type OrganisationFate = 'stays' | 'goes';

/** `lastAdministrator`: nobody could manage the others any more (security.md A14). */
export type Leaving = OrganisationFate | 'lastAdministrator';

/** What it would mean if the user left now. */
export const leavingOf = (db: Knex, userId: string, tenant: Tenant): Promise<Leaving> =>
  judge(db, userId, organisationOf(tenant));

async function judge(db: Knex, userId: string, { kind, id, column, permission }: Organisation): Promise<Leaving> {
  const { rows } = await db.raw<{ rows: { alone: boolean; only: boolean }[] }>(
    `
    select bool_and(u.id = :userId) as alone,
        coalesce(bool_and(u.id = :userId) filter (where u.disabled_at is null and :permission = any (t.permissions)), false)
          as only
      from users u join user_types t on t.id = u.user_type_id where u.${column} = :id`,
    { userId, id, permission },
  );
  const { alone, only } = rows[0]!;
  if (alone) return kind === 'customer' ? 'goes' : 'stays';
  return only ? 'lastAdministrator' : 'stays';
}

export type DeletionOutcome =
  | { kind: 'deleted'; erased: ErasedUser }
  /** Another request was quicker. */
  | { kind: 'gone' }
  /** Not what the person was told it would mean. */
  | { kind: 'changed' }
  | { kind: 'lastAdministrator' };

/**
 * Deletes a person's own account, and their customer with it when nobody else is there, if that is what they were told.
 * The organisation's row is locked against new users as well as against others who leave or lose rights: of two
 * administrators who leave at once, the second learns that they are now the last.
 */
export async function deleteAccount(
  trx: Knex.Transaction,
  userId: string,
  tenant: Tenant,
  told: OrganisationFate,
): Promise<DeletionOutcome> {
  const organisation = organisationOf(tenant);
  const { table, id } = organisation;
  await trx(table).where({ id }).forUpdate().select('id');
  await lockAdministrators(trx, organisation);
  if (!(await trx('users').where({ id: userId }).first('id'))) return { kind: 'gone' };
  const leaving = await judge(trx, userId, organisation);
  if (leaving === 'lastAdministrator') return { kind: leaving };
  if (leaving !== told) return { kind: 'changed' };
  const erased = await eraseUser(trx, userId);
  if (leaving === 'goes') await trx('customers').where({ id }).delete();
  return erased ? { kind: 'deleted', erased } : { kind: 'gone' };
}
