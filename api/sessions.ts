import { createHash, randomBytes } from 'node:crypto';
import { hasPendingAgreementsSql } from '../db/agreements.js';
import type { Database } from '../db/connection.js';
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
}

/** Whether a user may manage the users of the own organisation. */
export const isAdministrator = ({ customerId, permissions }: UserSession): boolean =>
  permissions.includes(customerId ? customerAccountAdministrator : partnerAccountAdministrator);

export interface StaffSession {
  tokenHash: Buffer;
  staffId: string;
  email: string;
  role: StaffRole;
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

/** Makes a session; returns the cookie's value, which is stored only as a hash (S1). */
export async function openSession(
  db: Database,
  table: 'sessions' | 'staff_sessions',
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
export async function closeSession(
  db: Database,
  table: 'sessions' | 'staff_sessions',
  tokenHash: Buffer,
): Promise<void> {
  await db(table).where({ token_hash: tokenHash }).delete();
}

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
        returning id, remembered, token_hash, user_id, created_at
    )
    select seen.token_hash as "tokenHash", seen.id as "sessionId", seen.remembered, seen.created_at as "createdAt",
        u.id as "userId", u.email, u.given_name as "givenName", u.family_name as "familyName", u.language,
        u.time_zone as "timeZone", u.customer_id as "customerId", u.partner_id as "partnerId",
        u.user_type_id as "userTypeId", t.permissions,
        array_remove(array[case when ${hasPendingAgreementsSql} then 'agreements' end], null) as pending
      from seen join users u on u.id = seen.user_id join user_types t on t.id = u.user_type_id
        left join partners p on p.id = u.partner_id
      where u.disabled_at is null and p.disabled_at is null`,
    { tokenHash: hashOf(token), ...liveBindings(lifetimes) },
  );
  return rows[0];
}

/** Of rows of `sessions`. */
export const isLiveSql = `
  last_seen_at > now() - make_interval(secs => case when remembered then :rememberedIdle::float else :idle end)
  and created_at > now() - make_interval(secs => case when remembered then :rememberedAbsolute::float else :absolute end)`;

/** What `isLiveSql` asks for. */
export const liveBindings = (lifetimes: SessionLifetimes) => ({
  ...lifetimes,
  rememberedIdle: rememberedLifetimes.idle,
  rememberedAbsolute: rememberedLifetimes.absolute,
});

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
        where token_hash = :tokenHash and last_seen_at > now() - make_interval(secs => :idle)
          and created_at > now() - make_interval(secs => :absolute)
        returning token_hash, staff_id
    )
    select seen.token_hash as "tokenHash", s.id as "staffId", s.email, s.role
      from seen join staff s on s.id = seen.staff_id where s.disabled_at is null`,
    { tokenHash: hashOf(token), ...lifetimes },
  );
  return rows[0];
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();
