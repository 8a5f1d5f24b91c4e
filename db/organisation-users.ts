import type { Knex } from 'knex';
import { type AuditActor, recordAudit } from './audit.js';
import { eraseUser } from './erase-user.js';
import {
  type Administrator,
  isAbove,
  isWithin,
  lockAdministrators,
  type Organisation,
  organisationOf,
  type Tenant,
} from './organisations.js';
import { endSignIns } from './sign-in-records.js';

/** Staff reach everybody; a user only people of the own organisation, which comes from the session (security.md A2). */
export type UserActor = { staffId: string } | ({ userId: string } & Tenant);

/** Who changes what of a person, and what the page showed of them. */
export interface UserChange {
  id: string;
  actor: UserActor;
  /** Address the request came from. */
  source: string;
  was: UserAccess;
  becomes: Partial<UserAccess>;
}

export interface UserAccess {
  userTypeId: string;
  disabled: boolean;
}

export interface ChangedUser extends UserAccess {
  id: string;
  email: string;
  language: string;
  /** What the organisation is called. */
  organisation: string;
  /** Staff disabled them: an administrator cannot undo it. */
  disabledByStaff: boolean;
  userType: string;
  permissions: string[];
}

/** Why a person stays as they are. */
export type UserRefusal =
  /** Not there, or of another organisation: the same for the caller (E9). */
  | 'gone'
  /** Not as the page showed it any more. */
  | 'stale'
  /** Whoever asks is no enabled administrator of the organisation by now. */
  | 'actorGone'
  | 'lastAdministrator'
  /** Of another kind of organisation, or with more rights than the administrator's own (A7). */
  | 'typeNotAllowed'
  /** An administrator with more rights than the one who asks. */
  | 'aboveOwn'
  | 'disabledByStaff'
  /** Nobody shuts themselves out. */
  | 'self';

export type UserOutcome = { kind: 'done'; before: ChangedUser; after: AfterChange } | { kind: UserRefusal };
export type AfterChange = Pick<ChangedUser, 'userType' | 'disabled'>;

/**
 * Gives a person another user type, shuts them out or lets them in again, with its audit line. Shutting out ends their
 * sessions; a new type needs no end, for rights are read at every request (security.md S3). All of it under the lock of
 * the organisation, so that of two administrators who demote each other one succeeds (A14).
 */
export async function changeUser(trx: Knex.Transaction, change: UserChange): Promise<UserOutcome> {
  const { id, actor, was, becomes } = change;
  const locked = await lockUser(trx, actor, id);
  if ('refusal' in locked) return { kind: locked.refusal };
  const { organisation, administrators, own, before } = locked;
  if (isStale(before, was)) return { kind: 'stale' };
  const { userTypeId = before.userTypeId, disabled = before.disabled } = becomes;
  const isOther = userTypeId !== before.userTypeId;
  const type = isOther ? await lockType(trx, organisation, userTypeId) : before;
  if (!type || (isOther && own && !isWithin(type.permissions, own.permissions))) return { kind: 'typeNotAllowed' };
  if (own && before.disabledByStaff && !disabled) return { kind: 'disabledByStaff' };
  if (own?.id === id && disabled) return { kind: 'self' };
  const stays = !disabled && type.permissions.includes(organisation.permission);
  if (!stays && isOnly(administrators, id)) return { kind: 'lastAdministrator' };
  const after = { userType: type.userType, disabled };
  await writeAccess(trx, change, before, { userTypeId, ...after });
  return { kind: 'done', before, after };
}

/**
 * Removes a person for good, with everything that is theirs; what they accepted stays as a proof that leads to nobody. The
 * line in the audit log is written as for every change.
 */
export async function removeUser(
  trx: Knex.Transaction,
  { id, actor, source, was }: Omit<UserChange, 'becomes'>,
): Promise<{ kind: 'done'; before: ChangedUser; registrationId: string | null } | { kind: UserRefusal }> {
  const locked = await lockUser(trx, actor, id);
  if ('refusal' in locked) return { kind: locked.refusal };
  const { administrators, own, before } = locked;
  if (isStale(before, was)) return { kind: 'stale' };
  if (own?.id === id) return { kind: 'self' };
  if (isOnly(administrators, id)) return { kind: 'lastAdministrator' };
  const erased = await eraseUser(trx, id);
  const what = { action: 'user.removed', subjectType: 'user', subject: id } as const;
  await recordAudit(trx, { ...auditActor(actor), source, ...what, before: { userType: before.userType } });
  return { kind: 'done', before, registrationId: erased?.registrationId ?? null };
}

/** Whether this administrator has removed this person already: the first of two clicks. */
export const hasRemoved = async (db: Knex, administratorId: string, id: string): Promise<boolean> =>
  (await db('audit_log')
    .where({ user_id: administratorId, action: 'user.removed', subject_type: 'user', subject: id })
    .first('id')) !== undefined;

/** Logs a person out everywhere. */
export async function endUserSessions(
  trx: Knex.Transaction,
  { id, actor, source }: Pick<UserChange, 'id' | 'actor' | 'source'>,
): Promise<{ kind: 'done' | UserRefusal }> {
  const locked = await lockUser(trx, actor, id);
  if ('refusal' in locked) return { kind: locked.refusal };
  const ended = await trx('sessions').where({ user_id: id }).delete();
  await endSignIns(trx, id);
  const what = { action: 'user.sessionsEnded', subjectType: 'user', subject: id } as const;
  if (ended > 0) await recordAudit(trx, { ...auditActor(actor), source, ...what });
  return { kind: 'done' };
}

const isStale = (before: ChangedUser, was: UserAccess) =>
  before.userTypeId !== was.userTypeId || before.disabled !== was.disabled;

/** A person of the organisation under its lock, and `own`: the administrator who asks, as they are now. */
interface LockedUser {
  organisation: Organisation;
  administrators: Administrator[];
  own?: Administrator;
  before: ChangedUser;
}

async function lockUser(
  trx: Knex.Transaction,
  actor: UserActor,
  id: string,
): Promise<LockedUser | { refusal: UserRefusal }> {
  const tenant = 'staffId' in actor ? await tenantOf(trx, id) : actor;
  if (!tenant) return { refusal: 'gone' };
  const organisation = organisationOf(tenant);
  const administrators = await lockAdministrators(trx, organisation);
  const own = 'userId' in actor ? administrators.find((administrator) => administrator.id === actor.userId) : undefined;
  if ('userId' in actor && !own) return { refusal: 'actorGone' };
  const before = await lockMember(trx, organisation, id);
  if (!before) return { refusal: 'gone' };
  if (own && isAbove(organisation, before.permissions, own.permissions)) return { refusal: 'aboveOwn' };
  return { organisation, administrators, before, ...(own ? { own } : {}) };
}

const tenantOf = (trx: Knex, id: string): Promise<Tenant | undefined> =>
  trx('users').where({ id }).first('customer_id as customerId', 'partner_id as partnerId');

async function lockMember(
  trx: Knex.Transaction,
  { table, column, id: organisationId }: Organisation,
  id: string,
): Promise<ChangedUser | undefined> {
  const { rows } = await trx.raw<{ rows: ChangedUser[] }>(
    `
    select u.id, u.email, u.language, u.user_type_id as "userTypeId", u.disabled_at is not null as disabled,
        u.disabled_by_staff as "disabledByStaff", t.name as "userType", t.permissions, o.name as organisation
      from users u join user_types t on t.id = u.user_type_id join ${table} o on o.id = u.${column}
      where u.id = :id and u.${column} = :organisationId
      for no key update of u for share of t`,
    { id, organisationId },
  );
  return rows[0];
}

/** A type that people of this organisation can have, kept from changing until the transaction ends. */
const lockType = (
  trx: Knex.Transaction,
  { kind }: Organisation,
  id: string,
): Promise<{ userType: string; permissions: string[] } | undefined> =>
  trx('user_types').where({ id, kind }).forShare().first('name as userType', 'permissions');

const isOnly = (administrators: Administrator[], id: string) =>
  administrators.length === 1 && administrators[0]?.id === id;

async function writeAccess(
  trx: Knex.Transaction,
  { id, actor, source }: UserChange,
  before: ChangedUser,
  after: UserAccess & { userType: string },
): Promise<void> {
  const { userTypeId, disabled, userType } = after;
  const isSwitched = disabled !== before.disabled;
  const switched = { disabled_at: disabled ? trx.fn.now() : null, disabled_by_staff: disabled && 'staffId' in actor };
  await trx('users')
    .where({ id })
    .update({ user_type_id: userTypeId, ...(isSwitched ? switched : {}) });
  if (disabled) {
    await trx('sessions').where({ user_id: id }).delete();
    await endSignIns(trx, id);
  }
  const line = { ...auditActor(actor), source, subjectType: 'user', subject: id } as const;
  if (userTypeId !== before.userTypeId)
    await recordAudit(trx, {
      ...line,
      action: 'user.typeChanged',
      before: { userType: before.userType },
      after: { userType },
    });
  if (isSwitched) await recordAudit(trx, { ...line, action: disabled ? 'user.disabled' : 'user.enabled' });
}

const auditActor = (actor: UserActor): AuditActor =>
  'staffId' in actor ? { staffId: actor.staffId } : { userId: actor.userId };
