/** Invitations as the invited person meets them: what the page says, and what counts when the account is made. */
import type { Knex } from 'knex';
import type { OrganisationKind } from './models.js';

/** What stands on the page that an invitation's link opens. */
export interface PresentedInvitation {
  organisation: string;
  organisationKind: OrganisationKind;
  /** Null when the account is gone. */
  invitedBy: string | null;
  /** Whether an account could be made by it now. */
  isGood: boolean;
}

const kind = `case when i.customer_id is null then 'partner' else 'customer' end`;
/**
 * What an invitation (`i`) rests on: who invited (`u`, of the type `own`) still may, and may give this type (`t`); the
 * same words where the page is drawn and where the account is made (security.md A11, A12).
 */
const isGood = `
  i.ended_at is null and i.expires_at > now()
  and u.disabled_at is null and coalesce(u.customer_id, u.partner_id) = coalesce(i.customer_id, i.partner_id)
  and t.kind = ${kind} and (t.kind || '_account_administrator') = any (own.permissions)
  and t.permissions <@ own.permissions`;

/** The invitation that a registration serves. */
export async function findInvitation(db: Knex, registrationId: string): Promise<PresentedInvitation | undefined> {
  const { rows } = await db.raw<{ rows: PresentedInvitation[] }>(
    `
    select coalesce(c.name, p.name) as organisation, ${kind} as "organisationKind",
        u.given_name || ' ' || u.family_name as "invitedBy",
        coalesce(${isGood}, false) and p.disabled_at is null and i.email = r.email as "isGood"
      from invitations i
        join registrations r on r.id = i.registration_id
        left join customers c on c.id = i.customer_id
        left join partners p on p.id = i.partner_id
        left join users u on u.id = i.invited_by
        left join user_types own on own.id = u.user_type_id
        left join user_types t on t.id = i.user_type_id
      where i.registration_id = :registrationId`,
    { registrationId },
  );
  return rows[0];
}

export interface Acceptance {
  customerId: string | null;
  partnerId: string | null;
  userTypeId: string;
  kind: OrganisationKind;
}

/**
 * What an account by this registration's invitation is made of, if the invitation still holds; it and all it rests on are
 * kept from changing until the transaction ends.
 */
export async function lockGoodInvitation(
  trx: Knex.Transaction,
  registrationId: string,
): Promise<Acceptance | undefined> {
  // First alone: who revokes at the same moment comes before or after, and then finds it accepted.
  await trx('invitations').where({ registration_id: registrationId }).forUpdate().first('id');
  const { rows } = await trx.raw<{ rows: Acceptance[] }>(
    `
    select i.customer_id as "customerId", i.partner_id as "partnerId", t.id as "userTypeId", t.kind
      from invitations i
        join registrations r on r.id = i.registration_id and r.email = i.email
        join users u on u.id = i.invited_by
        join user_types own on own.id = u.user_type_id
        join user_types t on t.id = i.user_type_id
      where i.registration_id = :registrationId and ${isGood} for share of u, own, t`,
    { registrationId },
  );
  return rows[0] && (await isEnabled(trx, rows[0].partnerId)) ? rows[0] : undefined;
}

/** With the account, or when there can be none; the inviter sees the latter. */
export async function endInvitation(trx: Knex.Transaction, registrationId: string, outcome: 'accepted' | 'void') {
  await trx('invitations')
    .where({ registration_id: registrationId, ended_at: null })
    .update({ outcome, ended_at: trx.fn.now() });
}

async function isEnabled(trx: Knex.Transaction, partnerId: string | null): Promise<boolean> {
  if (!partnerId) return true;
  return (await trx('partners').where({ id: partnerId, disabled_at: null }).forShare().first('id')) !== undefined;
}

/** Invitations that wait for an address whose own registration has ended since, without an account. */
export async function heldInvitations(
  db: Knex,
  limit: number,
): Promise<{ id: string; email: string; language: string; userTypeId: string; expires_at: Date }[]> {
  const { rows } = await db.raw(
    `
    select distinct on (i.email) i.id, i.email, i.language, i.user_type_id as "userTypeId", i.expires_at
      from invitations i
      where i.registration_id is null and i.ended_at is null and i.expires_at > now()
        and not exists (select from registrations r where r.email = i.email and r.ended_at is null)
        and not exists (select from users u where u.email = i.email)
      order by i.email, i.created_at limit :limit`,
    { limit },
  );
  return rows;
}

/** References of open registrations whose invitation is over: nobody has told their workflow, it was away. */
export async function registrationsOfEndedInvitations(db: Knex, limit: number): Promise<string[]> {
  const rows = await db('registrations as r')
    .join('invitations as i', 'i.registration_id', 'r.id')
    .whereNull('r.ended_at')
    .where({ 'i.outcome': 'revoked' })
    .limit(limit)
    .select('r.reference');
  return rows.map(({ reference }) => reference);
}

/**
 * Erases the address from invitations that ended or ran out this long ago (security.md R1). Returns how many it erased,
 * at most `limit`.
 */
export async function eraseInvitations(db: Knex, olderThanSeconds: number, limit: number): Promise<number> {
  const result = await db.raw(
    `update invitations set email = null, ended_at = coalesce(ended_at, expires_at), outcome = coalesce(outcome, 'void')
      where id in (select id from invitations
        where email is not null and coalesce(ended_at, expires_at) < now() - make_interval(secs => :olderThanSeconds)
        limit :limit for update skip locked)`,
    { olderThanSeconds, limit },
  );
  return result.rowCount;
}
