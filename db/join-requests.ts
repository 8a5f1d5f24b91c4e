/** Requests to join a company that is registered already: whom they reach is known here and told to nobody (D7). */
import type { Knex } from 'knex';
import { insertNotice, type NoticeTemplate } from './notices.js';
import { customerAccountAdministrator } from './permissions.js';
import type { SecretKeys } from './secret-keys.js';

/** Seconds in which an administrator can answer, and after which they are reminded once. */
const joinRequestLifetime = 4 * 86_400;
const reminderAfter = 2 * 86_400;

export interface OwnJoinRequest {
  createdAt: Date;
  expiresAt: Date;
}

/** The registrant's own request that nobody has answered yet. */
export const findOwnRequest = async (db: Knex, registrationId: string): Promise<OwnJoinRequest | undefined> =>
  db('join_requests')
    .where({ registration_id: registrationId, ended_at: null })
    .first('created_at as createdAt', 'expires_at as expiresAt');

/**
 * Notes a request, for whichever enabled customer administrator has the address, or for nobody: the same statement either
 * way. Ends before the registration does. Undefined when the registrant has one that waits.
 */
export async function insertJoinRequest(
  db: Knex,
  request: { registrationId: string; name: string; administratorEmail: string },
): Promise<string | undefined> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `
    insert into join_requests (registration_id, name, administrator_id, expires_at)
      values (:registrationId, :name, (
        select u.id from users u join user_types t on t.id = u.user_type_id
          where u.email = :administratorEmail and u.disabled_at is null and u.customer_id is not null
            and :permission = any (t.permissions)
      ), (select least(now() + make_interval(secs => :lifetime), expires_at) from registrations where id = :registrationId))
      on conflict (registration_id) where ended_at is null do nothing returning id`,
    { ...request, permission: customerAccountAdministrator, lifetime: joinRequestLifetime },
  );
  return rows[0]?.id;
}

export interface JoinRequest {
  id: string;
  registrationId: string;
  name: string;
  /** Proven to be theirs. */
  email: string;
  language: string;
  expiresAt: Date;
}

/** An unanswered request to this administrator, of somebody who still registers. */
export async function findJoinRequest(db: Knex, administratorId: string, id: string): Promise<JoinRequest | undefined> {
  return (await openRequests(db, administratorId)).find((request) => request.id === id);
}

export const openRequests = (db: Knex, administratorId: string): Promise<JoinRequest[]> =>
  db('join_requests as j')
    .join('registrations as r', 'r.id', 'j.registration_id')
    .where({ 'j.administrator_id': administratorId })
    .whereNull('j.ended_at')
    .whereNull('r.ended_at')
    .whereNotNull('r.proven_at')
    .whereRaw('j.expires_at > now()')
    .orderBy('j.created_at')
    .select('j.id', 'j.registration_id as registrationId', 'j.name', 'r.email', 'r.language')
    .select('j.expires_at as expiresAt') as unknown as Promise<JoinRequest[]>;

/** Ends a request once; false when somebody, or time, was quicker. */
export async function endJoinRequest(
  trx: Knex.Transaction,
  id: string,
  outcome: 'approved' | 'declined' | 'unanswered',
): Promise<boolean> {
  const ended = await trx('join_requests').where({ id, ended_at: null }).update({ outcome, ended_at: trx.fn.now() });
  return ended === 1;
}

/** What the workflow does next with a request: mails this notice, waits until then, or is through. */
export interface NextStep {
  noticeId?: string;
  /** Milliseconds; absent: there is nothing left to do. */
  waitFor?: number;
}

/**
 * Takes a request one step on: asks the administrator, reminds them once, or ends it unanswered and tells the registrant,
 * who hears the same whether the address was an administrator's or not. Each step is taken once, with its mail in the
 * same transaction; a repeated call finds it taken.
 */
export async function advanceRequest(
  trx: Knex.Transaction,
  keys: SecretKeys,
  id: string,
  mailDomain: string,
): Promise<NextStep> {
  const { rows } = await trx.raw(
    `
    select j.*, r.ended_at as registration_ended, r.email, r.language, r.kind, a.email as admin_email, a.language as admin_language,
        extract(epoch from j.created_at + make_interval(secs => :reminderAfter) - now()) as until_reminder,
        extract(epoch from j.expires_at - now()) as until_end
      from join_requests j join registrations r on r.id = j.registration_id
        left join users a on a.id = j.administrator_id and a.disabled_at is null
      where j.id = :id for update of j`,
    { id, reminderAfter },
  );
  const request = rows[0];
  if (!request || request.ended_at) return {};
  const isOver = request.registration_ended || Number(request.until_end) <= 0;
  if (isOver) {
    await endJoinRequest(trx, id, 'unanswered');
    if (request.registration_ended || !request.email) return {};
    const { email, language } = request;
    return { noticeId: await insertNotice(trx, keys, { template: 'join-unanswered', email, language, mailDomain }) };
  }
  const mailTo = (template: NoticeTemplate) =>
    request.admin_email &&
    insertNotice(trx, keys, {
      template,
      email: request.admin_email,
      language: request.admin_language,
      mailDomain,
      token: id,
      values: { name: request.name, email: request.email },
    });
  const untilEnd = Math.ceil(Number(request.until_end) * 1_000);
  if (!request.asked_at) {
    await trx('join_requests').where({ id }).update({ asked_at: trx.fn.now() });
    const waitFor = Math.max(1, Math.ceil(Number(request.until_reminder) * 1_000));
    return { noticeId: await mailTo('join-request'), waitFor };
  }
  if (request.reminded_at) return { waitFor: untilEnd };
  if (Number(request.until_reminder) > 0) return { waitFor: Math.ceil(Number(request.until_reminder) * 1_000) };
  await trx('join_requests').where({ id }).update({ reminded_at: trx.fn.now() });
  return { noticeId: await mailTo('join-request-reminder'), waitFor: untilEnd };
}

export interface UnaskedRequest {
  id: string;
  /** Of the administrator who is to be asked: absent when there is none, and when it is too late. */
  asks: string | null;
}

/** Requests whose workflow has not begun this long after they were written: Temporal was away, or the mailbox had its fill. */
export const unaskedRequests = (db: Knex, olderThanSeconds: number, limit: number): Promise<UnaskedRequest[]> =>
  db('join_requests as j')
    .leftJoin('users as u', (join) => join.on('u.id', 'j.administrator_id').andOn(db.raw('j.expires_at > now()')))
    .whereNull('j.asked_at')
    .whereNull('j.ended_at')
    .whereRaw('j.created_at < now() - make_interval(secs => ?)', [olderThanSeconds])
    .orderBy('j.created_at')
    .limit(limit)
    .select('j.id', 'u.email as asks');

/**
 * Erases the name from requests that ended this long ago, or whose registration is erased (security.md R1); how it ended
 * stays for support. At most so many; returns how many.
 */
export async function eraseJoinRequests(db: Knex, olderThanSeconds: number, limit: number): Promise<number> {
  const { rowCount } = await db.raw(
    `
    with over as (
      select j.id from join_requests j join registrations r on r.id = j.registration_id
        where j.name is not null
          and (j.ended_at < now() - make_interval(secs => :olderThanSeconds) or r.erased_at is not null)
        limit :limit for update of j skip locked
    )
    update join_requests
      set name = null, ended_at = coalesce(ended_at, now()), outcome = coalesce(outcome, 'unanswered')
      where id in (select id from over)`,
    { olderThanSeconds, limit },
  );
  return rowCount;
}

/** Lets a registrant in: their registration becomes that of an invited person, on the terms of whoever approved. */
export async function bindInvitation(
  trx: Knex.Transaction,
  { registrationId, email, language }: JoinRequest,
  terms: { customerId: string; userTypeId: string; invitedBy: string; lifetimeSeconds: number },
): Promise<boolean> {
  const registration = await trx('registrations')
    .where({ id: registrationId, ended_at: null, email })
    .whereIn('kind', ['customer', 'partner'])
    .whereIn('state', ['sendingActivation', 'awaitingProof', 'awaitingDetails', 'mailUndeliverable'])
    .forUpdate()
    .first('id');
  if (!registration) return false;
  // One that this company had sent to the same address is replaced.
  await trx('invitations').where({ customer_id: terms.customerId, email, ended_at: null }).delete();
  const [invitation] = await trx('invitations')
    .insert({
      email,
      language,
      customer_id: terms.customerId,
      user_type_id: terms.userTypeId,
      invited_by: terms.invitedBy,
      registration_id: registrationId,
      expires_at: trx.raw('now() + make_interval(secs => ?)', [terms.lifetimeSeconds]),
    })
    .returning('expires_at');
  await trx('registrations')
    .where({ id: registrationId })
    .update({ kind: 'invited', expires_at: invitation.expires_at, link_requested_at: trx.fn.now() });
  return true;
}
