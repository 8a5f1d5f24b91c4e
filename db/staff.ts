import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { recordAudit } from './audit.js';
import { Staff, type StaffRole } from './models.js';
import { hasFactorSql } from './second-factors.js';

export const hashOfToken = (token: string) => createHash('sha256').update(token).digest();
export const makeStaffToken = () => randomBytes(32).toString('base64url');

/** Hours in which the first operator's link can be used. */
const linkLifetimeHours = 24;

/** Makes the token of a link with which somebody becomes staff of this role; ends earlier unused ones of the role. */
export async function createStaffLink(db: Knex, role: StaffRole): Promise<string> {
  const token = makeStaffToken();
  await db.transaction(async (trx) => {
    // Invitations go to their mailboxes and have nothing to do with it.
    await trx('staff_links').where({ role, used_at: null, email: null }).delete();
    await trx('staff_links').insert({
      token_hash: hashOfToken(token),
      role,
      expires_at: trx.raw('now() + make_interval(hours => ?)', [linkLifetimeHours]),
    });
  });
  return token;
}

export const hasStaff = async (db: Knex): Promise<boolean> => (await Staff.query(db).first()) !== undefined;

/**
 * A link that can still be used; of an invitation, only while whoever sent it may still invite (security.md A11, A12).
 * Without a binding to `staff_links` in the query, hence the alias everywhere.
 */
const usable = (query: Knex.QueryBuilder) =>
  query
    .whereNull('link.used_at')
    .whereRaw('link.expires_at > now()')
    .whereRaw(
      `(link.created_by is null or exists (
         select from staff inviter
           where inviter.id = link.created_by and inviter.role = 'admin' and inviter.disabled_at is null))`,
    );

export interface StaffLink {
  role: StaffRole;
  /** The only address it makes staff; null for the first one, which is printed on the server. */
  email: string | null;
}

/** The link, if it can still be used. */
export const findStaffLink = (db: Knex, token: string): Promise<StaffLink | undefined> =>
  usable(db('staff_links as link').where('link.token_hash', hashOfToken(token))).first('link.role', 'link.email');

/**
 * Uses the link up and makes the staff account, both or neither; false when the link is not valid any more, or is for
 * another address. Who came by invitation is in the audit log; the first one has nobody to be invited by.
 */
export async function acceptStaffLink(
  db: Knex,
  token: string,
  account: { email: string; passwordHash: string; source: string },
): Promise<boolean> {
  const { email, passwordHash, source } = account;
  return db.transaction(async (trx) => {
    const [link]: StaffLink[] = await trx('staff_links as link')
      .where('link.token_hash', hashOfToken(token))
      .whereRaw('coalesce(link.email, ?) = ?', [email, email])
      .modify(usable)
      .update({ used_at: trx.fn.now() })
      .returning(['role', 'email']);
    if (!link) return false;
    const { role } = link;
    const { id } = await Staff.query(trx).insert({ email, password_hash: passwordHash, role }).returning('id');
    if (link.email)
      await recordAudit(trx, {
        staffId: id,
        source,
        action: 'staff.joined',
        subjectType: 'staff',
        subject: id,
        after: { role },
      });
    return true;
  });
}

export interface ListedStaff {
  id: string;
  email: string;
  role: StaffRole;
  createdAt: Date;
  disabledAt: Date | null;
  hasSecondFactor: boolean;
}

export const listStaff = (db: Knex): Promise<ListedStaff[]> =>
  db('staff')
    .select('id', 'email', 'role', 'created_at as createdAt', 'disabled_at as disabledAt')
    .select(db.raw(`${hasFactorSql('staff_id', 'staff')} as "hasSecondFactor"`))
    .orderByRaw('disabled_at is not null, email') as unknown as Promise<ListedStaff[]>;

/** `stale`: not as the form showed it any more. `actorGone`: whoever asks is no enabled administrator by now. */
export type StaffOutcome =
  | { kind: 'done'; before: Staff }
  | { kind: 'gone' | 'stale' | 'actorGone' | 'lastAdministrator' };

/** What a form showed of a person, and what shall become of them. */
export interface StaffChange {
  id: string;
  actorId: string;
  was: { role: StaffRole; disabled: boolean };
  becomes: { role?: StaffRole; disabled?: boolean };
}

/**
 * Changes a person's role or shuts them out, and ends their sessions at once (security.md S3). One enabled administrator
 * always stays: the rows of all of them are locked first, so that of two who demote each other one succeeds (A14).
 */
export async function changeStaff(trx: Knex.Transaction, change: StaffChange): Promise<StaffOutcome> {
  const { id, actorId, was, becomes } = change;
  const administrators: { id: string }[] = await trx('staff')
    .where({ role: 'admin', disabled_at: null })
    .orderBy('id')
    .forUpdate()
    .select('id');
  if (!administrators.some((administrator) => administrator.id === actorId)) return { kind: 'actorGone' };
  const before = await Staff.query(trx).findById(id).forUpdate();
  if (!before) return { kind: 'gone' };
  const is = { role: before.role, disabled: before.disabled_at !== null };
  if (is.role !== was.role || is.disabled !== was.disabled) return { kind: 'stale' };
  const { role = is.role, disabled = is.disabled } = becomes;
  if (role === is.role && disabled === is.disabled) return { kind: 'done', before };
  const goes = administrators.some((administrator) => administrator.id === id) && (role !== 'admin' || disabled);
  if (goes && administrators.length === 1) return { kind: 'lastAdministrator' };
  await trx('staff')
    .where({ id })
    .update({ role, disabled_at: disabled ? trx.raw('coalesce(disabled_at, now())') : null });
  await trx('staff_sessions').where({ staff_id: id }).delete();
  return { kind: 'done', before };
}
