/**
 * What the host platform reads: users, customers and partners in the order in which they changed, so that whoever reads
 * on from the last page meets everything that has changed meanwhile, and misses nothing.
 */
import type { Knex } from 'knex';

export interface ListQuery {
  limit: number;
  after?: Cursor;
  changedSince?: Date;
  /** Of users: the organisation's. */
  customerId?: string;
  partnerId?: string;
  /** Of users: canonical. */
  email?: string;
}

/** Where a page ended. */
export interface Cursor {
  /** Microseconds since the epoch, as text: PostgreSQL's times are finer than JavaScript's. */
  changed: string;
  id: string;
}

export interface Listed {
  id: string;
  changed: string;
  createdAt: Date;
  changedAt: Date;
}

const times = (row: string) => `${row}.created_at as "createdAt", ${row}.changed_at as "changedAt",
  (extract(epoch from ${row}.changed_at) * 1000000)::bigint::text as changed`;

const organisation = (
  row: string,
) => `${row}.id, ${row}.name, ${row}.street, ${row}.postal_code as "postalCode", ${row}.city,
  ${row}.country, ${row}.vat_number as "vatNumber"`;

/** Without what is nobody else's: password, codes, registration. */
const selections = {
  users: `select r.id, r.email, r.given_name as "givenName", r.family_name as "familyName", r.phone, r.language, r.time_zone as "timeZone",
      r.customer_id as "customerId", r.partner_id as "partnerId",
      json_build_object('id', t.id, 'name', t.name, 'permissions', t.permissions) as "userType",
      r.disabled_at as "disabledAt", ${times('r')}
    from users r join user_types t on t.id = r.user_type_id`,
  customers: `select ${organisation('r')}, ${times('r')} from customers r`,
  partners: `select ${organisation('r')}, r.parent_id as "parentId", r.external_id as "externalId", r.origin,
      r.disabled_at as "disabledAt", ${times('r')}
    from partners r`,
};

export type ListedTable = keyof typeof selections;

/** One more than the limit where there are more. */
export async function listForPlatform<Row extends Listed>(
  db: Knex,
  table: ListedTable,
  query: ListQuery,
): Promise<Row[]> {
  const { limit, after, changedSince, customerId, partnerId, email } = query;
  const conditions = [
    after && `(r.changed_at, r.id) > ('epoch'::timestamptz + :changed * interval '1 microsecond', :id::uuid)`,
    changedSince && 'r.changed_at >= :changedSince',
    customerId && 'r.customer_id = :customerId',
    partnerId && 'r.partner_id = :partnerId',
    email && 'r.email = :email',
  ].filter(Boolean);
  const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
  const { rows } = await db.raw<{ rows: Row[] }>(
    `${selections[table]} ${where} order by r.changed_at, r.id limit :limit`,
    Object.fromEntries(
      Object.entries({ ...after, changedSince, customerId, partnerId, email, limit: limit + 1 }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as Record<string, Knex.Value>,
  );
  return rows;
}

export async function findForPlatform<Row extends Listed>(
  db: Knex,
  table: ListedTable,
  id: string,
): Promise<Row | undefined> {
  const { rows } = await db.raw<{ rows: Row[] }>(`${selections[table]} where r.id = :id`, { id });
  return rows[0];
}

export interface ListedRegistration {
  reference: string;
  kind: string;
  email: string | null;
  state: string;
  startedAt: Date;
  provenAt: Date | null;
  expiresAt: Date;
  endedAt: Date | null;
  userId: string | null;
}

/** One registration by its reference, and the user that came of it. */
export async function findRegistrationForPlatform(
  db: Knex,
  reference: string,
): Promise<ListedRegistration | undefined> {
  const { rows } = await db.raw<{ rows: ListedRegistration[] }>(
    `
    select r.reference, r.kind, r.email, r.state, r.created_at as "startedAt", r.proven_at as "provenAt",
        r.expires_at as "expiresAt", r.ended_at as "endedAt", u.id as "userId"
      from registrations r left join users u on u.registration_id = r.id where r.reference = :reference`,
    { reference },
  );
  return rows[0];
}
