import type { Knex } from 'knex';
import type { OrganisationKind } from './models.js';

/** What applications can be told of a user. */
export interface SignInAccount {
  id: string;
  email: string;
  given_name: string;
  family_name: string;
  phone: string | null;
  language: string;
  time_zone: string;
  user_type: string;
  permissions: string[];
  kind: OrganisationKind;
  organisation_id: string;
  organisation_name: string;
}

/** A user who may sign in: neither they nor their partner are disabled. */
export async function findSignInAccount(db: Knex, userId: string): Promise<SignInAccount | undefined> {
  const { rows } = await db.raw<{ rows: SignInAccount[] }>(
    `
    select u.id, u.email, u.given_name, u.family_name, u.phone, u.language, u.time_zone, type.name as user_type, type.permissions,
        type.kind, coalesce(c.id, p.id) as organisation_id, coalesce(c.name, p.name) as organisation_name
      from users u join user_types type on type.id = u.user_type_id
      left join customers c on c.id = u.customer_id left join partners p on p.id = u.partner_id
      where u.id = ? and u.disabled_at is null and p.disabled_at is null`,
    [userId],
  );
  return rows[0];
}
