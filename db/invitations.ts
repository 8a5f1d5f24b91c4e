/** Invitations as administrators see and change them, always those of one organisation (security.md A2). */
import type { Knex } from 'knex';
import { organisationOf, type Tenant } from './organisations.js';
import { revokeLinks } from './registration-changes.js';
import { insertRegistration } from './registrations.js';

/** Where an invitation stands, as its organisation is told: the same whatever else the address is known for (E8). */
export type InvitationState = 'pending' | 'undeliverable' | 'declined' | 'expired' | 'void';

export interface ListedInvitation {
  id: string;
  email: string;
  /** Null when the type is gone. */
  userType: string | null;
  language: string;
  /** Null when the account is gone. */
  invitedBy: string | null;
  invitedAt: Date;
  expiresAt: Date;
  state: InvitationState;
}

/**
 * Invitations that led to no account yet, the newest first. Nothing in it opens anything (security.md A9). An address
 * that turned out to have an account stands there like one that nobody has answered.
 */
export async function listInvitations(db: Knex, own: Tenant): Promise<ListedInvitation[]> {
  const { rows } = await db.raw<{ rows: ListedInvitation[] }>(
    `
    select i.id, i.email, t.name as "userType", i.language, u.given_name || ' ' || u.family_name as "invitedBy",
        i.created_at as "invitedAt", i.expires_at as "expiresAt",
        case when i.outcome = 'void' then 'void' when i.expires_at <= now() then 'expired'
          when r.state = 'cancelled' then 'declined' when r.state = 'mailUndeliverable' then 'undeliverable'
          else 'pending' end as state
      from invitations i
        left join user_types t on t.id = i.user_type_id
        left join users u on u.id = i.invited_by
        left join registrations r on r.id = i.registration_id
      where ${isOwn} and i.email is not null and (i.ended_at is null or i.outcome = 'void')
      order by i.created_at desc, i.id`,
    keyOf(own),
  );
  return rows;
}

const isOwn = 'coalesce(i.customer_id, i.partner_id) = :organisationId';
const keyOf = (own: Tenant) => ({ organisationId: organisationOf(own).id });

export interface NewInvitation extends Tenant {
  /** Canonical. */
  email: string;
  userTypeId: string;
  language: string;
  invitedBy: string;
  lifetimeSeconds: number;
}

/** What an invitation leads to: a registration whose mail carries the link, or a word to who has another one open. */
export interface OpenedInvitation {
  id: string;
  email: string;
  language: string;
  userTypeId: string;
  /** Absent while the address has an open registration of its own, which nobody else ends (A13). */
  registrationId?: string;
  /** The registration was there before, and its mail is to be sent anew. */
  isRenewed?: boolean;
}

/** Undefined when the organisation has invited the address already. */
export async function insertInvitation(
  trx: Knex.Transaction,
  invitation: NewInvitation,
): Promise<OpenedInvitation | undefined> {
  // One that has run out makes room for the new one.
  await trx.raw(
    `delete from invitations i where ${isOwn} and email = :email and (outcome = 'void' or (ended_at is null and expires_at <= now()))`,
    { ...keyOf(invitation), email: invitation.email },
  );
  const { rows } = await trx.raw<{ rows: { id: string; expires_at: Date }[] }>(
    `
    insert into invitations (email, language, customer_id, partner_id, user_type_id, invited_by, expires_at)
      values (:email, :language, :customerId, :partnerId, :userTypeId, :invitedBy, now() + make_interval(secs => :lifetimeSeconds))
      on conflict do nothing returning id, expires_at`,
    { ...invitation },
  );
  return rows[0] && openFor(trx, { ...invitation, ...rows[0] });
}

/** Makes the registration by which an invitation is accepted, unless the address has an open one. */
export async function openFor(
  trx: Knex.Transaction,
  invitation: { id: string; email: string; language: string; userTypeId: string; expires_at: Date },
): Promise<OpenedInvitation> {
  const { id, email, language, userTypeId, expires_at } = invitation;
  const registrationId = await insertRegistration(trx, { kind: 'invited', email, language, expiresAt: expires_at });
  await trx('invitations')
    .where({ id })
    .update({ registration_id: registrationId ?? null });
  return { id, email, language, userTypeId, registrationId };
}

/** The organisation's open invitation of this id, kept as it is until the transaction ends. */
export const lockInvitation = async (
  trx: Knex.Transaction,
  own: Tenant,
  id: string,
): Promise<{ email: string; user_type_id: string | null; registration_id: string | null } | undefined> => {
  const organisation = own.customerId ? { customer_id: own.customerId } : { partner_id: own.partnerId };
  return trx('invitations')
    .where({ id, ...organisation, ended_at: null })
    .whereNotNull('email')
    .forUpdate()
    .first();
};

/**
 * Counts an invitation's lifetime from now, in the name of whoever renews it. With `newLink` the links sent so far die;
 * without (the mailbox has had too many mails) they go on until the mail can be sent.
 */
export async function renewInvitation(
  trx: Knex.Transaction,
  id: string,
  { invitedBy, lifetimeSeconds, newLink }: { invitedBy: string; lifetimeSeconds: number; newLink: boolean },
): Promise<OpenedInvitation> {
  const expires_at = trx.raw('now() + make_interval(secs => ?)', [lifetimeSeconds]);
  const [row] = await trx('invitations').where({ id }).update({ invited_by: invitedBy, expires_at }).returning('*');
  const invitation = { ...row, userTypeId: row.user_type_id };
  const [open] = await trx('registrations')
    .where({ id: row.registration_id })
    .whereNull('ended_at')
    .update({ expires_at: row.expires_at, link_requested_at: trx.fn.now() })
    .returning('id');
  if (!open) return openFor(trx, invitation);
  if (newLink) await revokeLinks(trx, open.id);
  const { email, language, userTypeId } = invitation;
  return { id, email, language, userTypeId, registrationId: open.id, isRenewed: true };
}

/** Ends an invitation and every link of it; nothing that is promised is mailed any more (security.md A11). */
export async function revokeInvitation(trx: Knex.Transaction, id: string): Promise<void> {
  const [{ registration_id: registrationId }] = await trx('invitations')
    .where({ id })
    .update({ outcome: 'revoked', ended_at: trx.fn.now() })
    .returning('registration_id');
  if (registrationId) await revokeLinks(trx, registrationId);
}
