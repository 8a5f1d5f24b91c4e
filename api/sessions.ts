import { createHash, randomBytes } from 'node:crypto';
import { hasPendingAgreementsSql } from '../db/agreements.js';
import type { Database } from '../db/connection.js';
import type { Expired } from '../db/expired.js';
import type { StaffRole } from '../db/models.js';
import { customerAccountAdministrator, partnerAccountAdministrator } from '../db/permissions.js';

/** What a user has to do before anything else after the password was right. */
export type PendingStep = 'agreements' | 'secondFactor' | 'secondFactorSetup';

export interface UserSession {
  tokenHash: Buffer;
  /** By which the user names it; opens nothing. */
  sessionId: string;
  /** Chosen at the login: `rememberedLifetimes`. */
  remembered: boolean;
  userId: string;
  email: string;
  givenName: string;
  familyName: string;
  /** When the person logged in. */
  createdAt: Date;
  language: string;
  /** IANA name. */
  timeZone: string;
  /** One of the two is set. */
  customerId: string | null;
  partnerId: string | null;
  userTypeId: string;
  permissions: string[];
  /** In the order in which they are done; none: all routes are open. */
  pending: PendingStep[];
  /** The person proved a short while ago to be who they are, so that the second factor may be changed. */
  isFresh: boolean;
}

/** Whether a user may manage the users of the own organisation. */
export const isAdministrator = ({ customerId, permissions }: UserSession): boolean =>
  permissions.includes(customerId ? customerAccountAdministrator : partnerAccountAdministrator);

export interface StaffSession {
  tokenHash: Buffer;
  staffId: string;
  email: string;
  role: StaffRole;
  /** As a user's; there is nothing to agree to. */
  pending: Exclude<PendingStep, 'agreements'>[];
  isFresh: boolean;
}

const roles: StaffRole[] = ['viewer', 'operator', 'admin'];
/** Whether staff have at least this role. */
export const hasRole = (staff: { role: StaffRole } | undefined, least: StaffRole): boolean =>
  staff !== undefined && roles.indexOf(staff.role) >= roles.indexOf(least);

/** Seconds without a request, and in all, after which a session ends (security.md D2, S4). */
export interface SessionLifetimes {
  idle: number;
  absolute: number;
}
export const userSessionLifetimes: SessionLifetimes = { idle: 3_600, absolute: 43_200 };
/** Of a user who asked to stay logged in. */
export const rememberedLifetimes: SessionLifetimes = { idle: 14 * 86_400, absolute: 30 * 86_400 };
export const staffSessionLifetimes: SessionLifetimes = { idle: 1_800, absolute: 28_800 };

/** Seconds in which the second factor has to follow the password, or the login starts again. */
const secondFactorWithin = 600;
/** Seconds for which whoever has proved to be who they are may change the second factor. */
const freshFor = 600;

export type SessionTable = 'sessions' | 'staff_sessions';

/** Makes a session; returns the cookie's value, which is stored only as a hash (S1). */
export async function openSession(
  db: Database,
  table: SessionTable,
  ownerId: string,
  how: LoginManner = {},
): Promise<string> {
  const { token, tokenHash } = makeSessionToken();
  const owner = table === 'sessions' ? { user_id: ownerId, ...how } : { staff_id: ownerId };
  await db(table).insert({ token_hash: tokenHash, ...owner });
  return token;
}

/** Of users. */
export interface LoginManner {
  remembered?: boolean;
  /** As people would call it. */
  browser?: string | null;
}

/** A cookie's new value, and what is stored of it. */
export function makeSessionToken(): { token: string; tokenHash: Buffer } {
  const token = randomBytes(32).toString('base64url');
  return { token, tokenHash: hashOf(token) };
}

/** Ends a session at once, on the server (S3). */
export async function closeSession(db: Database, table: SessionTable, tokenHash: Buffer): Promise<void> {
  await db(table).where({ token_hash: tokenHash }).delete();
}

/**
 * Notes that the second factor was proven, under a new token: the one before opens nothing any more (S2). Undefined when
 * the session is gone, or another request was quicker.
 */
export async function proveSecondFactor(
  db: Database,
  table: SessionTable,
  tokenHash: Buffer,
): Promise<string | undefined> {
  const made = makeSessionToken();
  const proven = await db(table)
    .where({ token_hash: tokenHash })
    .update({ token_hash: made.tokenHash, second_factor_at: db.fn.now(), confirmed_at: db.fn.now() });
  return proven === 1 ? made.token : undefined;
}

/** The same for a session that was open without: nothing more opens by it, and its token stays. */
export async function noteSecondFactor(db: Database, table: SessionTable, tokenHash: Buffer): Promise<void> {
  await db(table).where({ token_hash: tokenHash }).update({ second_factor_at: db.fn.now(), confirmed_at: db.fn.now() });
}

/** Notes that the person has just proved to be who logged in. */
export async function confirmSession(db: Database, table: SessionTable, tokenHash: Buffer): Promise<void> {
  await db(table).where({ token_hash: tokenHash }).update({ confirmed_at: db.fn.now() });
}

/**
 * What a session still lacks in the way of a second factor, as columns of `factor`: whether there is one, whether it must
 * be proven, whether one must be set up. Without its proof a session soon ends.
 */
const factorSql = (owner: 'user_id' | 'staff_id', isRequired: string) => `
      cross join lateral (
        select exists (select from totp_secrets where ${owner} = seen.${owner} and confirmed_at is not null)
          or exists (select from passkeys where ${owner} = seen.${owner}) as has
      ) own
      cross join lateral (
        select own.has and seen.second_factor_at is null as unproven,
            not own.has and (select ${isRequired} from settings) as missing
      ) factor`;
/** What the SQL of the second factor asks for. */
const factorBindings = { secondFactorWithin, freshFor };
const inTimeSql = `(not factor.unproven or seen.created_at > now() - make_interval(secs => :secondFactorWithin))`;
const isFreshSql = `coalesce(seen.confirmed_at, seen.created_at) > now() - make_interval(secs => :freshFor)`;
const stepSql = (step: PendingStep, when: string) => `case when ${when} then '${step}' end`;
const seenColumns = 'token_hash, created_at, confirmed_at, second_factor_at';

/** As `isAdministrator`. */
const isAdministratorSql = `(case when u.customer_id is null then '${partnerAccountAdministrator}'
  else '${customerAccountAdministrator}' end) = any(t.permissions)`;

/** The user whose live session this is, if the account and its partner are enabled; an unknown value is never adopted (S2). */
export async function findUserSession(
  db: Database,
  token: string,
  lifetimes: SessionLifetimes,
): Promise<UserSession | undefined> {
  const { rows } = await db.raw<{ rows: UserSession[] }>(
    `
    with seen as (
      update sessions set last_seen_at = now()
        where token_hash = :tokenHash and ${isLiveSql}
        returning id, remembered, user_id, ${seenColumns}
    )
    select seen.token_hash as "tokenHash", seen.id as "sessionId", seen.remembered, seen.created_at as "createdAt",
        u.id as "userId", u.email, u.given_name as "givenName", u.family_name as "familyName", u.language,
        u.time_zone as "timeZone", u.customer_id as "customerId", u.partner_id as "partnerId",
        u.user_type_id as "userTypeId", t.permissions, ${isFreshSql} as "isFresh",
        array_remove(array[
          ${stepSql('secondFactor', 'factor.unproven')},
          ${stepSql('agreements', hasPendingAgreementsSql)},
          ${stepSql('secondFactorSetup', 'factor.missing')}
        ], null) as pending
      from seen join users u on u.id = seen.user_id join user_types t on t.id = u.user_type_id
        left join partners p on p.id = u.partner_id
        ${factorSql('user_id', `administrators_second_factor and ${isAdministratorSql}`)}
      where u.disabled_at is null and p.disabled_at is null and ${inTimeSql}`,
    { tokenHash: hashOf(token), ...liveBindings(lifetimes), ...factorBindings },
  );
  return rows[0];
}

/** Of rows of `sessions`. */
export const isLiveSql = `
  last_seen_at > now() - make_interval(secs => case when remembered then :rememberedIdle::float else :idle end)
  and created_at > now() - make_interval(secs => case when remembered then :rememberedAbsolute::float else :absolute end)`;

const isLiveStaffSql = `last_seen_at > now() - make_interval(secs => :idle)
  and created_at > now() - make_interval(secs => :absolute)`;

/** What `isLiveSql` asks for. */
export const liveBindings = (lifetimes: SessionLifetimes) => ({
  ...lifetimes,
  rememberedIdle: rememberedLifetimes.idle,
  rememberedAbsolute: rememberedLifetimes.absolute,
});

/** Sessions that nobody can use any more. Few live rows stand beside them, so looking at all of them is quick. */
export const expiredSessions: Expired[] = [
  { table: 'sessions', sql: `not (${isLiveSql})`, bindings: liveBindings(userSessionLifetimes) },
  { table: 'staff_sessions', sql: `not (${isLiveStaffSql})`, bindings: { ...staffSessionLifetimes } },
];

/** The same for staff, whose sessions are apart from users' (S7). */
export async function findStaffSession(
  db: Database,
  token: string,
  lifetimes: SessionLifetimes,
): Promise<StaffSession | undefined> {
  const { rows } = await db.raw<{ rows: StaffSession[] }>(
    `
    with seen as (
      update staff_sessions set last_seen_at = now()
        where token_hash = :tokenHash and ${isLiveStaffSql}
        returning staff_id, ${seenColumns}
    )
    select seen.token_hash as "tokenHash", s.id as "staffId", s.email, s.role, ${isFreshSql} as "isFresh",
        array_remove(array[
          ${stepSql('secondFactor', 'factor.unproven')},
          ${stepSql('secondFactorSetup', 'factor.missing')}
        ], null) as pending
      from seen join staff s on s.id = seen.staff_id
        ${factorSql('staff_id', 'staff_second_factor')}
      where s.disabled_at is null and ${inTimeSql}`,
    { tokenHash: hashOf(token), ...lifetimes, ...factorBindings },
  );
  return rows[0];
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();
