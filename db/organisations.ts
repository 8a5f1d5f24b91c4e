import type { Knex } from 'knex';
import type { OrganisationKind } from './models.js';
import { customerAccountAdministrator, partnerAccountAdministrator } from './permissions.js';

/** The organisation that somebody belongs to: one of the two is set. Comes from a session or a row, never from a request. */
export interface Tenant {
  customerId: string | null;
  partnerId: string | null;
}

export interface Organisation {
  kind: OrganisationKind;
  id: string;
  table: 'customers' | 'partners';
  /** Of `users`. */
  column: 'customer_id' | 'partner_id';
  /** The right to manage its users. */
  permission: string;
}

/** Throws without a tenant: no query of an organisation's users runs across all of them by accident (security.md A3). */
export function organisationOf({ customerId, partnerId }: Tenant): Organisation {
  if (customerId && !partnerId)
    return {
      kind: 'customer',
      id: customerId,
      table: 'customers',
      column: 'customer_id',
      permission: customerAccountAdministrator,
    };
  if (partnerId && !customerId)
    return {
      kind: 'partner',
      id: partnerId,
      table: 'partners',
      column: 'partner_id',
      permission: partnerAccountAdministrator,
    };
  throw new Error('exactly one organisation is needed');
}

export interface Administrator {
  id: string;
  permissions: string[];
}

/**
 * The organisation's enabled administrators. Whoever takes a user's access or rights away calls this first: it holds off
 * all others who do so in the same organisation until the transaction ends, so that one administrator always stays
 * (security.md A14). New users may come meanwhile.
 */
export async function lockAdministrators(
  trx: Knex.Transaction,
  { table, id, column, permission }: Organisation,
): Promise<Administrator[]> {
  // The organisation's row first: what is read after it holds until the end, new administrators included.
  await trx(table).where({ id }).forNoKeyUpdate().select('id');
  const { rows } = await trx.raw<{ rows: Administrator[] }>(
    `
    select u.id, t.permissions from users u join user_types t on t.id = u.user_type_id
      where u.${column} = :id and u.disabled_at is null and :permission = any (t.permissions)
      order by u.id for no key update of u for share of t`,
    { id, permission },
  );
  return rows;
}

/** Whether rights are no more than others (security.md A7). */
export const isWithin = (permissions: string[], own: string[]): boolean =>
  permissions.every((permission) => own.includes(permission));

/** An administrator with a right that another lacks is out of the other's reach. */
export const isAbove = ({ permission }: Organisation, permissions: string[], own: string[]): boolean =>
  permissions.includes(permission) && !isWithin(permissions, own);
