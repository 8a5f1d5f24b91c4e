import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { type OrganisationKind, UserType } from './models.js';
import { customerAccountAdministrator, ownPermissions } from './permissions.js';
import { lockSettings } from './settings.js';

export interface ListedUserType {
  id: string;
  kind: OrganisationKind;
  name: string;
  permissions: string[];
  /** How many users have it. */
  users: number;
  /** New users of its kind get it. */
  isDefault: boolean;
}

/** Every user type, customers' first, each with its number of users. */
export async function listUserTypes(db: Knex): Promise<ListedUserType[]> {
  const { rows } = await db.raw<{ rows: ListedUserType[] }>(`
    select t.id, t.kind, t.name, t.permissions, coalesce(u.count, 0)::int as users,
        coalesce(t.id in (s.default_customer_user_type_id, s.default_partner_user_type_id), false) as "isDefault"
      from user_types t
      cross join settings s
      left join (select user_type_id, count(*) from users group by user_type_id) u on u.user_type_id = t.id
      order by t.kind, lower(t.name), t.id`);
  return rows;
}

export const findUserType = async (db: Knex, id: string): Promise<ListedUserType | undefined> =>
  (await listUserTypes(db)).find((type) => type.id === id);

type UserTypeFields = Pick<UserType, 'name' | 'permissions'>;

/** What a form was made from, in short: an edit is refused when the type is not like that any more (security.md C19). */
export const userTypeStamp = ({ name, permissions }: UserTypeFields): string =>
  createHash('sha256')
    .update(JSON.stringify([name, permissions.toSorted()]))
    .digest('base64url');

/** Rejects with a unique violation when the name is taken. */
export async function insertUserType(
  trx: Knex.Transaction,
  type: UserTypeFields & { kind: OrganisationKind },
): Promise<string> {
  const { id } = await UserType.query(trx).insert(type).returning('id');
  return id;
}

export type UserTypeOutcome<Refusal extends string> =
  | { kind: 'done'; before: UserType }
  | { kind: 'stale' | 'gone' }
  | { kind: Refusal };

/**
 * Changes name and permissions. The customers' default keeps the permission that a customer's first user needs: without
 * it no customer account could be made any more. And a type keeps the permission to manage users as long as an
 * organisation has no other enabled administrator (security.md A14); `organisations` says how many those are. Rejects with
 * a unique violation when the name is taken.
 */
export async function changeUserType(
  trx: Knex.Transaction,
  id: string,
  stamp: string,
  fields: UserTypeFields,
): Promise<UserTypeOutcome<'defaultNeedsAdministrator'> | { kind: 'onlyAdministrators'; organisations: number }> {
  const settings = await lockSettings(trx);
  const before = await UserType.query(trx).findById(id).forUpdate();
  if (!before) return { kind: 'gone' };
  if (userTypeStamp(before) !== stamp) return { kind: 'stale' };
  const isCustomerDefault = settings.default_customer_user_type_id === id;
  if (isCustomerDefault && !fields.permissions.includes(customerAccountAdministrator))
    return { kind: 'defaultNeedsAdministrator' };
  const organisations = await countDependent(trx, before, fields);
  if (organisations > 0) return { kind: 'onlyAdministrators', organisations };
  await UserType.query(trx).findById(id).patch(fields);
  return { kind: 'done', before };
}

/**
 * How many organisations would lose their last enabled administrator. To be asked under the type's lock: whoever takes
 * another administrator away holds it, too (`lockAdministrators`), so that of the two one comes first.
 */
async function countDependent(trx: Knex.Transaction, { id, kind, permissions }: UserType, becomes: UserTypeFields) {
  const [permission] = ownPermissions[kind];
  if (!permissions.includes(permission) || becomes.permissions.includes(permission)) return 0;
  const { rows } = await trx.raw<{ rows: { count: number }[] }>(
    `
    select count(*)::int from (
      select from users u join user_types t on t.id = u.user_type_id
        where u.disabled_at is null and t.kind = :kind and :permission = any (t.permissions)
        group by coalesce(u.customer_id, u.partner_id) having bool_and(t.id = :id)) dependent`,
    { id, kind, permission },
  );
  return rows[0]!.count;
}

/** Deletes a type that nobody has and that is no default. */
export async function deleteUserType(
  trx: Knex.Transaction,
  id: string,
  stamp: string,
): Promise<UserTypeOutcome<'inUse'>> {
  const settings = await lockSettings(trx);
  // With this lock nobody can be given the type until the end of the transaction.
  const before = await UserType.query(trx).findById(id).forUpdate();
  if (!before) return { kind: 'gone' };
  if (userTypeStamp(before) !== stamp) return { kind: 'stale' };
  const isDefault = [settings.default_customer_user_type_id, settings.default_partner_user_type_id].includes(id);
  if (isDefault || (await trx('users').where({ user_type_id: id }).first('id'))) return { kind: 'inUse' };
  await UserType.query(trx).deleteById(id);
  return { kind: 'done', before };
}
