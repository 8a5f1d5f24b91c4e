/** The users of one organisation, as its administrators see them; always under its tenant (security.md A2, A3). */
import type { Knex } from 'knex';
import { type Organisation, organisationOf, type Tenant } from './organisations.js';

export interface Member {
  id: string;
  givenName: string;
  familyName: string;
  email: string;
  phone: string | null;
  language: string;
  userTypeId: string;
  userType: string;
  permissions: string[];
  disabled: boolean;
  disabledByStaff: boolean;
  createdAt: Date;
  /** Null: never logged in. */
  lastSeenAt: Date | null;
  /** Logged in somewhere. */
  hasSessions: boolean;
  /** The organisation has no other enabled administrator. */
  isLastAdministrator: boolean;
}

export interface MemberSearch {
  /** Each word begins a word of the name or the e-mail; none: everybody. */
  text?: string;
  /** Id of the last one on the page before. */
  after?: string;
  limit: number;
}

/**
 * One page of users by family and given name. Pages by that key instead of counting rows, so that none is left out while
 * people come and go; whoever is unknown as `after` begins the list anew.
 */
export async function listMembers(
  db: Knex,
  tenant: Tenant,
  { text = '', after, limit }: MemberSearch,
): Promise<Member[]> {
  const organisation = organisationOf(tenant);
  const { rows } = await db.raw<{ rows: Member[] }>(
    `
    ${select(organisation)}
        left join users last on last.id = :after and last.${organisation.column} = :organisationId
      where u.${organisation.column} = :organisationId
        and lower(' ' || u.given_name || ' ' || u.family_name || ' ' || u.email)
          like all (select lower(pattern) from unnest(:patterns::text[]) pattern)
        and (last.id is null or (${nameKey('u')}) > (${nameKey('last')}))
      order by ${nameKey('u')} limit :limit`,
    { ...keysOf(organisation), patterns: wordPatterns(text), after: after ?? null, limit },
  );
  return rows;
}

/** Undefined for nobody, and for somebody of another organisation: nobody learns which (security.md E9). */
export async function findMember(db: Knex, tenant: Tenant, id: string): Promise<Member | undefined> {
  const organisation = organisationOf(tenant);
  const { rows } = await db.raw<{ rows: Member[] }>(
    `${select(organisation)} where u.${organisation.column} = :organisationId and u.id = :id`,
    { ...keysOf(organisation), id },
  );
  return rows[0];
}

const nameKey = (table: string) => `lower(${table}.family_name), lower(${table}.given_name), ${table}.id`;
const keysOf = ({ id, permission }: Organisation) => ({ organisationId: id, permission });

const select = ({ column }: Organisation) => `
  select u.id, u.given_name as "givenName", u.family_name as "familyName", u.email, u.phone, u.language, u.user_type_id as "userTypeId",
      t.name as "userType", t.permissions, u.disabled_at is not null as disabled, u.disabled_by_staff as "disabledByStaff",
      u.created_at as "createdAt", greatest(a.last_seen_at, s.last_seen_at) as "lastSeenAt",
      s.last_seen_at is not null as "hasSessions",
      :permission = any (t.permissions) and u.disabled_at is null and not exists (
        select from users other join user_types kind on kind.id = other.user_type_id
          where other.${column} = :organisationId and other.id <> u.id and other.disabled_at is null
            and :permission = any (kind.permissions)) as "isLastAdministrator"
    from users u
      join user_types t on t.id = u.user_type_id
      left join user_activity a on a.user_id = u.id
      cross join lateral (select max(last_seen_at) as last_seen_at from sessions where user_id = u.id) s`;

/** What was typed is text, not a pattern: each word as the beginning of one. */
const wordPatterns = (text: string): string[] =>
  text
    .normalize('NFC')
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `% ${word.replace(/[\\%_]/g, '\\$&')}%`);

export interface GrantableType {
  id: string;
  name: string;
  permissions: string[];
}

/** The types that somebody with these rights may give: of the own kind, and with no right that they lack (security.md A7). */
export const grantableTypes = (db: Knex, tenant: Tenant, permissions: string[]): Promise<GrantableType[]> =>
  db('user_types')
    .where({ kind: organisationOf(tenant).kind })
    .whereRaw('permissions <@ ?::text[]', [permissions])
    .orderByRaw('lower(name), id')
    .select('id', 'name', 'permissions') as unknown as Promise<GrantableType[]>;
