import type { Knex } from 'knex';
import { startingWith } from './registration-list.js';
import { hasFactorSql } from './second-factors.js';

export interface ListedUser {
  id: string;
  email: string;
  givenName: string;
  familyName: string;
  kind: 'customer' | 'partner';
  company: string;
  disabled: boolean;
}

export interface UserRecord extends ListedUser {
  phone: string | null;
  language: string;
  userTypeId: string;
  userType: string;
  createdAt: Date;
  /** Of the registration that made the account. */
  reference: string | null;
  /** Where they are logged in. */
  sessions: number;
  lastSeenAt: Date | null;
  hasSecondFactor: boolean;
}

const columns = `u.id, u.email, u.given_name as "givenName", u.family_name as "familyName",
  case when u.customer_id is null then 'partner' else 'customer' end as kind, coalesce(c.name, o.name) as company,
  u.disabled_at is not null as disabled`;
const tables = `users u left join customers c on c.id = u.customer_id left join partners o on o.id = u.partner_id
  left join registrations r on r.id = u.registration_id`;

/** Users whose e-mail or company begins with the text, or whose registration has this reference; newest first. */
export async function searchUsers(db: Knex, text: string, limit: number): Promise<ListedUser[]> {
  const { rows } = await db.raw<{ rows: ListedUser[] }>(
    `
    select ${columns} from ${tables}
      ${text ? `where u.id in (${found})` : ''}
      ${newest}`,
    { text, prefix: startingWith(text), limit },
  );
  return rows;
}

const newest = 'order by u.created_at desc, u.id limit :limit';

/**
 * Each by its own index and no more than are shown: one condition over all of these tables would read them whole. Ids of
 * partners as an array, for the reason that `registration-list.ts` gives.
 */
const found = `
  (select u.id from users u where u.email like lower(:prefix) ${newest})
  union select id from users where registration_id = (select id from registrations where reference = upper(:text))
  union (select u.id from users u
    where u.customer_id in (select id from customers where lower(name) like lower(:prefix)) ${newest})
  union (select u.id from users u
    where u.partner_id = any(array(select id from partners where lower(name) like lower(:prefix))) ${newest})`;

/** `live`: which rows of `sessions` still open something, as SQL. */
export async function findUserRecord(
  db: Knex,
  id: string,
  live: { sql: string; bindings: Record<string, number> },
): Promise<UserRecord | undefined> {
  const { rows } = await db.raw<{ rows: UserRecord[] }>(
    `
    select ${columns}, u.phone, u.language, u.user_type_id as "userTypeId", t.name as "userType",
        u.created_at as "createdAt", r.reference, seen.sessions, seen."lastSeenAt",
        ${hasFactorSql('user_id', 'u')} as "hasSecondFactor"
      from ${tables} join user_types t on t.id = u.user_type_id
        cross join lateral (
          select count(*)::int as sessions, max(last_seen_at) as "lastSeenAt" from sessions
            where user_id = u.id and ${live.sql}
        ) seen
      where u.id = :id`,
    { ...live.bindings, id },
  );
  return rows[0];
}
